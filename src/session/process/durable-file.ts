/** A small file that is always either the old or the new one, and on disk when `save` resolves. */

import { open, rename } from 'node:fs/promises';
import { dirname } from 'node:path';

export interface DurableFile {
  /**
   * Writes the text that `content` returns, now or a moment later. Calls during a write share the next one. Rejects
   * when it fails.
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
      // A failure of the previous write was reported to those who waited for it.
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
