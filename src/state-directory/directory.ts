/** The directory of one control plane: its lock, its tokens, its address. Only its owner may access it. */

import { chmod, lstat, mkdir, readdir, stat } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { McpvisorError } from '../errors.ts';
import { isSystemError } from '../system-error.ts';
import { wordsOf } from '../text/error-words.ts';
import { acquaintanceWith, foundName } from './known.ts';
import type { IsAlive } from './lock.ts';
import { findRunning } from './running.ts';

export interface Surroundings {
  readonly cwd: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** The user's home directory, where `HOME` does not say. */
  readonly home: string;
  readonly uid: number;
}

export interface FindOptions extends Surroundings {
  /** Whether a process still runs. */
  readonly isAlive: IsAlive;
  /**
   * Called with a folder of the right name that proves nothing, and is passed over; `flaws` is what is wrong with files
   * that could have proved it.
   */
  readonly onPassedOver?: (folder: string, flaws: readonly string[]) => void;
}

/**
 * The default state directory: the nearest `.mcpvisor/` from the current directory upward that only we can access and
 * that proves to be ours, else the one in the XDG state directory. A folder may have come with an archive: what is in it
 * proves nothing but a control plane that runs. Else a record outside of it has to say that it was made here.
 */
export async function findStateDirectory(options: FindOptions): Promise<string> {
  const { cwd, uid, isAlive, onPassedOver = () => {} } = options;
  for (let folder = resolve(cwd); ; folder = dirname(folder)) {
    const candidate = join(folder, foundName);
    // Missing, or where we may not look: nothing that could prove to be ours.
    const found = await lstat(candidate).catch(() => null);
    if (found?.isDirectory() === true && found.uid === uid && (found.mode & 0o777) === 0o700) {
      const { isKnown, flaw } = acquaintanceWith(candidate, recordsOf(options));
      if (isKnown) return candidate;
      const running = await findRunning(candidate, isAlive);
      if (running.state === 'running' || running.state === 'between') return candidate;
      onPassedOver(
        candidate,
        [flaw, running.flaw].filter((one) => one !== null),
      );
    }
    if (dirname(folder) === folder) return ownStateDirectory(options);
  }
}

/** Where the folders are on record that `findStateDirectory` may find. */
export function recordsOf(surroundings: Surroundings): string {
  return join(ownStateDirectory(surroundings), 'known');
}

/** The user's, which no archive brings. */
function ownStateDirectory({ env, home }: Surroundings): string {
  // The XDG specification says to ignore relative paths.
  const xdg =
    env.XDG_STATE_HOME?.startsWith('/') === true ? env.XDG_STATE_HOME : join(env.HOME ?? home, '.local', 'state');
  return join(xdg, 'mcpvisor');
}

/**
 * Creates the directory with mode 0700, or checks the existing one: nothing of what we read or write in it may be a link
 * that leads elsewhere. Throws `STATE_DIRECTORY_UNUSABLE`.
 */
export async function openStateDirectory(stateDir: string, uid: number): Promise<void> {
  try {
    await mkdir(stateDir, { recursive: true, mode: 0o700 });
    const found = await stat(stateDir);
    if (found.uid !== uid) {
      throw new McpvisorError('STATE_DIRECTORY_UNUSABLE', { stateDir, reason: 'it belongs to another user' });
    }
    if ((found.mode & 0o077) !== 0) {
      await closeToOthers(stateDir);
    }
    for (const folder of ['.', 'logs', 'pages']) await refuseStrange(stateDir, folder);
  } catch (cause) {
    throw cause instanceof McpvisorError
      ? cause
      : new McpvisorError('STATE_DIRECTORY_UNUSABLE', { stateDir, reason: wordsOf(cause) }, { cause });
  }
}

/**
 * Only a directory that is empty or was ours before is changed: a slip like `--state-dir /tmp` must not lock others
 * out.
 */
async function closeToOthers(stateDir: string): Promise<void> {
  const entries = await readdir(stateDir);
  if (entries.length > 0 && !entries.includes('token')) {
    throw new McpvisorError('STATE_DIRECTORY_UNUSABLE', {
      stateDir,
      reason: 'others may look inside, and it holds files that are not ours (chmod 700 makes it private)',
    });
  }
  await chmod(stateDir, 0o700);
}

/** We make files, folders and sockets only: anything else came with the directory, to have us write or read elsewhere. */
async function refuseStrange(stateDir: string, folder: string): Promise<void> {
  const entries = await readdir(join(stateDir, folder), { withFileTypes: true }).catch((error: unknown) => {
    if (isSystemError(error, 'ENOENT')) return [];
    throw error;
  });
  const refuse = (name: string, kind: string) => {
    const reason = `${join(folder, name)} in it is ${kind}, which mcpvisor never makes (remove it)`;
    throw new McpvisorError('STATE_DIRECTORY_UNUSABLE', { stateDir, reason });
  };
  const strange = entries.find((entry) => !entry.isFile() && !entry.isDirectory() && !entry.isSocket());
  if (strange !== undefined) refuse(strange.name, strange.isSymbolicLink() ? 'a link' : 'neither a file nor a folder');
  // A lock has two names for a moment. Nothing but logs is written in place, and those may be of any name.
  for (const { name } of entries.filter((entry) => entry.isFile() && !entry.name.startsWith('lock')))
    if ((await namesOf(join(stateDir, folder, name))) > 1) refuse(name, 'a file with a second name elsewhere');
}

/** How many names a file has: none, when it is gone by now, as fresh files are that take the place of others. */
async function namesOf(path: string): Promise<number> {
  try {
    return (await lstat(path)).nlink;
  } catch (error) {
    if (isSystemError(error, 'ENOENT')) return 0;
    throw error;
  }
}
