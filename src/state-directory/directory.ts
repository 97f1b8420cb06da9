/** The directory of one control plane: its lock, its tokens, its address. Only its owner may access it. */

import { chmod, mkdir, readdir, stat } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { McpvisorError } from '../errors.ts';

export interface Surroundings {
  readonly cwd: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** The user's home directory, where `HOME` does not say. */
  readonly home: string;
  readonly uid: number;
}

/**
 * The default state directory: the nearest `.mcpvisor/` from the current directory upward that only we can access, else
 * the one in the XDG state directory.
 */
export async function findStateDirectory({ cwd, env, home, uid }: Surroundings): Promise<string> {
  for (let folder = resolve(cwd); ; folder = dirname(folder)) {
    const candidate = join(folder, '.mcpvisor');
    const found = await stat(candidate).catch(() => null);
    if (found?.isDirectory() === true && found.uid === uid && (found.mode & 0o777) === 0o700) {
      return candidate;
    }
    if (dirname(folder) === folder) {
      break;
    }
  }
  // The XDG specification says to ignore relative paths.
  const xdg =
    env.XDG_STATE_HOME?.startsWith('/') === true ? env.XDG_STATE_HOME : join(env.HOME ?? home, '.local', 'state');
  return join(xdg, 'mcpvisor');
}

/** Creates the directory with mode 0700, or checks the existing one. Throws `STATE_DIRECTORY_UNUSABLE`. */
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
  } catch (cause) {
    throw cause instanceof McpvisorError
      ? cause
      : new McpvisorError('STATE_DIRECTORY_UNUSABLE', { stateDir, reason: reasonOf(cause) }, { cause });
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

function reasonOf(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause);
}
