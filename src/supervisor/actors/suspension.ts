/** Notices that the machine was suspended: then the wall clock runs ahead of the monotonic one. */

const checkEveryMs = 5_000;
const suspendedFromMs = 30_000;

export interface SuspensionOptions {
  readonly wallNow: () => number;
  readonly monotonicNow: () => number;
  readonly onResumed: (suspendedForMs: number) => void;
}

/** Returns what ends the watching. Its timer keeps no process alive. */
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
