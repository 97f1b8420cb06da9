/** Where the configuration is by default. */

import { stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import type { Surroundings } from '../state-directory/directory.ts';
import { isSystemError } from '../system-error.ts';

/** The first that is there, readable or not: `./mcp.json`, then the one in the XDG configuration directory. Null: none does. */
export async function findConfigFile(surroundings: Surroundings): Promise<string | null> {
  for (const candidate of configCandidates(surroundings)) {
    if (await mayBeFile(candidate)) return candidate;
  }
  return null;
}

/** Also of one that cannot be looked at: reading it then says why, and no other is taken in its place. */
async function mayBeFile(path: string): Promise<boolean> {
  try {
    return (await stat(path)).isFile();
  } catch (error) {
    return !isSystemError(error, 'ENOENT') && !isSystemError(error, 'ENOTDIR');
  }
}

export function configCandidates({ cwd, env, home }: Surroundings): readonly string[] {
  // The XDG specification says to ignore relative paths.
  const xdg = env.XDG_CONFIG_HOME?.startsWith('/') === true ? env.XDG_CONFIG_HOME : join(env.HOME ?? home, '.config');
  return [resolve(cwd, 'mcp.json'), join(xdg, 'mcpvisor', 'mcp.json')];
}
