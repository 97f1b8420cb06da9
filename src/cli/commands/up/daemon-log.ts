/** The log of a control plane in the background: a file of its state directory, which it keeps short itself. */

import { fstat } from 'node:fs';
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { RotatedFile } from '../../../observe/log/destination.ts';

/** Longer than this, it is put aside. */
export const maxLogBytes = 5 * 1024 * 1024;

export function daemonLogPath(stateDir: string): string {
  return join(stateDir, 'logs', 'mcpvisor.log');
}

/** The descriptor as that log, if it leads there; null: it leads somewhere else, where others see to its length. */
export async function daemonLogBehind(fd: number | undefined, stateDir: string): Promise<RotatedFile | null> {
  if (fd === undefined) return null;
  const path = daemonLogPath(stateDir);
  // One that is not there is not behind the descriptor either.
  const [open, named] = await Promise.all([promisify(fstat)(fd), stat(path).catch(() => null)]);
  return named !== null && open.dev === named.dev && open.ino === named.ino
    ? { fd, path, maxFileBytes: maxLogBytes }
    : null;
}
