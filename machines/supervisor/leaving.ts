/** What the root forgets: servers that left their group, and groups that lost their last server. */

import type { GroupReport } from '../group/events.ts';
import { hasLeft } from '../holding/holding.ts';
import { groupId, supervisorId } from '../ids.ts';
import { holdsAny } from '../members.ts';
import { entryOf } from '../table.ts';
import type { SupervisorContext } from './events.ts';

type Removed = Extract<GroupReport, { type: 'server.removed' }>;

/** Whether a server has left a group, as reported; not if a plan has given it to the same group again meanwhile. */
export function hasLeftGroup({ members }: SupervisorContext, report: Removed): boolean {
  return entryOf(members, report.server)?.group !== report.group || hasLeft(members, report);
}

/**
 * Whether a server that left its group is forgotten, which it is not if another group has taken it over since. At
 * shutdown only related servers, and those that the root holds itself, matter: a thousand others may remain.
 */
export function isForgotten({ members, isEnding }: SupervisorContext, server: string, group: string): boolean {
  const member = entryOf(members, server);
  if (member === undefined || member.group !== group) return false;
  return !isEnding || member.standing !== null || member.holder === supervisorId;
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
