/** Notices that the machine was suspended: the wall clock is then ahead of the monotonic clock. */

const checkEveryMs = 5_000;
const suspendedFromMs = 30_000;

export interface SuspensionOptions {
  readonly wallNow: () => number;
  readonly monotonicNow: () => number;
  readonly onResumed: (suspendedForMs: number) => void;
}

/** Returns a function that ends the watching. The timer does not keep the process running. */
export function watchSuspension({ wallNow, monotonicNow, onResumed }: SuspensionOptions): () => void {
  let lead = wallNow() - monotonicNow();
  const timer = setInterval(() => {
    const now = wallNow() - monotonicNow();
    const ahead = now - lead;
    lead = now;
    if (ahead >= suspendedFromMs) onResumed(ahead);
  }, checkEveryMs).unref();
  return () => clearInterval(timer);
}
