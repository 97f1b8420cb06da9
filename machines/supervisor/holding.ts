/**
 * How the root holds servers: groups do it for it. It takes over those of a group that died, until they are reaped, and
 * keeps those whose group died too often.
 */

import type { GroupInput, GroupPolicy } from '../group/events.ts';
import { carryOut, type Hands } from '../holding/deeds.ts';
import type { Holder, Outcome } from '../holding/holding.ts';
import { groupId, kindOf, supervisorId } from '../ids.ts';
import { heldBy } from '../members.ts';
import { entryOf, type Table } from '../table.ts';
import type { SupervisorContext, SupervisorEvent } from './events.ts';

export function holderOf({ members, groups }: Pick<SupervisorContext, 'members' | 'groups'>): Holder {
  return { id: supervisorId, members, below: groups.map(groupId) };
}

/** Servers that the root holds itself, and whose actors live. */
export function livingOf({ members }: Pick<SupervisorContext, 'members'>): readonly string[] {
  return heldBy(members, supervisorId).filter((server) => entryOf(members, server)?.isDead === false);
}

interface RootHands extends Hands {
  readonly context: SupervisorContext;
  readonly enqueue: Hands['enqueue'] & {
    assign(change: Partial<SupervisorContext>): void;
    raise(event: SupervisorEvent): void;
    spawnChild(
      source: 'group',
      options: { readonly id: string; readonly systemId: string; readonly input: GroupInput },
    ): void;
  };
}

export function perform(hands: RootHands, { members, deeds }: Outcome, policies: Table<GroupPolicy>): void {
  const { context, enqueue } = hands;
  const opened = deeds.flatMap((deed) => (deed.do === 'open' ? [kindOf(deed.id).name] : []));
  enqueue.assign({ members, groups: [...context.groups, ...opened] });
  carryOut(hands, deeds, {
    id: supervisorId,
    open: (id) => {
      const { name } = kindOf(id);
      const policy = entryOf(policies, name);
      const input = { name, holder: supervisorId, ...(policy !== undefined && { policy }) };
      enqueue.spawnChild('group', { id, systemId: id, input });
    },
    // Nobody is above the root.
    tell: (report) => enqueue.raise(report),
  });
}
