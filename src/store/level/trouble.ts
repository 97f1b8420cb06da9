/** What LevelDB says, as an error of ours. */

import { codeOf } from '../../system-error.ts';
import { wordsOf } from '../../text/error-words.ts';
import { StoreError } from '../error.ts';

export function toTrouble(error: unknown): StoreError {
  const cause = causeOf(error);
  const options = { cause: error };
  if (isLocked(error)) return new StoreError('in-use', 'another process has it open', options);
  if (codeOf(cause) === 'LEVEL_CORRUPTION') return new StoreError('corrupt', wordsOf(cause), options);
  return new StoreError('unavailable', wordsOf(cause), options);
}

export function isLocked(error: unknown): boolean {
  return codeOf(causeOf(error)) === 'LEVEL_LOCKED';
}

/** An error while it opens is wrapped in one that says no more than that it is not open. */
function causeOf(error: unknown): unknown {
  return error instanceof Error && codeOf(error.cause) !== null ? error.cause : error;
}

export async function told<Result>(work: () => Promise<Result>): Promise<Result> {
  try {
    return await work();
  } catch (error) {
    throw toTrouble(error);
  }
}
