/**
 * Keeps the files of a running control plane where others look for them: what somebody cleaned away is made again, with
 * its modes.
 */

import { join } from 'node:path';
import { isThere, readOwnFile, replaceOwnFile } from '../files/own-file.ts';
import type { Lock } from './lock.ts';

/** A file that others find this control plane by. */
export interface KeptFile {
  readonly name: string;
  readonly text: string;
}

export interface Upkeep {
  /** Adds a file, which is there when this resolves. Rejects with the system's error. */
  keep(file: KeptFile): Promise<void>;
  /** Stops, once a look in progress is over. May be called twice; does not throw. */
  close(): Promise<void>;
}

export interface UpkeepOptions {
  readonly stateDir: string;
  /** The lock: if it names another owner, nothing is written any more. */
  readonly lock: Pick<Lock, 'text' | 'restore'>;
  readonly files: readonly KeptFile[];
  /** Called with the error of each look that failed, and with null once all is well again. */
  readonly onTrouble: (error: unknown) => void;
  /** Default 2 000. */
  readonly everyMs?: number;
}

export function openUpkeep({ stateDir, lock, files, onTrouble, everyMs = 2_000 }: UpkeepOptions): Upkeep {
  const lockFile: KeptFile = { name: 'lock', text: lock.text };
  const kept = [lockFile, ...files];
  let isTroubled = false;
  let isClosed = false;
  let timer: NodeJS.Timeout | undefined;
  let looking: Promise<void> = Promise.resolve();

  async function look(): Promise<void> {
    try {
      for (const { name, text } of kept) {
        const path = join(stateDir, name);
        if (await isThere(path)) continue;
        if (isClosed) return;
        await replaceOwnFile(path, text);
      }
      await lock.restore();
      refuseOther(stateDir, lockFile);
      if (isTroubled) onTrouble(null);
      isTroubled = false;
    } catch (error) {
      isTroubled = true;
      onTrouble(error);
    }
    schedule();
  }

  function schedule(): void {
    if (isClosed) return;
    timer = setTimeout(() => {
      looking = look();
    }, everyMs).unref();
  }

  schedule();
  return {
    async keep(file) {
      await replaceOwnFile(join(stateDir, file.name), file.text);
      kept.push(file);
    },
    async close() {
      isClosed = true;
      clearTimeout(timer);
      await looking;
    },
  };
}

/** While the directory was gone, another control plane may have taken it. */
function refuseOther(stateDir: string, { name, text }: KeptFile): void {
  if (readOwnFile(join(stateDir, name)) !== text)
    throw new Error('another control plane has taken the directory: its servers may run twice');
}
