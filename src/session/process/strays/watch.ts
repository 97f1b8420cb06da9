/** What survived, or is only to be told, is looked at now and then until it is gone. */

import { setTimeout as delay } from 'node:timers/promises';
import { wordsOf } from '../../../text/error-words.ts';

export interface WatchOptions {
  /** What is watched, for people. */
  readonly what: string;
  /** Called once for all looks in a row that fail: nothing is known then, and the next look is made all the same. */
  readonly onError: (message: string) => void;
  /** Aborted: nobody wants to know any more. */
  readonly signal: AbortSignal;
  /** The time between two looks, in milliseconds. Default 5 000. */
  readonly watchEveryMs?: number | undefined;
}

/**
 * Resolves with whether it has gone: false when the signal is aborted first. Does not reject. A look may fail for a
 * while, for lack of descriptors or of an engine that answers; an alarm would stand for ever if that ended the watching.
 */
export async function watchUntilGone(
  isLeft: () => Promise<boolean>,
  { what, onError, signal, watchEveryMs = 5_000 }: WatchOptions,
): Promise<boolean> {
  let isTroubled = false;
  while (!signal.aborted) {
    try {
      await delay(watchEveryMs, undefined, { signal, ref: false });
      if (!(await isLeft())) return true;
      isTroubled = false;
    } catch (error) {
      // An abort is no trouble, and ends the loop.
      if (!signal.aborted && !isTroubled) onError(`${what} cannot be looked at now: ${wordsOf(error)}`);
      isTroubled = true;
    }
  }
  return false;
}
