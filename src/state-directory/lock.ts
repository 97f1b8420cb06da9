/** One control plane per state directory: a lock file that names the process that holds it. */

import { createHash, randomUUID } from 'node:crypto';
import { link, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as z from 'zod';
import { McpvisorError } from '../errors.ts';
import { isSystemError } from '../system-error.ts';

const lockOwner = z.object({ pid: z.int().positive(), startTime: z.string().nullable() });

/** A process, distinguished from a later one with the same pid by its start time. */
export type LockOwner = Readonly<z.infer<typeof lockOwner>>;

export interface Lock {
  /** What is in the file. */
  readonly text: string;
  /** Releases the directory. May be called twice; does not throw. */
  release(): Promise<void>;
}

/**
 * Takes the lock for `owner`, replacing that of a dead owner. `isAlive` tells whether a process still runs. Throws
 * `ALREADY_RUNNING`.
 */
export async function takeLock(
  stateDir: string,
  owner: LockOwner,
  isAlive: (owner: LockOwner) => boolean,
): Promise<Lock> {
  return takeFile(join(stateDir, 'lock'), owner, (found) => {
    if (isAlive(found)) {
      throw new McpvisorError('ALREADY_RUNNING', { pid: found.pid, stateDir });
    }
  });
}

type Refuse = (owner: LockOwner) => void;

/** `refuse` throws for an owner that lives. */
async function takeFile(path: string, owner: LockOwner, refuse: Refuse): Promise<Lock> {
  const draft = `${path}.${randomUUID()}`;
  const text = `${JSON.stringify(owner)}\n`;
  await writeFile(draft, text, { mode: 0o600, flag: 'wx' });
  try {
    // A link is as exclusive as O_EXCL, and a lock without its owner's name in it is never visible.
    while (!(await isDone(link(draft, path), 'EEXIST'))) {
      await clearAway(path, owner, refuse);
    }
  } finally {
    await rm(draft, { force: true });
  }
  return { text, release: () => release(path, text) };
}

/**
 * Removes the lock of a dead owner. Another process may do the same between our reading and removing it, and take the
 * lock. So the right to remove exactly this one is a lock itself: who gets that later finds a new owner in the file
 * and leaves it alone.
 */
async function clearAway(path: string, owner: LockOwner, refuse: Refuse): Promise<void> {
  const text = await textOf(path);
  if (text === null) {
    return;
  }
  const found = parseOwner(text);
  if (found !== null) {
    refuse(found);
  }
  const turn = await takeFile(`${path}.${createHash('sha256').update(text).digest('hex').slice(0, 16)}`, owner, refuse);
  try {
    if ((await textOf(path)) === text) {
      await rm(path);
    }
  } finally {
    await turn.release();
  }
}

async function release(path: string, text: string): Promise<void> {
  try {
    if ((await textOf(path)) === text) {
      await rm(path, { force: true });
    }
  } catch {
    // The directory is gone or not accessible: the next owner will find that this one is dead.
  }
}

/** The content of the file; null if there is none. */
async function textOf(path: string): Promise<string | null> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if (isSystemError(error, 'ENOENT')) {
      return null;
    }
    throw error;
  }
}

/** The owner that the text of a lock names; null if it names none. */
export function parseOwner(text: string): LockOwner | null {
  try {
    return lockOwner.safeParse(JSON.parse(text)).data ?? null;
  } catch {
    // Not JSON: a lock left by a crash in the middle of a write has no owner.
    return null;
  }
}

/** Whether `action` succeeded; false if it failed with the one `code` that is expected. */
async function isDone(action: Promise<void>, code: string): Promise<boolean> {
  try {
    await action;
    return true;
  } catch (error) {
    if (isSystemError(error, code)) {
      return false;
    }
    throw error;
  }
}
