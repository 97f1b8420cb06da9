/**
 * The timers of the charts, stored by actor. XState's own scheduler searches the timers of the whole system each time
 * an actor stops. With thousands of servers that took most of a shutdown: 13 s for 10 000 actors, measured with xstate
 * 5.33.3.
 */

import type { AnyActorRef, EventObject } from 'xstate';
import type { TimerClock } from '../../clock.ts';

export interface ScheduledTimer {
  /** Type of the event that will be sent. */
  readonly event: string;
  /** When: the wall clock, in milliseconds. */
  readonly dueAtMs: number;
}

export interface Scheduler {
  schedule(source: AnyActorRef, target: AnyActorRef, event: EventObject, delayMs: number, id?: string): void;
  cancel(source: AnyActorRef, id: string): void;
  cancelAll(source: AnyActorRef): void;
  timersOf(source: AnyActorRef): readonly ScheduledTimer[];
}

interface Armed extends ScheduledTimer {
  readonly timer: unknown;
}

export function createScheduler(clock: TimerClock, nowMs: () => number): Scheduler {
  const armed = new Map<AnyActorRef, Map<string, Armed>>();
  let lastId = 0;

  function forget(source: AnyActorRef, id: string): Armed | undefined {
    const own = armed.get(source);
    const known = own?.get(id);
    own?.delete(id);
    if (own?.size === 0) armed.delete(source);
    return known;
  }

  function cancel(source: AnyActorRef, id: string): void {
    const known = forget(source, id);
    if (known !== undefined) clock.clearTimeout(known.timer);
  }

  function nextId(): string {
    lastId += 1;
    return `unnamed ${lastId}`;
  }

  return {
    // oxlint-disable-next-line max-params -- the signature is XState's
    schedule(source, target, event, delayMs, id = nextId()) {
      const fire = () => {
        forget(source, id);
        target.send(event);
      };
      cancel(source, id);
      const own = armed.get(source) ?? new Map<string, Armed>();
      armed.set(source, own);
      own.set(id, { timer: clock.setTimeout(fire, delayMs), event: event.type, dueAtMs: nowMs() + delayMs });
    },
    cancel,
    cancelAll(source) {
      for (const id of armed.get(source)?.keys() ?? []) cancel(source, id);
    },
    timersOf: (source) => [...(armed.get(source)?.values() ?? [])].map(({ event, dueAtMs }) => ({ event, dueAtMs })),
  };
}
