/**
 * The number of the last write that was acknowledged, in a file beside the database. When the end of what a database
 * wrote is cut off, it opens as if nothing had been there. The file is written after each write, without waiting for the
 * disk: after a power cut it may be behind, but never ahead.
 */

import { type FileHandle, open, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { isSystemError } from '../../system-error.ts';

export const acknowledgedFile = 'acknowledged';

const digits = 16;

export interface Acknowledged {
  /** Never throws; a number lower than the last is not written. */
  note(number: number): void;
  /** Resolves when the last number is written. Never rejects. */
  close(): Promise<void>;
}

/** 0: nothing was, or nobody knows. Rejects with the system's error if the file is there and cannot be read. */
export async function readAcknowledged(folder: string): Promise<number> {
  try {
    const text = await readFile(join(folder, acknowledgedFile), 'utf8');
    return /^\d{16}\n$/.test(text) ? Number(text) : 0;
  } catch (error) {
    if (isSystemError(error, 'ENOENT')) return 0;
    throw error;
  }
}

/** Rejects with the system's error. */
export async function openAcknowledged(folder: string): Promise<Acknowledged> {
  const path = join(folder, acknowledgedFile);
  const file = await open(path, 'r+', 0o600).catch(() => open(path, 'w+', 0o600));
  let newest = 0;
  let written = 0;
  let writing: Promise<void> | null = null;
  return {
    note(number) {
      newest = Math.max(newest, number);
      writing ??= write().finally(() => {
        writing = null;
      });
    },
    async close() {
      await writing;
      await file.close().catch(() => undefined);
    },
  };

  async function write(): Promise<void> {
    while (written < newest) {
      const number = newest;
      await writeNumber(file, number);
      written = number;
    }
  }
}

/** Of a file that cannot be written nothing is lost but what it would have told. */
async function writeNumber(file: FileHandle, number: number): Promise<void> {
  await file.write(`${String(number).padStart(digits, '0')}\n`, 0).catch(() => undefined);
}
