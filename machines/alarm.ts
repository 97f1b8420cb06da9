/** What an alarm is: something a person should look at, read off a chart. */

/** Alarms of servers and groups. */
export const alarmNames = [
  'stuck',
  'flapping',
  'unreachable',
  'waiting-for',
  'dependency-down',
  'group-intensity',
  'actor-died',
] as const;

export interface RaisedAlarm {
  readonly alarm: (typeof alarmNames)[number];
  readonly reason: string;
  readonly clearedBy: string;
  /** When it is over if nothing happens, in milliseconds; null: it lasts. */
  readonly untilMs: number | null;
}
