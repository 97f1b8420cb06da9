/**
 * Time as a parameter: the clock and the timers that everything with a delay goes by. What has to go by real time, and
 * why, is listed in `.oxlintrc.json`.
 */

import { onAbort } from './on-abort.ts';

/** Timers, as those of Node. */
export interface TimerClock {
  setTimeout(callback: (...args: unknown[]) => void, delayMs: number): unknown;
  clearTimeout(timer: unknown): void;
}

/** A wall clock, and timers that go by it. */
export interface Clock extends TimerClock {
  /** The wall clock in milliseconds. */
  now(): number;
  /** A clock in milliseconds that never jumps. Default: `now`, which then must not jump either. */
  monotonicNow?(): number;
}

export const systemTimers: TimerClock = {
  setTimeout: (callback, delayMs) => setTimeout(callback, delayMs),
  clearTimeout: (timer) => clearTimeout(timer as NodeJS.Timeout),
};

/** The machine's own. */
export const systemClock = {
  ...systemTimers,
  now: () => Date.now(),
  monotonicNow: () => performance.now(),
} satisfies Clock;

/** Timers that do not keep the process running. */
export const backgroundTimers: TimerClock = {
  setTimeout: (callback, delayMs) => setTimeout(callback, delayMs).unref(),
  clearTimeout: systemTimers.clearTimeout,
};

/** Resolves after the delay. Rejects with the reason of `signal` if that aborts first. */
export function delay(delayMs: number, timers: TimerClock, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal.aborted) return reject(signal.reason as Error);
    const timer = timers.setTimeout(() => {
      forget();
      resolve();
    }, delayMs);
    const forget = onAbort(signal, () => {
      timers.clearTimeout(timer);
      reject(signal.reason as Error);
    });
  });
}
