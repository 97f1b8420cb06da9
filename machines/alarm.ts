/** An alarm: something in a chart's state that a person should look at. */

/** Alarms of servers, groups and the client process. */
export const alarmNames = [
  'stuck',
  'flapping',
  'unreachable',
  'needs-auth',
  'no-command',
  'secret-missing',
  'approval-needed',
  'waiting-for',
  'dependency-down',
  'lists-unread',
  'connections-exhausted',
  'group-intensity',
  'actor-died',
  'strays',
  'client-failed',
] as const;

export interface RaisedAlarm {
  readonly alarm: (typeof alarmNames)[number];
  readonly reason: string;
  readonly clearedBy: string;
  /** When it ends if nothing happens, in milliseconds; null: it lasts until it is cleared. */
  readonly untilMs: number | null;
}
