/** Watches the alarms of servers, groups and the client process, and publishes a fact when one is raised or cleared. */

import type { RaisedAlarm } from '../../../machines/alarm.ts';
import { clientAlarmsOf } from '../../../machines/client-process/alarms.ts';
import { longestDelayMs } from '../../../machines/delay.ts';
import { groupAlarmsOf } from '../../../machines/group/alarms.ts';
import { clientProcessId, kindOf } from '../../../machines/ids.ts';
import { alarmsOf } from '../../../machines/server/alarms.ts';
import { backgroundTimers, type TimerClock } from '../../clock.ts';
import type { FactType, PublishFact } from '../../observe/facts/fact.ts';
import type { Facts } from '../../observe/facts/facts.ts';
import type { ClientActor, GroupActor, ServerActor } from '../actors/system.ts';
import type { Alarm } from '../contract.ts';
import { toIso } from './status.ts';

export interface AlarmWatch {
  /** The current alarms of an actor (`server:NAME`, `group:NAME`). */
  of(actor: string): readonly Alarm[];
  close(): void;
}

export interface AlarmWatchOptions {
  readonly facts: Pick<Facts, 'subscribe'>;
  readonly serverOf: (server: string) => ServerActor | undefined;
  readonly groupOf: (group: string) => GroupActor | undefined;
  readonly clientOf: () => ClientActor | undefined;
  /** Alarms of a server that its chart knows nothing of. */
  readonly furtherOf: (server: string) => readonly RaisedAlarm[];
  readonly publish: PublishFact;
  readonly nowMs: () => number;
  /** Default: timers of Node that do not keep the process running. */
  readonly clock: TimerClock | undefined;
}

const none: readonly Alarm[] = Object.freeze([]);

/** Facts after which the alarms of their actor may have changed. */
const alarmFacts = [
  'server.transitioned',
  'server.removed',
  'dependencies.changed',
  'lists.unread',
  'connections.crowded',
  'group.transitioned',
  'client.transitioned',
  'group.removed',
  'actor.died',
  'stray.found',
  'stray.gone',
] as const satisfies FactType[];

/**
 * Delay before another look at an alarm that should have ended by now, in milliseconds: the chart's own timer may fire
 * a moment later.
 */
const shortestDelayMs = 20;

export function createAlarmWatch({
  facts,
  serverOf,
  groupOf,
  clientOf,
  furtherOf,
  publish,
  nowMs,
  clock = backgroundTimers,
}: AlarmWatchOptions): AlarmWatch {
  /** When each alarm was raised, by actor and name of the alarm, in milliseconds. */
  const raised = new Map<string, Map<string, number>>();
  const timers = new Map<string, unknown>();

  function current(actor: string): readonly RaisedAlarm[] {
    const { kind, name } = kindOf(actor);
    if (kind === 'group') {
      const group = groupOf(name)?.getSnapshot();
      return group?.status === 'active' ? groupAlarmsOf(group) : [];
    }
    if (actor === clientProcessId) {
      const client = clientOf()?.getSnapshot();
      return client?.status === 'active' ? clientAlarmsOf(client) : [];
    }
    const server = serverOf(name)?.getSnapshot();
    return [...(server?.status === 'active' ? alarmsOf(server, nowMs()) : []), ...furtherOf(name)];
  }

  function update(actor: string): void {
    const now = nowMs();
    const alarms = current(actor);
    const known = raised.get(actor) ?? new Map<string, number>();
    for (const { alarm, reason } of alarms) {
      if (known.has(alarm)) continue;
      known.set(alarm, now);
      publish({ type: 'alarm.raised', actor, alarm, reason });
    }
    for (const alarm of [...known.keys()].filter((name) => !alarms.some((one) => one.alarm === name))) {
      known.delete(alarm);
      publish({ type: 'alarm.cleared', actor, alarm });
    }
    if (known.size > 0) raised.set(actor, known);
    else raised.delete(actor);
    scheduleUpdate(actor, Math.min(...alarms.flatMap(({ untilMs }) => (untilMs === null ? [] : [untilMs]))), now);
  }

  /** Some alarms end after a time, without any event. */
  function scheduleUpdate(actor: string, untilMs: number, now: number): void {
    stopTimer(actor);
    if (!Number.isFinite(untilMs)) return;
    const delayMs = Math.min(longestDelayMs, Math.max(shortestDelayMs, untilMs - now));
    timers.set(
      actor,
      clock.setTimeout(() => update(actor), delayMs),
    );
  }

  function stopTimer(actor: string): void {
    if (timers.has(actor)) clock.clearTimeout(timers.get(actor));
    timers.delete(actor);
  }

  const subscriptions = [
    facts.subscribe(({ actor }) => update(actor), alarmFacts),
    // The status has to show the same time as the fact.
    facts.subscribe(({ actor, alarm, at }) => raised.get(actor)?.set(alarm, Date.parse(at)), ['alarm.raised']),
    // A command may clear failures without a transition. This fact comes while the chart is still in the middle of it.
    facts.subscribe(({ actor }) => queueMicrotask(() => update(actor)), ['command.settled']),
    // A plan may clear them, too, and changed settings may raise an alarm.
    facts.subscribe(
      ({ changed }) => {
        for (const actor of new Set([...raised.keys(), ...changed.map((server) => `server:${server}`)])) update(actor);
      },
      ['config.applied'],
    ),
  ];
  return {
    of: (actor) => {
      const alarms = current(actor);
      if (alarms.length === 0) return none;
      const since = raised.get(actor);
      return alarms.map(({ alarm, reason, clearedBy }) => ({
        alarm,
        since: toIso(since?.get(alarm) ?? nowMs()),
        reason,
        clearedBy,
      }));
    },
    close() {
      for (const unsubscribe of subscriptions) unsubscribe();
      for (const actor of timers.keys()) stopTimer(actor);
    },
  };
}
