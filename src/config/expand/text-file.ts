/** Reads small files that a configuration names. */

import { readFileSync, statSync } from 'node:fs';
import { systemCodeOf } from '../../system-error.ts';

/** Larger than any key, token or environment file. */
const maxTextBytes = 1_048_576;

export type ReadTextFile = (path: string) => string;

/** Reads a regular file of at most 1 MiB. Throws the system's error, or one that says what else is wrong. */
export function readTextFile(path: string): string {
  const { size } = regularFile(path);
  if (size > maxTextBytes) throw new Error(`the file is larger than ${maxTextBytes} bytes`);
  return readFileSync(path, 'utf8');
}

/** A pipe or device could block the whole process for ever. */
function regularFile(path: string): { readonly size: number } {
  const stats = statSync(path);
  if (!stats.isFile()) throw new Error('it is not a regular file');
  return stats;
}

/** Why a file could not be read, without its path: the system's code, or the message of an error thrown above. */
export function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return 'unknown reason';
  return systemCodeOf(error) ?? error.message;
}
