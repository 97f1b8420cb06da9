/**
 * Standing alarms of the control plane itself: what the machine lacks, its own files that cannot be read or written, a
 * configuration that is not in force, and a store that is not the one that was asked for.
 * Those of servers and groups are in their charts.
 */

import { backgroundTimers, type TimerClock } from '../../clock.ts';
import type { PublishFact } from '../facts/fact.ts';

/** Alarms of the actor `supervisor`. */
export const ownAlarmNames = [
  'no-guard',
  'shortage',
  'state-directory',
  'own-log',
  'config-rejected',
  'entries-refused',
  'buffers-exhausted',
  'store-degraded',
  'not-durable',
  'store-held',
] as const;

export type OwnAlarmName = (typeof ownAlarmNames)[number];

export interface OwnAlarm {
  readonly alarm: OwnAlarmName;
  /** UTC ISO 8601. */
  readonly since: string;
  readonly reason: string;
  readonly clearedBy: string;
}

export interface OwnAlarmReason {
  readonly reason: string;
  readonly clearedBy: string;
  /** How long it stands if it is not raised again, in milliseconds. Default: until it is cleared. */
  readonly forMs?: number;
}

export interface OwnAlarms {
  /**
   * `source` is what has the trouble: a file, a server. The alarm stands until each of its sources has been cleared. A
   * fact tells when it comes, not each further source.
   */
  raise(alarm: OwnAlarmName, source: string, reason: OwnAlarmReason): void;
  clear(alarm: OwnAlarmName, source: string): void;
  list(): readonly OwnAlarm[];
  /** Stops its timers. May be called twice. */
  close(): void;
}

export interface OwnAlarmsOptions {
  readonly publish: PublishFact;
  /** The wall clock in milliseconds. */
  readonly now: () => number;
  /** Default: Node's, which then do not keep the process running. */
  readonly timers?: TimerClock | undefined;
}

interface Standing {
  readonly sinceMs: number;
  readonly sources: Map<string, OwnAlarmReason>;
}

export function createOwnAlarms({ publish, now, timers = backgroundTimers }: OwnAlarmsOptions): OwnAlarms {
  const standing = new Map<OwnAlarmName, Standing>();
  const lapsing = new Map<string, unknown>();

  function clear(alarm: OwnAlarmName, source: string): void {
    stopTimer(alarm, source);
    const one = standing.get(alarm);
    if (one?.sources.delete(source) !== true || one.sources.size > 0) return;
    standing.delete(alarm);
    publish({ type: 'alarm.cleared', actor: 'supervisor', alarm });
  }

  function stopTimer(alarm: OwnAlarmName, source: string): void {
    const timer = lapsing.get(`${alarm} ${source}`);
    if (timer !== undefined) timers.clearTimeout(timer);
    lapsing.delete(`${alarm} ${source}`);
  }

  return {
    raise(alarm, source, reason) {
      const known = standing.get(alarm);
      const one = known ?? { sinceMs: now(), sources: new Map<string, OwnAlarmReason>() };
      standing.set(alarm, one);
      one.sources.set(source, reason);
      stopTimer(alarm, source);
      if (reason.forMs !== undefined)
        lapsing.set(
          `${alarm} ${source}`,
          timers.setTimeout(() => clear(alarm, source), reason.forMs),
        );
      if (known === undefined) publish({ type: 'alarm.raised', actor: 'supervisor', alarm, reason: reason.reason });
    },
    clear,
    list: () =>
      [...standing].flatMap(([alarm, { sinceMs, sources }]) => {
        const [first, ...others] = sources.values();
        if (first === undefined) return [];
        const more = others.length === 0 ? '' : ` (and ${others.length} more)`;
        const since = new Date(sinceMs).toISOString();
        return [{ alarm, since, reason: `${first.reason}${more}`, clearedBy: first.clearedBy }];
      }),
    close() {
      for (const timer of lapsing.values()) timers.clearTimeout(timer);
      lapsing.clear();
    },
  };
}
