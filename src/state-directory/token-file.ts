/** Token files: one line, 32 random bytes, readable by their owner only. */

import { randomBytes } from 'node:crypto';
import { chmod, readFile, writeFile } from 'node:fs/promises';
import { isSystemError } from '../system-error.ts';

/** Fewer characters can be guessed, or are left from an interrupted write. */
const fewestCharacters = 16;

/** The token in the file, which is created if it does not exist. */
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

/** The token in a file; null if its content is too short for one. */
export async function readTokenFile(path: string): Promise<string | null> {
  const token = (await readFile(path, 'utf8')).trim();
  return token.length < fewestCharacters || /\s/.test(token) ? null : token;
}
