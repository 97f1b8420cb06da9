/**
 * A copy of a LevelDB that takes no room: its files are never written again once they are there, so that another name for
 * each is enough. LevelDB cannot open without changing: it clears away its log and what no table of contents names.
 */

import { copyFile, link, mkdir, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';

/** In the folder itself, so that it is on the same disk, where LevelDB does not mind it. */
const copyName = 'check';
/** The parts of a database: its log and the lock are not. */
const parts = /^(CURRENT|MANIFEST-\d+|\d+\.(ldb|sst|log))$/;

/** Resolves to the copy's folder. What is left of an earlier one is removed. */
export async function makeCopy(folder: string): Promise<string> {
  await removeCopy(folder);
  const copy = join(folder, copyName);
  await mkdir(copy, { mode: 0o700 });
  for (const name of await readdir(folder))
    if (parts.test(name)) await linkOrCopy(join(folder, name), join(copy, name));
  return copy;
}

/** Where a file system knows no second names, or is not ours to give them. */
async function linkOrCopy(from: string, to: string): Promise<void> {
  await link(from, to).catch(() => copyFile(from, to));
}

export async function removeCopy(folder: string): Promise<void> {
  await rm(join(folder, copyName), { recursive: true, force: true });
}
