/** Token files: one line, 32 random bytes, readable by their owner only. */

import { randomBytes } from 'node:crypto';
import { chmod, readFile } from 'node:fs/promises';
import { readOwnFile, replaceOwnFile } from '../own-file.ts';
import { isSystemError } from '../system-error.ts';

/** Fewer characters can be guessed, or are left from an interrupted write. */
const fewestCharacters = 16;

/**
 * The token in a file of the state directory, which is created if it does not exist. `isFresh`: what is there may be
 * known to others, and is replaced.
 */
export async function openTokenFile(path: string, isFresh = false): Promise<string> {
  const kept = isFresh ? null : tokenIn(path);
  if (kept !== null) {
    await chmod(path, 0o600);
    return kept;
  }
  const made = randomBytes(32).toString('base64url');
  await replaceOwnFile(path, `${made}\n`);
  return made;
}

/** The token of a state directory; null if there is none. Throws for a link or anything else that is no file. */
function tokenIn(path: string): string | null {
  try {
    return toToken(readOwnFile(path));
  } catch (error) {
    if (isSystemError(error, 'ENOENT')) return null;
    throw error;
  }
}

/** The token in a file that somebody named; null if its content is too short for one. */
export async function readTokenFile(path: string): Promise<string | null> {
  return toToken(await readFile(path, 'utf8'));
}

/** The token in a file of a state directory, read without following links. Null: there is none. Does not throw. */
export function readOwnToken(path: string): string | null {
  try {
    return toToken(readOwnFile(path));
  } catch {
    // Missing, not readable, or a link: the API will say that a token is needed.
    return null;
  }
}

function toToken(text: string): string | null {
  const token = text.trim();
  return token.length < fewestCharacters || /\s/.test(token) ? null : token;
}
