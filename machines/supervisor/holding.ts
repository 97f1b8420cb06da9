/**
 * How the root holds servers. Usually the groups hold them; the root takes over the servers of a group that died until
 * they are reaped, and keeps those whose group died too often.
 */

import type { GroupInput, GroupPolicy } from '../group/events.ts';
import { type HolderArgs, runEffects } from '../holding/effects.ts';
import type { Holder, Outcome } from '../holding/holding.ts';
import { groupId, kindOf, supervisorId } from '../ids.ts';
import { heldBy } from '../members.ts';
import { entryOf, type Table } from '../table.ts';
import type { SupervisorContext, SupervisorEmitted, SupervisorEvent } from './events.ts';
import { withoutGroup } from './leaving.ts';

export function holderOf({ members, groups }: Pick<SupervisorContext, 'members' | 'groups'>): Holder {
  return { id: supervisorId, members, below: groups.map(groupId) };
}

/** Servers that the root holds itself and whose actors are alive. */
export function livingOf({ members }: Pick<SupervisorContext, 'members'>): readonly string[] {
  return heldBy(members, supervisorId).filter((server) => entryOf(members, server)?.isDead === false);
}

export interface RootArgs extends HolderArgs {
  readonly context: SupervisorContext;
  readonly enqueue: HolderArgs['enqueue'] & {
    assign(
      change:
        | Partial<SupervisorContext>
        | ((args: { readonly context: SupervisorContext }) => Partial<SupervisorContext>),
    ): void;
    emit(event: SupervisorEmitted): void;
    stopChild(id: string): void;
    raise(event: SupervisorEvent): void;
    spawnChild(
      source: 'group',
      options: { readonly id: string; readonly systemId: string; readonly input: GroupInput },
    ): void;
  };
}

export function perform(args: RootArgs, { members, effects }: Outcome, policies: Table<GroupPolicy>): void {
  const { context, enqueue } = args;
  const opened = effects.flatMap((effect) => (effect.do === 'open' ? [kindOf(effect.id).name] : []));
  enqueue.assign({ members, groups: [...context.groups, ...opened] });
  runEffects(args, effects, {
    id: supervisorId,
    open: (id) => {
      const { name } = kindOf(id);
      const policy = entryOf(policies, name);
      const input = { name, holder: supervisorId, ...(policy !== undefined && { policy }) };
      enqueue.spawnChild('group', { id, systemId: id, input });
    },
    // There is no actor above the root.
    report: (report) => enqueue.raise(report),
  });
}

/** Nothing is in the group, and nothing is on its way to it. */
export function endGroup({ enqueue }: RootArgs, group: string): void {
  enqueue.stopChild(groupId(group));
  enqueue.assign(({ context }) => withoutGroup(context, group));
  enqueue.emit({ type: 'group.removed', group });
}
