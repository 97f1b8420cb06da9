/**
 * Spreads work over several turns of the event loop, in the order in which it comes: hundreds of servers that die at
 * the same time must not block the event loop until the last one has been handled.
 */

/**
 * Time for work in one turn of the event loop, in milliseconds. The last piece of work may exceed it: how long that
 * takes is not known beforehand.
 */
const budgetMs = 5;

/** However much work waits, what is to come afterwards gets a turn when so many pieces have overtaken it. */
const mostOvertaking = 256;

export interface Turns {
  /** Does the work at once, unless other work waits or the time of this turn is used up. `work` must not throw. */
  take(work: () => void): void;
  /** Does the work in a later turn, after all that waits: whatever comes in this turn comes before. It must not throw. */
  next(work: () => void): void;
  /**
   * Does the work in a later turn in which no other work waits, one piece in each: starting a process blocks the event
   * loop for as long as many deaths take. `work` must not throw.
   */
  afterwards(work: () => void): void;
  /** Resolves when all that waits now, and is not to come afterwards, has been done; null: nothing waits. */
  caughtUp(): Promise<void> | null;
}

export function createTurns(now: () => number = () => performance.now()): Turns {
  const waiting: (() => void)[] = [];
  const later: (() => void)[] = [];
  let overtaken = 0;
  let spentMs = 0;
  let isNextTurnAwaited = false;

  function perform(work: () => void): void {
    const startedAt = now();
    work();
    spentMs += now() - startedAt;
  }

  function performNext(): void {
    const work = waiting.shift();
    if (work === undefined) return;
    perform(work);
    overtaken += 1;
  }

  function awaitNextTurn(): void {
    if (isNextTurnAwaited) return;
    isNextTurnAwaited = true;
    setImmediate(() => {
      isNextTurnAwaited = false;
      spentMs = 0;
      while (spentMs < budgetMs && waiting.length > 0) performNext();
      if (waiting.length === 0 || overtaken >= mostOvertaking) {
        later.shift()?.();
        overtaken = 0;
      }
      if (waiting.length + later.length > 0) awaitNextTurn();
    });
  }

  return {
    take(work) {
      if (waiting.length > 0 || spentMs >= budgetMs) waiting.push(work);
      else perform(work);
      awaitNextTurn();
    },
    next(work) {
      waiting.push(work);
      awaitNextTurn();
    },
    afterwards(work) {
      later.push(work);
      awaitNextTurn();
    },
    caughtUp() {
      if (waiting.length === 0) return null;
      return new Promise((resolve) => {
        waiting.push(resolve);
      });
    },
  };
}
