/** File names of server logs. */

import { createHash } from 'node:crypto';
import { statSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** File systems allow 255 bytes; a rotated file's name is longer. */
const longestName = 160;
const digestLength = 16;

/**
 * A server may be called anything: what is not safe in a file name is percent-encoded, and a long name cut, with a
 * digest. Names of letters, digits, `.`, `_` and `-` stay as they are, so no two servers share a file. `mcpvisor.log` is
 * our own log.
 */
export function fileNameOf(server: string): string {
  if (server.toLowerCase() === 'mcpvisor') return `${server}~.log`;
  const encoded = encodeURIComponent(server)
    .replace(/[!'()*~]/g, (sign) => `%${sign.charCodeAt(0).toString(16).toUpperCase()}`)
    .replace(/^[.-]/, (sign) => `%${sign.charCodeAt(0).toString(16).toUpperCase()}`);
  if (encoded.length <= longestName) return `${encoded}.log`;
  const digest = createHash('sha256').update(server).digest('hex').slice(0, digestLength);
  return `${encoded.slice(0, longestName)}~${digest}.log`;
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
