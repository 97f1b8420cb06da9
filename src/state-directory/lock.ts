/** One control plane per state directory: a file that names the process that has it. */

import { createHash, randomUUID } from 'node:crypto';
import { link, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { McpvisorError } from '../errors.ts';
import { isSystemError } from '../system-error.ts';

const lockOwner = z.object({ pid: z.int().positive(), startTime: z.string().nullable() });

/** A process, told apart from a later one with the same number by when it started. */
export type LockOwner = Readonly<z.infer<typeof lockOwner>>;

export interface Lock {
  /** Gives the directory free. May be called twice; does not throw. */
  release(): Promise<void>;
}

/**
 * Takes the lock for `owner`, over the remains of a dead owner if need be. `isAlive` tells whether a process still
 * runs. Throws `ALREADY_RUNNING`.
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
    // A link is as exclusive as O_EXCL, and nobody ever sees a lock without its owner's name in it.
    while (!(await isDone(link(draft, path), 'EEXIST'))) {
      await clearAway(path, owner, refuse);
    }
  } finally {
    await rm(draft, { force: true });
  }
  return { release: () => release(path, text) };
}

/**
 * Removes the lock of a dead owner. Between reading and removing it somebody else may have done the same and taken
 * it, so the right to remove exactly this one is a lock itself: whoever gets that later finds another owner in the
 * file and leaves it alone.
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
    // The directory is gone or closed to us: the next owner will find that this one is dead.
  }
}

/** What is in the file; null if there is none. */
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
