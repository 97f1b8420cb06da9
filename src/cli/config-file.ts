/** Where the configuration is when nobody says. */

import { stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import type { Surroundings } from '../state-directory/directory.ts';

/** The first that is there: `./mcp.json`, then the XDG configuration directory's. Null: none. */
export async function findConfigFile(surroundings: Surroundings): Promise<string | null> {
  for (const candidate of configCandidates(surroundings)) {
    // Not there, or not to be looked at: the next one may be.
    const found = await stat(candidate).catch(() => null);
    if (found?.isFile() === true) {
      return candidate;
    }
  }
  return null;
}

export function configCandidates({ cwd, env, home }: Surroundings): readonly string[] {
  // The XDG specification has relative paths ignored.
  const xdg = env.XDG_CONFIG_HOME?.startsWith('/') === true ? env.XDG_CONFIG_HOME : join(env.HOME ?? home, '.config');
  return [resolve(cwd, 'mcp.json'), join(xdg, 'mcpvisor', 'mcp.json')];
}
