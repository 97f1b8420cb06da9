/** One task after the other. */

export interface Queue {
  /** Settles as the task does. */
  run<Result>(task: () => Promise<Result>): Promise<Result>;
  /** Resolves when all tasks that were added have settled. Never rejects. */
  idle(): Promise<void>;
}

export function createQueue(): Queue {
  let last: Promise<void> = Promise.resolve();
  return {
    run(task) {
      const result = last.then(task);
      last = result.then(
        () => undefined,
        // Who added the task is told.
        () => undefined,
      );
      return result;
    },
    async idle() {
      let seen: Promise<void> | null = null;
      while (seen !== last) {
        seen = last;
        await last;
      }
    },
  };
}
