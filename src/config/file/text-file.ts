/** Reads the configuration, and the small files it names, without trusting what is in their place. */

import { closeSync, constants, fstatSync, openSync, readSync } from 'node:fs';
import { systemCodeOf } from '../../system-error.ts';
import { decodeText } from './text-encoding.ts';

/** Larger than any key, token or environment file. */
const maxTextBytes = 1_048_576;

/** Larger than any configuration that people or programs write; a larger file is another one by mistake. */
export const maxConfigBytes = 8 * 1_048_576;

export type ReadTextFile = (path: string) => string;

/** What a shell puts in the place of `<(…)`: our own descriptor, with its number. Null: another path. */
export function descriptorIn(path: string): number | null {
  if (path === '/dev/stdin') return 0;
  const number = /^\/(?:dev|proc\/self)\/fd\/(\d{1,4})$/.exec(path)?.[1];
  return number === undefined ? null : Number(number);
}

/** Whether the path is that of a pipe that was given to us: it can be read once, and has no later text. */
export function isGivenPipe(path: string): boolean {
  const descriptor = descriptorIn(path);
  if (descriptor === null) return false;
  try {
    return fstatSync(descriptor).isFIFO();
  } catch {
    // It is not open.
    return false;
  }
}

export interface TextFileOptions {
  /** Default 1 MiB. */
  readonly maxBytes?: number;
  /** Whether a pipe may be read, which waits for its writer. Default: no. */
  readonly mayWait?: boolean;
}

/**
 * The text of a regular file. Throws the system's error, or one that says what else is wrong: a pipe or device could
 * block the whole process for ever, and a file that is not text would be something else in every value.
 */
export function readTextFile(path: string, { maxBytes = maxTextBytes, mayWait = false }: TextFileOptions = {}): string {
  // Opening a pipe waits for its writer, unless told otherwise.
  const file = openSync(path, mayWait ? constants.O_RDONLY : constants.O_RDONLY | constants.O_NONBLOCK);
  try {
    const stats = fstatSync(file);
    if (!stats.isFile() && !(mayWait && stats.isFIFO())) throw new Error('it is not a regular file');
    if (stats.size > maxBytes) throw tooLarge(maxBytes);
    return decodeText(readAtMost(file, maxBytes));
  } finally {
    closeSync(file);
  }
}

/** It may grow while it is read, and files of the system say that they are empty. */
function readAtMost(file: number, maxBytes: number): Buffer {
  const chunks: Buffer[] = [];
  let length = 0;
  for (;;) {
    const chunk = Buffer.allocUnsafe(65_536);
    const read = readSync(file, chunk);
    if (read === 0) return Buffer.concat(chunks, length);
    length += read;
    if (length > maxBytes) throw tooLarge(maxBytes);
    chunks.push(chunk.subarray(0, read));
  }
}

function tooLarge(maxBytes: number): Error {
  return new Error(`the file is larger than ${maxBytes} bytes`);
}

/** Why a file could not be read, without its path: the system's code, or the message of an error thrown above. */
export function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return 'unknown reason';
  return systemCodeOf(error) ?? error.message;
}
