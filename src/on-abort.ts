/** One listener on each signal, however many wait for it. */

/** The functions to call when a signal aborts, in the order they were added. */
const waiting = new WeakMap<AbortSignal, Set<() => void>>();

/**
 * Calls `listener` once when `signal` aborts; never if it has aborted already. Returns a function that takes the
 * listener back. A signal is often shared by hundreds of calls, and Node warns of a leak from the eleventh listener on.
 */
export function onAbort(signal: AbortSignal, listener: () => void): () => void {
  if (signal.aborted) return () => {};
  const known = waiting.get(signal);
  const listeners = known ?? new Set<() => void>();
  // Wrapped, so that the same function can be added twice and each removal removes one.
  const own = (): void => listener();
  listeners.add(own);
  const release = (): void => {
    listeners.delete(own);
    if (listeners.size > 0 || waiting.get(signal) !== listeners) return;
    waiting.delete(signal);
    signal.removeEventListener('abort', callAll);
  };
  if (known === undefined) {
    waiting.set(signal, listeners);
    signal.addEventListener('abort', callAll, { once: true });
  }
  return release;
}

/** One that throws does not keep the others from hearing of it: its error is reported as that of any listener is. */
function callAll(this: AbortSignal): void {
  const listeners = waiting.get(this) ?? [];
  waiting.delete(this);
  for (const listener of listeners) {
    try {
      listener();
    } catch (error) {
      queueMicrotask(() => {
        throw error;
      });
    }
  }
}
