/** What the root forgets: servers that left their group, and groups that lost their last server. */

import { groupId } from '../ids.ts';
import { holdsAny, type Members } from '../members.ts';
import { entryOf, without } from '../table.ts';
import type { SupervisorContext } from './events.ts';

/** At shutdown only related servers matter to others: a thousand more may remain, for each copy of the table costs. */
export function withoutServer({ members, isEnding }: SupervisorContext, server: string): Members {
  const isKept = isEnding && entryOf(members, server)?.standing === null;
  return isKept ? members : without(members, server);
}

/** Whether a group holds nothing and nothing is on its way to it. Only the root gives it servers, so none can cross. */
export function isOver({ members, groups, moving }: SupervisorContext, name: string): boolean {
  return groups.includes(name) && !holdsAny(members, groupId(name)) && !moving.some((step) => step.group === name);
}

export function withoutGroup(
  { groups, degraded }: Pick<SupervisorContext, 'groups' | 'degraded'>,
  name: string,
): Pick<SupervisorContext, 'groups' | 'degraded'> {
  const isOther = (group: string) => group !== name;
  return { groups: groups.filter(isOther), degraded: degraded.filter(isOther) };
}
