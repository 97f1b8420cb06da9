/** The alarms of a group. */

import type { RaisedAlarm } from '../alarm.ts';
import type { GroupContext } from './events.ts';

/** What the alarms read from a group's snapshot. */
export interface GroupView {
  readonly context: GroupContext;
  matches(state: { readonly running: 'decoupled' }): boolean;
}

export function groupAlarmsOf(group: GroupView): readonly RaisedAlarm[] {
  if (!group.matches({ running: 'decoupled' })) return [];
  const { policy, rounds } = group.context;
  return [
    {
      alarm: 'group-intensity',
      reason: `${rounds.length} rounds within ${policy.periodMs} ms: the group acts one-for-one`,
      clearedBy: `${policy.periodMs} ms without a failure, group.reset, or other settings of the group`,
      untilMs: null,
    },
  ];
}
