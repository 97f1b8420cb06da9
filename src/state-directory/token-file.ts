/** Token files: one line, 32 random bytes, readable by their owner only. */

import { randomBytes } from 'node:crypto';
import { chmod, readFile } from 'node:fs/promises';
import { McpvisorError, type Problem } from '../errors.ts';
import { readOwnFile, replaceOwnFile } from '../files/own-file.ts';
import { isSystemError } from '../system-error.ts';
import { readStateFile, type StateFile, unreadable } from './state-file.ts';

/** Fewer characters can be guessed, or are left from an interrupted write. */
const fewestCharacters = 16;

/**
 * The token in a file of the state directory, which is created if it does not exist. `isFresh`: what is there may be
 * known to others, and is replaced.
 */
export async function openTokenFile(path: string, isFresh = false): Promise<string> {
  const kept = isFresh ? null : keptToken(path);
  if (kept !== null) {
    await chmod(path, 0o600);
    return kept;
  }
  const made = randomBytes(32).toString('base64url');
  await replaceOwnFile(path, `${made}\n`);
  return made;
}

/** The token in a file of a state directory. Does not throw. */
export function readOwnToken(path: string): StateFile<string> {
  return readStateFile(path, toToken, 'it holds no token');
}

/** Null: there is none, or a crash left the file without. Throws the system's error for what cannot be read. */
function keptToken(path: string): string | null {
  try {
    return toToken(readOwnFile(path));
  } catch (error) {
    if (isSystemError(error, 'ENOENT')) return null;
    throw error;
  }
}

/**
 * The token in a file that somebody named. Throws `INVALID_REQUEST` with what is wrong with the file; `namedBy` is the
 * option, variable or setting that names it.
 */
export async function readNamedToken(path: string, namedBy: string): Promise<string> {
  const text = await readFile(path, 'utf8').catch((cause: unknown) => {
    throw refusedToken({ namedBy, message: unreadable(path, cause) }, cause);
  });
  const token = toToken(text);
  if (token !== null) return token;
  throw refusedToken({ namedBy, message: `${path} holds no token`, hint: 'one line of at least 16 characters' });
}

/** With the error that the system gave, if one did. */
export function refusedToken(
  {
    namedBy,
    message,
    hint = null,
  }: { readonly namedBy: string; readonly message: string; readonly hint?: string | null },
  cause?: unknown,
): McpvisorError {
  const problems: readonly Problem[] = [{ path: namedBy, message, hint, severity: 'error' }];
  return new McpvisorError('INVALID_REQUEST', { problems }, { cause });
}

function toToken(text: string): string | null {
  const token = text.trim();
  return token.length < fewestCharacters || /\s/.test(token) ? null : token;
}
