/** Who uses a store: the same for all runs on one state directory, which follow each other. */

import { randomUUID } from 'node:crypto';
import { lstatSync } from 'node:fs';
import { join } from 'node:path';
import { readOwnFile, replaceOwnFile } from '../files/own-file.ts';
import { isSystemError } from '../system-error.ts';

const form = /^([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}) (\d+)\n?$/;

/**
 * The id in `instance`, which is made at the first run. A directory that was copied is another one: two control planes
 * with one id would take the store from each other. Throws what the system says if it cannot be written.
 */
export async function instanceOf(stateDir: string): Promise<string> {
  const path = join(stateDir, 'instance');
  const inode = String(lstatSync(stateDir, { bigint: true }).ino);
  const [, id, of] = form.exec(readKept(path)) ?? [];
  if (id !== undefined && of === inode) return id;
  const fresh = randomUUID();
  await replaceOwnFile(path, `${fresh} ${inode}\n`);
  return fresh;
}

/** Empty: there is none. */
function readKept(path: string): string {
  try {
    return readOwnFile(path);
  } catch (error) {
    if (isSystemError(error, 'ENOENT')) return '';
    throw error;
  }
}
