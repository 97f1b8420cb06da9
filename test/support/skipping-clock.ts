/**
 * The machine's clock, with time that can be left out: what real servers do takes its real time, what is only waited
 * for need not.
 */

import type { Clock } from '../../src/index.ts';

export interface SkippingClock extends Clock {
  /** From now on it is this much later, and whatever was due meanwhile is done, in its order. */
  skip(ms: number): void;
}

interface Timer {
  readonly callback: () => void;
  readonly dueAt: number;
  handle: NodeJS.Timeout;
}

export function createSkippingClock(): SkippingClock {
  const timers = new Set<Timer>();
  let skippedMs = 0;
  const now = () => Date.now() + skippedMs;

  function arm(timer: Omit<Timer, 'handle'>): NodeJS.Timeout {
    return setTimeout(() => timer.callback(), Math.max(0, timer.dueAt - now()));
  }

  return {
    now,
    setTimeout(callback, delayMs) {
      const plain = {
        dueAt: now() + delayMs,
        callback: () => {
          timers.delete(timer);
          callback();
        },
      };
      const timer: Timer = { ...plain, handle: arm(plain) };
      timers.add(timer);
      return timer;
    },
    clearTimeout(timer) {
      if (!timers.delete(timer as Timer)) return;
      clearTimeout((timer as Timer).handle);
    },
    skip(ms) {
      skippedMs += ms;
      for (const timer of [...timers].toSorted((one, other) => one.dueAt - other.dueAt)) {
        clearTimeout(timer.handle);
        timer.handle = arm(timer);
      }
    },
  };
}
