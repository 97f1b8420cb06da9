/** The alarms of the client process. */

import type { RaisedAlarm } from '../alarm.ts';
import type { ClientProcessContext } from './context.ts';
import type { ClientProcessTag } from './meaning.ts';

/** What the alarms read from its snapshot. */
interface ClientProcessView {
  readonly context: ClientProcessContext;
  hasTag(tag: ClientProcessTag): boolean;
  matches(state: 'failed'): boolean;
}

export function clientAlarmsOf(client: ClientProcessView): readonly RaisedAlarm[] {
  return [stuckAlarm(client), failedAlarm(client), carefulAlarm(client)].filter((alarm) => alarm !== null);
}

function stuckAlarm(client: ClientProcessView): RaisedAlarm | null {
  if (!client.hasTag('stuck')) return null;
  return {
    alarm: 'stuck',
    reason: 'the client process, or a process group that it held, survives SIGKILL',
    clearedBy: 'the end of all of them',
    untilMs: null,
  };
}

function failedAlarm(client: ClientProcessView): RaisedAlarm | null {
  if (!client.matches('failed')) return null;
  const { attempt, lastFailure } = client.context;
  return {
    alarm: 'client-failed',
    reason: `the client process failed ${attempt} times in a row: ${lastFailure?.message ?? ''}`,
    clearedBy: 'client.start or client.restart',
    untilMs: null,
  };
}

function carefulAlarm(client: ClientProcessView): RaisedAlarm | null {
  if (!client.context.isCareful) return null;
  return {
    alarm: 'flapping',
    reason: `the client process was lost ${client.context.losses.length} times within 5 min: servers start one at a time`,
    clearedBy: '5 min without a loss',
    untilMs: null,
  };
}
