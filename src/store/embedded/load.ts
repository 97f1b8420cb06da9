/** Loads the embedded database that is wanted, and no other. */

import { wordsOf } from '../../text/error-words.ts';
import { StoreError } from '../error.ts';
import type { EmbeddedAdapter, EmbeddedKind } from './adapter.ts';

/** Loads the library, which may be missing or not made for this machine: then it throws `StoreError`. */
export async function loadAdapter(kind: EmbeddedKind): Promise<EmbeddedAdapter> {
  try {
    return kind === 'level' ? (await import('../level/level.ts')).level : (await import('../lmdb/lmdb.ts')).lmdb;
  } catch (error) {
    const library = kind === 'level' ? 'classic-level' : 'lmdb';
    throw new StoreError('unavailable', `the package ${library} cannot be loaded: ${wordsOf(error)}`, { cause: error });
  }
}
