/**
 * File names of server logs. Server names (`^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$`) are safe as file names, with two
 * exceptions.
 */

import { statSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** `mcpvisor.log` is our own log; no server name contains a `~`. */
export function fileNameOf(server: string): string {
  return server.toLowerCase() === 'mcpvisor' ? `${server}~.log` : `${server}.log`;
}

/**
 * Whether `Files.log` and `files.log` are the same file on this file system. There, servers whose names differ only in
 * case share a log, and each shows the lines of both. Found out with the nearest existing folder that has a letter in
 * its name.
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
