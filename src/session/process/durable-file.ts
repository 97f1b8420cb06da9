/** A small file that is either the old one or the new one, whatever happens, and on disk when `save` says so. */

import { open, rename } from 'node:fs/promises';
import { dirname } from 'node:path';

export interface DurableFile {
  /**
   * Writes what `content` says now or a moment later. Calls that come while a write is under way share the next one.
   * Rejects when it fails.
   */
  save(): Promise<void>;
  /** Resolves when nothing is left to write; never rejects. */
  settled(): Promise<void>;
}

/** Mode 0600. The folder must exist. */
export function createDurableFile(path: string, content: () => string): DurableFile {
  let last: Promise<void> = Promise.resolve();
  let next: Promise<void> | null = null;

  const write = async (): Promise<void> => {
    next = null;
    await replace(path, content());
  };

  return {
    save() {
      // The failure of the write before was told to those who waited for it.
      next ??= last = last.catch(() => {}).then(write);
      return next;
    },
    settled: () => last.catch(() => {}),
  };
}

async function replace(path: string, text: string): Promise<void> {
  const beside = `${path}.tmp`;
  const file = await open(beside, 'w', 0o600);
  try {
    await file.writeFile(text);
    await file.sync();
  } finally {
    await file.close();
  }
  await rename(beside, path);
  const folder = await open(dirname(path), 'r');
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}
