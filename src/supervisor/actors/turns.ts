/**
 * Work that may come in crowds, done in the order in which it comes: hundreds of servers that die at the same moment
 * must not keep the event loop from everything else until the last of them has been seen to.
 */

/**
 * Work of one turn of the loop, at most, in milliseconds; one piece of it more, for it is not known beforehand how long
 * that takes.
 */
const budgetMs = 5;

export interface Turns {
  /** Does it at once, unless others wait or this turn's time is spent. `work` does not throw. */
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
