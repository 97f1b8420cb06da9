/**
 * Files of ours in a folder that may have come from somewhere else: a link is never followed, and what is not a regular
 * file is never opened for long.
 */

import { closeSync, constants, fstatSync, openSync, readFileSync } from 'node:fs';
import { type FileHandle, lstat, mkdir, open, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { isSystemError } from '../system-error.ts';

const { O_CREAT, O_EXCL, O_NOFOLLOW, O_NONBLOCK, O_RDONLY, O_WRONLY } = constants;

/** More than any file of ours holds that is read at once. */
const maxOwnBytes = 16 * 1024 * 1024;

/**
 * The text of a regular file of at most 16 MiB. Throws the system's error (`ELOOP` for a link), or one that says what
 * else is wrong with it.
 */
export function readOwnFile(path: string): string {
  // Without O_NONBLOCK, a pipe without a writer would block the whole process.
  const fd = openSync(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
  try {
    const stats = fstatSync(fd);
    if (stats.isDirectory()) throw refusal('EISDIR', `${path} is a folder`);
    if (!stats.isFile()) throw refusal('EINVAL', `${path} is not a regular file`);
    if (stats.size > maxOwnBytes) throw refusal('EFBIG', `${path} is larger than ${maxOwnBytes} bytes`);
    return readFileSync(fd, 'utf8');
  } finally {
    closeSync(fd);
  }
}

/** With a code, as of the system: the file is at fault, not this program. */
function refusal(code: string, message: string): Error {
  return Object.assign(new Error(`${code}: ${message}`), { code });
}

/**
 * Writes a fresh file with mode 0600 and puts it in the place of whatever has that name; a link there is replaced, not
 * followed. Resolves when it is on disk. A folder that is gone is made again, with mode 0700. Rejects with the system's
 * error, and then leaves nothing behind.
 */
export async function replaceOwnFile(path: string, text: string): Promise<void> {
  try {
    await replace(path, text);
  } catch (error) {
    if (!isSystemError(error, 'ENOENT')) throw error;
    await mkdir(dirname(path), { recursive: true, mode: 0o700 });
    await replace(path, text);
  }
}

async function replace(path: string, text: string): Promise<void> {
  const draft = `${path}.tmp`;
  await rm(draft, { force: true });
  try {
    await withFile(await open(draft, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0o600), async (file) => {
      await file.writeFile(text);
      await file.sync();
    });
    await rename(draft, path);
  } catch (error) {
    // The first error is the one to tell.
    await rm(draft, { force: true }).catch(() => undefined);
    throw error;
  }
  await withFile(await open(dirname(path), O_RDONLY), (folder) => folder.sync());
}

async function withFile(file: FileHandle, use: (file: FileHandle) => Promise<void>): Promise<void> {
  try {
    await use(file);
  } finally {
    await file.close();
  }
}

/** Whether there is anything, a link included. Throws what is no answer: that one may not look, say. */
export async function isThere(path: string): Promise<boolean> {
  try {
    await lstat(path);
    return true;
  } catch (error) {
    if (isSystemError(error, 'ENOENT')) return false;
    throw error;
  }
}
