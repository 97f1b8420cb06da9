/** Waiting for a command to settle, for a limited time. */

import type { CommandOutcome, PostedCommand } from '../supervisor/contract.ts';

/**
 * The outcome, or null if there is none after `waitMs` (null: do not wait) or when `signal` aborts. The command goes
 * on; only the waiting ends. Rejects as `settled` does.
 */
export function settledWithin(
  { settled }: Pick<PostedCommand, 'settled'>,
  waitMs: number | null,
  signal: AbortSignal,
): Promise<CommandOutcome | null> {
  if (waitMs === null) {
    // A rejection is also a fact; this caller did not ask to wait for it.
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
