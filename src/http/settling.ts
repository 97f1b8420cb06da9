/** Waiting for a command to settle, for as long as somebody wants to know. */

import type { CommandOutcome, PostedCommand } from '../supervisor/contract.ts';

/**
 * The outcome, or null if it is not there after `waitMs` (null: nobody waits) or when `signal` aborts: the command
 * goes on, only the waiting ends. Rejects as `settled` does.
 */
export function settledWithin(
  { settled }: Pick<PostedCommand, 'settled'>,
  waitMs: number | null,
  signal: AbortSignal,
): Promise<CommandOutcome | null> {
  if (waitMs === null) {
    // Its rejection is a fact on the stream; this caller asked not to be told.
    settled.catch(() => undefined);
    return Promise.resolve(null);
  }
  return new Promise((resolve, reject) => {
    const finish = (end: () => void) => {
      clearTimeout(timer);
      signal.removeEventListener('abort', giveUp);
      end();
    };
    const giveUp = () => finish(() => resolve(null));
    const timer = setTimeout(giveUp, waitMs);
    signal.addEventListener('abort', giveUp, { once: true });
    settled.then(
      (outcome) => finish(() => resolve(outcome)),
      (error: unknown) => finish(() => reject(error)),
    );
  });
}
