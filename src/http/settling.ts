/** Waiting for commands to settle, for a limited time. */

import type { TimerClock } from '../clock.ts';
import { onAbort } from '../on-abort.ts';
import type { CommandOutcome, PostedCommand, PostedToOne } from '../supervisor/contract.ts';

export interface Patience {
  /**
   * The outcome, or null if there is none when the patience is over. The command goes on; only the waiting ends.
   * Rejects as `settled` does.
   */
  settled(command: Pick<PostedCommand, 'settled'>): Promise<CommandOutcome | null>;
  /** Ends the waiting; may be called twice. */
  close(): void;
}

/**
 * Waits for any number of commands at once: at most `waitMs` in all (null: not at all), and not after `signal` has
 * aborted. One timer and one listener serve them all.
 */
export function createPatience(waitMs: number | null, timers: TimerClock, signal: AbortSignal): Patience {
  let giveUp = () => {};
  const over = new Promise<null>((resolve) => {
    giveUp = () => resolve(null);
  });
  const timer = waitMs === null ? null : timers.setTimeout(giveUp, waitMs);
  if (waitMs === null || signal.aborted) giveUp();
  const forgetSignal = onAbort(signal, () => giveUp());
  return {
    settled({ settled }) {
      // A rejection is also a fact; who does not wait for it has not asked for it.
      settled.catch(() => undefined);
      return waitMs === null ? over : Promise.race([settled, over]);
    },
    close() {
      if (timer !== null) timers.clearTimeout(timer);
      forgetSignal();
      giveUp();
    },
  };
}

/** Resolves when the store has what these commands want, or soon. Never rejects. */
export async function allKept(posted: readonly PostedToOne[]): Promise<void> {
  await Promise.all(posted.map(async (one) => ('error' in one ? undefined : await one.kept())));
}
