/**
 * What the log of a server is called. Names of servers (`^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$`) are safe as names of
 * files, but for two things.
 */

import { statSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** `mcpvisor.log` is our own. No server has a `~` in its name. */
export function fileNameOf(server: string): string {
  return server.toLowerCase() === 'mcpvisor' ? `${server}~.log` : `${server}.log`;
}

/**
 * Whether the file system takes `Files.log` and `files.log` for one. Servers whose names differ in nothing else share
 * a log there, under the name that was written first, and each shows the lines of both. Looked up by the nearest
 * folder that is there and has a letter in its name.
 */
export function ignoresCase(folder: string): boolean {
  for (let path = folder; path !== dirname(path); path = dirname(path)) {
    const name = path.slice(dirname(path).length).replace(/^[/\\]/, '');
    const turned = name === name.toLowerCase() ? name.toUpperCase() : name.toLowerCase();
    const one = inodeOf(path);
    if (one !== null && turned !== name) return one === inodeOf(join(dirname(path), turned));
  }
  return false;
}

function inodeOf(path: string): string | null {
  const stats = statSync(path, { throwIfNoEntry: false });
  return stats === undefined ? null : `${stats.dev}:${stats.ino}`;
}
