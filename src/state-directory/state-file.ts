/** What a file of a state directory says, or why one that is there says nothing. */

import { readOwnFile } from '../files/own-file.ts';
import { isSystemError, systemCodeOf } from '../system-error.ts';
import { wordsOf } from '../text/error-words.ts';

/** Neither: there is no such file. */
export type StateFile<Value> =
  | { readonly value: Value; readonly flaw: null }
  /** `flaw`: its path and what is wrong with it. */
  | { readonly value: null; readonly flaw: string | null };

/**
 * `parse` gives null for a text that says nothing, and `damage` is what to say of the file then: "it names no process".
 * Does not throw.
 */
export function readStateFile<Value>(
  path: string,
  parse: (text: string) => Value | null,
  damage: string,
): StateFile<Value> {
  let text: string;
  try {
    text = readOwnFile(path);
  } catch (error) {
    return { value: null, flaw: isSystemError(error, 'ENOENT') ? null : unreadable(path, error) };
  }
  const value = parse(text);
  return value === null ? { value: null, flaw: `${path} is damaged: ${damage}` } : { value, flaw: null };
}

export function unreadable(path: string, error: unknown): string {
  return `${path} cannot be read (${systemCodeOf(error) ?? wordsOf(error)})`;
}
