/** What a person should look at, read off the charts of servers and groups. */

import type { GroupContext } from '../../machines/group/events.ts';
import { flappingUntil, isFlapping } from '../../machines/restart-policy.ts';
import { blockedText } from '../../machines/server/clearance.ts';
import type { ServerContext } from '../../machines/server/events.ts';

/** Alarms of servers and groups. */
export const alarmNames = [
  'stuck',
  'flapping',
  'unreachable',
  'waiting-for',
  'dependency-down',
  'group-intensity',
] as const;

export interface RaisedAlarm {
  readonly alarm: (typeof alarmNames)[number];
  readonly reason: string;
  readonly clearedBy: string;
  /** When it is over if nothing happens, in milliseconds; null: it lasts. */
  readonly untilMs: number | null;
}

/** From this failure in a row on, an unreachable server is worth a look. */
const unreachableFrom = 8;

export function alarmsOf(path: string, context: ServerContext, at: number): readonly RaisedAlarm[] {
  const alarms: RaisedAlarm[] = [];
  const raise = (
    alarm: RaisedAlarm['alarm'],
    words: { readonly reason: string; readonly clearedBy: string },
    untilMs: number | null = null,
  ) => alarms.push({ alarm, ...words, untilMs });
  if (path.endsWith('.stuck'))
    raise('stuck', {
      reason: `process group ${context.pid} survives SIGKILL`,
      clearedBy: 'the end of the process group',
    });
  if (isFlapping(context.counters, context.policy.restart, at)) {
    const { length } = context.counters.failureTimes;
    const clearedBy = 'an hour with fewer failures, server.start, server.restart or server.reset';
    raise(
      'flapping',
      { reason: `failed ${length} times within an hour`, clearedBy },
      flappingUntil(context.counters, context.policy.restart),
    );
  }
  if (context.counters.unreachable >= unreachableFrom && context.wanted === 'up') {
    const reason = `not reached ${context.counters.unreachable} times in a row`;
    const stableAt =
      path.startsWith('connected') && context.connectedAt !== null
        ? context.connectedAt + context.policy.restart.stableAfterMs
        : null;
    raise(
      'unreachable',
      { reason, clearedBy: `a connection that lasts ${context.policy.restart.stableAfterMs} ms, or server.reset` },
      stableAt,
    );
  }
  if (path.endsWith('.waiting')) raise('waiting-for', { reason: waitText(context), clearedBy: waitEnd(context) });
  if (path.startsWith('connected') && context.waitingFor.length > 0) {
    raise('dependency-down', {
      reason: `not connected: ${context.waitingFor.join(', ')}`,
      clearedBy: 'their connection',
    });
  }
  return alarms;
}

export function groupAlarmsOf(path: string, { policy, rounds }: GroupContext): readonly RaisedAlarm[] {
  if (!path.startsWith('running.decoupled')) return [];
  const reason = `${rounds.length} rounds within ${policy.periodMs} ms: the group acts one-for-one`;
  return [
    {
      alarm: 'group-intensity',
      reason,
      clearedBy: `${policy.periodMs} ms without a failure, group.reset, or other settings of the group`,
      untilMs: null,
    },
  ];
}

/** What a server that waits is waiting for, in words. */
export function waitText({ waitingFor, heldFor, blockedBy }: ServerContext): string {
  const parts = [
    ...(waitingFor.length > 0
      ? [`waits for ${waitingFor.join(', ')}${blockedBy === null ? '' : `; ${blockedText(blockedBy)}`}`]
      : []),
    ...(heldFor.length > 0 ? [`restarts after ${heldFor.join(', ')} of its group`] : []),
  ];
  return parts.join('; ');
}

function waitEnd({ blockedBy, heldFor }: ServerContext): string {
  if (blockedBy !== null) return `a start of "${blockedBy.server}"`;
  return heldFor.length > 0 ? 'the end of the round, or server.start' : 'their connection';
}
