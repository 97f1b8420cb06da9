/**
 * Which `.mcpvisor/` folders were made on this machine by this user. One that came with an archive, a repository or a
 * backup of somebody else looks the same; so the record is outside of them.
 */

import { randomUUID } from 'node:crypto';
import { lstatSync } from 'node:fs';
import { readdir, rm } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { readOwnFile, replaceOwnFile } from '../files/own-file.ts';
import { isSystemError } from '../system-error.ts';
import { readStateFile } from './state-file.ts';

/** The name by which commands find a state directory without being told. */
export const foundName = '.mcpvisor';

/** More records than this are not looked through for those of folders that are gone. */
const maxPruned = 1_000;

const idPattern = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

export interface Acquaintance {
  readonly isKnown: boolean;
  /** What is wrong with a file that could have said more. */
  readonly flaw: string | null;
}

/** `records`: the folder of the records. Does not throw. */
export function acquaintanceWith(stateDir: string, records: string): Acquaintance {
  const { value: id, flaw } = readStateFile(join(stateDir, 'id'), toId, 'it holds no id');
  if (id === null) return { isKnown: false, flaw };
  const record = readStateFile(join(records, id), toInode, 'it names no folder');
  return { isKnown: record.value !== null && record.value === inodeOf(stateDir), flaw: record.flaw };
}

/**
 * Puts a folder on record that a control plane of ours uses, if it has the name that is looked for. Without a place for
 * records (a home that is read-only) nothing happens: the folder then has to be named each time. Does not throw.
 */
export async function remember(stateDir: string, records: string): Promise<void> {
  if (basename(stateDir) !== foundName || acquaintanceWith(stateDir, records).isKnown) return;
  const id = randomUUID();
  const inode = inodeOf(stateDir);
  if (inode === null) return;
  try {
    await replaceOwnFile(join(records, id), `${inode} ${stateDir}\n`);
    await replaceOwnFile(join(stateDir, 'id'), `${id}\n`);
    await prune(records);
  } catch {
    // No room or no right to write there: the folder is not known, which is the safe side.
  }
}

/** Forgets folders that are gone. */
async function prune(records: string): Promise<void> {
  const names = (await readdir(records)).filter((name) => idPattern.test(name)).slice(0, maxPruned);
  for (const name of names) {
    const path = join(records, name);
    const [, folder = ''] = readOwnFile(path).trim().split(/ (.*)/s);
    if (isGone(folder)) await rm(path, { force: true });
  }
}

function isGone(path: string): boolean {
  try {
    lstatSync(path);
    return false;
  } catch (error) {
    return isSystemError(error, 'ENOENT');
  }
}

function toId(text: string): string | null {
  const id = text.trim();
  return idPattern.test(id) ? id : null;
}

function toInode(record: string): string | null {
  return /^\d+(?= )/.exec(record)?.[0] ?? null;
}

/** Another folder in its place has another one. Null: it is gone, or may not be looked at. */
function inodeOf(path: string): string | null {
  try {
    return String(lstatSync(path, { bigint: true }).ino);
  } catch {
    // It was there a moment ago: nothing speaks for it any more.
    return null;
  }
}
