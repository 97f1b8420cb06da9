/** One after the other: of two writes to the same thing, the later one is also carried out later. */

export type Lane = <T>(signal: AbortSignal, work: () => Promise<T>) => Promise<T>;

/** What has not begun when its `signal` aborts never begins. */
export function createLane(): Lane {
  let last: Promise<unknown> = Promise.resolve();
  return (signal, work) => {
    const done = last.then(() => {
      signal.throwIfAborted();
      return work();
    });
    // The caller hears of it.
    last = done.catch(() => {});
    return done;
  };
}
