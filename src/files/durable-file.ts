/**
 * A small file that is always either the old or the new one. What could not be written is written when it can be: its
 * disk may be full, or its folder gone, for a while.
 */

import { replaceOwnFile } from './own-file.ts';

export interface DurableFile {
  /**
   * Writes the text that `content` returns, now or a moment later. Calls during a write share the next one. Resolves
   * when it is on disk, or could not be written: `onTrouble` was called then, and it is tried again. Never rejects.
   */
  save(): Promise<void>;
  /** The same, a moment later, for all that changes until then. */
  saveSoon(): void;
  /** Resolves when nothing is left to write, or what is left cannot be written. Nothing is tried again. */
  close(): Promise<void>;
}

export interface DurableFileOptions {
  /** Mode 0600. */
  readonly path: string;
  readonly content: () => string;
  /** Called with the error of each write that failed, and with null once the file is up to date again. */
  readonly onTrouble: (error: unknown) => void;
  /** Time before a write that failed is tried again. */
  readonly retryMs: number;
}

/** What changes within this time after the first is written with it, in milliseconds. */
const gatherMs = 100;

export function createDurableFile({ path, content, onTrouble, retryMs }: DurableFileOptions): DurableFile {
  let last: Promise<void> = Promise.resolve();
  let next: Promise<void> | null = null;
  let isBehind = false;
  let retry: NodeJS.Timeout | undefined;
  let gathering: NodeJS.Timeout | undefined;

  const write = async (): Promise<void> => {
    next = null;
    clearTimeout(retry);
    try {
      await replaceOwnFile(path, content());
      if (isBehind) onTrouble(null);
      isBehind = false;
    } catch (error) {
      isBehind = true;
      clearTimeout(retry);
      // `save` does not reject.
      retry = setTimeout(() => void save(), retryMs).unref();
      onTrouble(error);
    }
  };

  const save = (): Promise<void> => {
    clearTimeout(gathering);
    gathering = undefined;
    next ??= last = last.then(write);
    return next;
  };

  return {
    save,
    saveSoon() {
      // `save` does not reject.
      gathering ??= setTimeout(() => void save(), gatherMs).unref();
    },
    async close() {
      if (gathering !== undefined) await save();
      await last;
      if (isBehind) await save();
      clearTimeout(retry);
    },
  };
}
