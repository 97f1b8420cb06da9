/**
 * A file of the state directory that commands write while a control plane reads it, and perhaps other commands write it,
 * too.
 */

import { open, rm, stat } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { McpvisorError } from '../errors.ts';
import { replaceOwnFile } from '../files/own-file.ts';
import { isSystemError } from '../system-error.ts';
import { wordsOf } from '../text/error-words.ts';

export interface SharedEdit {
  readonly stateDir: string;
  readonly path: string;
  /** The whole text as it shall be, made from what the file says now. What it throws ends the edit. */
  readonly textNow: () => string;
}

/** A command that holds the lock for longer was killed, in milliseconds: the edit takes a moment. */
const staleMs = 10_000;
const mostWaitMs = 30_000;
const lookEveryMs = 20;

/**
 * Commands that edit the file take turns. Resolves when it is on disk, mode 0600. Rejects with
 * `STATE_DIRECTORY_UNUSABLE`, or what `textNow` throws.
 */
export async function editShared({ stateDir, path, textNow }: SharedEdit): Promise<void> {
  const lock = `${path}.lock`;
  const refuse = (cause: unknown): never => {
    if (cause instanceof McpvisorError) throw cause;
    throw new McpvisorError('STATE_DIRECTORY_UNUSABLE', { stateDir, reason: `${path}: ${wordsOf(cause)}` }, { cause });
  };
  await take(lock).catch(refuse);
  try {
    await replaceOwnFile(path, textNow()).catch(refuse);
  } finally {
    await rm(lock, { force: true });
  }
}

async function take(lock: string): Promise<void> {
  for (let waitedMs = 0; ; waitedMs += lookEveryMs) {
    try {
      await (await open(lock, 'wx', 0o600)).close();
      return;
    } catch (error) {
      if (!isSystemError(error, 'EEXIST') || waitedMs >= mostWaitMs) throw error;
    }
    await delay(lookEveryMs);
    // Gone: it is taken at the next look.
    const found = await stat(lock).catch(() => null);
    if (found !== null && Date.now() - found.mtimeMs > staleMs) await rm(lock, { force: true });
  }
}
