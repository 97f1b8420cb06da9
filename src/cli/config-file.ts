/** Where the configuration is by default. */

import { stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import type { Surroundings } from '../state-directory/directory.ts';

/** The first that exists: `./mcp.json`, then the one in the XDG configuration directory. Null: none does. */
export async function findConfigFile(surroundings: Surroundings): Promise<string | null> {
  for (const candidate of configCandidates(surroundings)) {
    // Missing or unreadable: try the next one.
    const found = await stat(candidate).catch(() => null);
    if (found?.isFile() === true) {
      return candidate;
    }
  }
  return null;
}

export function configCandidates({ cwd, env, home }: Surroundings): readonly string[] {
  // The XDG specification says to ignore relative paths.
  const xdg = env.XDG_CONFIG_HOME?.startsWith('/') === true ? env.XDG_CONFIG_HOME : join(env.HOME ?? home, '.config');
  return [resolve(cwd, 'mcp.json'), join(xdg, 'mcpvisor', 'mcp.json')];
}
