/** One control plane per state directory: a lock file that names the process that holds it. */

import { createHash, randomUUID } from 'node:crypto';
import { link, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import * as z from 'zod';
import { McpvisorError } from '../errors.ts';
import { readOwnFile } from '../files/own-file.ts';
import { isSystemError } from '../system-error.ts';
import { answers, openLockSocket, pidNamespace } from './lock-socket.ts';

const lockOwner = z.object({
  pid: z.int().positive(),
  startTime: z.string().nullable(),
  /** In which pid and start time mean something; null: the system has none. Default: ours. */
  namespace: z.string().nullable().optional(),
  /** Name of the socket beside the lock that answers while the owner lives. Default: there is none. */
  socket: z
    .string()
    .regex(/^lock-[0-9a-f-]+\.sock$/)
    .optional(),
});

/** A process, distinguished from a later one with the same pid by its start time. */
export type LockOwner = Readonly<z.infer<typeof lockOwner>>;

export type IsAlive = (owner: LockOwner) => boolean;

export interface Lock {
  /** What is in the file. */
  readonly text: string;
  /** Makes again what others find out by that the owner lives, if it is gone. Does not throw. */
  restore(): Promise<void>;
  /** Releases the directory. May be called twice; does not throw. */
  release(): Promise<void>;
}

/**
 * Takes the lock for `owner`, replacing that of a dead owner. `isAlive` tells whether a process of our own PID namespace
 * still runs. Throws `ALREADY_RUNNING`.
 */
export async function takeLock(
  stateDir: string,
  { pid, startTime }: Pick<LockOwner, 'pid' | 'startTime'>,
  isAlive: IsAlive,
): Promise<Lock> {
  const name = `lock-${randomUUID()}.sock`;
  const socket = await openLockSocket(join(stateDir, name));
  const owner = { pid, startTime, namespace: pidNamespace(), ...(socket !== null && { socket: name }) };
  try {
    const lock = await takeFile(join(stateDir, 'lock'), owner, async (found) => {
      if (await isHeld(stateDir, found, isAlive))
        throw new McpvisorError('ALREADY_RUNNING', { pid: found.pid, stateDir });
    });
    return {
      text: lock.text,
      restore: async () => socket?.restore(),
      async release() {
        await lock.release();
        await socket?.close();
      },
    };
  } catch (error) {
    await socket?.close();
    throw error;
  }
}

/**
 * Whether the owner of a lock lives: by its pid and start time, or, in another PID namespace than ours, by whether its
 * socket answers.
 */
export async function isHeld(stateDir: string, owner: LockOwner, isAlive: IsAlive): Promise<boolean> {
  const { namespace = pidNamespace(), socket } = owner;
  if (namespace === pidNamespace()) return isAlive(owner);
  return socket !== undefined && (await answers(join(stateDir, socket)));
}

/** Throws for an owner that lives. */
type Refuse = (owner: LockOwner) => Promise<void>;

interface TakenFile {
  readonly text: string;
  release(): Promise<void>;
}

async function takeFile(path: string, owner: LockOwner, refuse: Refuse): Promise<TakenFile> {
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
  const text = textOf(path);
  if (text === null) {
    return;
  }
  const found = parseOwner(text);
  if (found !== null) {
    await refuse(found);
  }
  const turn = await takeFile(`${path}.${createHash('sha256').update(text).digest('hex').slice(0, 16)}`, owner, refuse);
  try {
    if (textOf(path) === text) {
      await rm(path);
      if (found?.socket !== undefined) await rm(join(dirname(path), found.socket), { force: true });
    }
  } finally {
    await turn.release();
  }
}

async function release(path: string, text: string): Promise<void> {
  try {
    if (textOf(path) === text) {
      await rm(path, { force: true });
    }
  } catch {
    // The directory is gone or not accessible: the next owner will find that this one is dead.
  }
}

/** The content of the file; null if there is none. */
function textOf(path: string): string | null {
  try {
    return readOwnFile(path);
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
