/** Notices that the machine was suspended: the wall clock is then ahead of the monotonic clock. */

import type { TimerClock } from '../../clock.ts';

const checkEveryMs = 5_000;
const suspendedFromMs = 30_000;

export interface SuspensionOptions {
  readonly wallNow: () => number;
  readonly monotonicNow: () => number;
  readonly timers: TimerClock;
  readonly onResumed: (suspendedForMs: number) => void;
}

/** Returns a function that ends the watching. */
export function watchSuspension({ wallNow, monotonicNow, timers, onResumed }: SuspensionOptions): () => void {
  let lead = wallNow() - monotonicNow();
  let timer = timers.setTimeout(look, checkEveryMs);

  function look(): void {
    timer = timers.setTimeout(look, checkEveryMs);
    const now = wallNow() - monotonicNow();
    const ahead = now - lead;
    lead = now;
    if (ahead >= suspendedFromMs) onResumed(ahead);
  }

  return () => timers.clearTimeout(timer);
}
