/** What a person should look at, read off a server's chart. */

import { isFlapping } from '../../machines/restart-policy.ts';
import type { ServerContext } from '../../machines/server-events.ts';

export interface RaisedAlarm {
  readonly alarm: 'stuck' | 'flapping' | 'unreachable';
  readonly reason: string;
  readonly clearedBy: string;
}

/** From this failure in a row on, an unreachable server is worth a look. */
const unreachableFrom = 8;

export function alarmsOf(path: string, context: ServerContext, at: number): readonly RaisedAlarm[] {
  const alarms: RaisedAlarm[] = [];
  if (path.endsWith('.stuck')) {
    alarms.push({ alarm: 'stuck', reason: `process group ${context.pid} survives SIGKILL`, clearedBy: 'the end of the process group' });
  }
  if (isFlapping(context.counters, context.policy.restart, at)) {
    const { length } = context.counters.failureTimes;
    alarms.push({
      alarm: 'flapping',
      reason: `failed ${length} times within an hour`,
      clearedBy: 'an hour with fewer failures, server.start, server.restart or server.reset',
    });
  }
  if (context.counters.unreachable >= unreachableFrom) {
    alarms.push({ alarm: 'unreachable', reason: `not reached ${context.counters.unreachable} times in a row`, clearedBy: 'a connection that lasts' });
  }
  return alarms;
}
