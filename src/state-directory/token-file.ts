/** Tokens at rest: one line, 32 random bytes, for the eyes of their owner. */

import { randomBytes } from 'node:crypto';
import { chmod, readFile, writeFile } from 'node:fs/promises';
import { isSystemError } from '../system-error.ts';

/** Fewer characters than this can be guessed or were left by a write that broke off. */
const fewestCharacters = 16;

/** The token in the file, made now if there is none. */
export async function openTokenFile(path: string): Promise<string> {
  const made = randomBytes(32).toString('base64url');
  try {
    await writeFile(path, `${made}\n`, { mode: 0o600, flag: 'wx' });
    return made;
  } catch (error) {
    if (!isSystemError(error, 'EEXIST')) {
      throw error;
    }
  }
  await chmod(path, 0o600);
  const kept = await readTokenFile(path);
  if (kept !== null) {
    return kept;
  }
  await writeFile(path, `${made}\n`, { mode: 0o600 });
  return made;
}

/** The token in a file; null if what is there is too short for one. */
export async function readTokenFile(path: string): Promise<string | null> {
  const token = (await readFile(path, 'utf8')).trim();
  return token.length < fewestCharacters || /\s/.test(token) ? null : token;
}
