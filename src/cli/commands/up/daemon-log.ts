/** The log of a control plane in the background: a file of its state directory, rotated by the process itself. */

import { fstat } from 'node:fs';
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { RotatedFile } from '../../../observe/log/destination.ts';

/** It is rotated when it gets longer than this. */
export const maxLogBytes = 5 * 1024 * 1024;

export function daemonLogPath(stateDir: string): string {
  return join(stateDir, 'logs', 'mcpvisor.log');
}

/** That log, if the descriptor is open on it; null: it is open on something else, which is not ours to rotate. */
export async function daemonLogBehind(fd: number | undefined, stateDir: string): Promise<RotatedFile | null> {
  if (fd === undefined) return null;
  const path = daemonLogPath(stateDir);
  // A file that does not exist is not what the descriptor is open on, and one that cannot be looked at could not be
  // rotated either: the log goes on without.
  const [open, named] = await Promise.all([promisify(fstat)(fd), stat(path).catch(() => null)]);
  return named !== null && open.dev === named.dev && open.ino === named.ino
    ? { fd, path, maxFileBytes: maxLogBytes }
    : null;
}
