/** Time as a parameter: the clock and the timers that everything with a delay goes by. */

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

/** Timers that do not keep the process running. */
export const backgroundTimers: TimerClock = {
  setTimeout: (callback, delayMs) => setTimeout(callback, delayMs).unref(),
  clearTimeout: systemTimers.clearTimeout,
};
