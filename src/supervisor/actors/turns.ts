/**
 * Spreads work over several turns of the event loop, in the order in which it comes: hundreds of servers that die at
 * the same time must not block the event loop until the last one has been handled.
 */

/**
 * Time for work in one turn of the event loop, in milliseconds. The last piece of work may exceed it: how long that
 * takes is not known beforehand.
 */
const budgetMs = 5;

export interface Turns {
  /** Does the work at once, unless other work waits or the time of this turn is used up. `work` must not throw. */
  take(work: () => void): void;
}

export function createTurns(now: () => number = () => performance.now()): Turns {
  const waiting: (() => void)[] = [];
  let spentMs = 0;
  let isNextTurnAwaited = false;

  function perform(work: () => void): void {
    const startedAt = now();
    work();
    spentMs += now() - startedAt;
  }

  function awaitNextTurn(): void {
    if (isNextTurnAwaited) return;
    isNextTurnAwaited = true;
    setImmediate(() => {
      isNextTurnAwaited = false;
      spentMs = 0;
      while (spentMs < budgetMs) {
        const work = waiting.shift();
        if (work === undefined) return;
        perform(work);
      }
      awaitNextTurn();
    });
  }

  return {
    take(work) {
      if (waiting.length > 0 || spentMs >= budgetMs) waiting.push(work);
      else perform(work);
      awaitNextTurn();
    },
  };
}
