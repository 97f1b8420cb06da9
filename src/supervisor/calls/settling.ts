/** Waits for calls that are in flight. */

import type { TimerClock } from '../../clock.ts';
import type { Facts } from '../../observe/facts/facts.ts';
import type { Ledger } from '../ledger.ts';

export interface SettlingParts {
  readonly ledger: Pick<Ledger, 'entries'>;
  readonly facts: Pick<Facts, 'subscribe'>;
  readonly timers: TimerClock;
}

/** Returns a function that resolves when no call is open any more, or after `withinMs`. It never rejects. */
export function createSettling({ ledger, facts, timers }: SettlingParts): (withinMs: number) => Promise<void> {
  const isQuiet = () => [...ledger.entries.values()].every(({ counts }) => counts.open === 0);
  return (withinMs) =>
    new Promise((resolve) => {
      if (isQuiet()) {
        resolve();
        return;
      }
      const end = () => {
        unsubscribe();
        timers.clearTimeout(timer);
        resolve();
      };
      // The count is written when the fact has been told.
      const unsubscribe = facts.subscribe(() => queueMicrotask(() => isQuiet() && end()), ['call.settled']);
      const timer = timers.setTimeout(end, withinMs);
    });
}
