/** The folder of an embedded store: ours alone, and never one that holds something else. */

import { chmod, mkdir, readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { wordsOf } from '../../text/error-words.ts';
import { StoreError } from '../error.ts';
import { acknowledgedFile, readAcknowledged } from './acknowledged.ts';
import type { EmbeddedKind } from './adapter.ts';

interface KindFiles {
  /** The file without which there is no store. */
  readonly main: string;
  /** Of these files there may be some when one was killed while it made a store, or checked it. */
  readonly early: RegExp;
  readonly any: RegExp;
}

const filesOf: Readonly<Record<EmbeddedKind, KindFiles>> = {
  level: {
    main: 'CURRENT',
    early: /^(LOCK|LOG|LOG\.old|MANIFEST-000001|000001\.dbtmp|check)$/,
    any: /^(LOCK|LOG|LOG\.old|CURRENT|check|MANIFEST-\d+|\d+\.(ldb|sst|log|dbtmp))$/,
  },
  lmdb: { main: 'data.mdb', early: /^(lock|data)\.mdb$/, any: /^(lock|data)\.mdb$/ },
};

/**
 * Makes the folder with mode 0700, or closes an existing one to others. Resolves to whether a store is in it. Throws
 * `StoreError` for a folder that cannot be used, that holds anything else, or of whose store the main file is gone.
 */
export async function prepareFolder(kind: EmbeddedKind, folder: string): Promise<{ readonly isFresh: boolean }> {
  try {
    await mkdir(folder, { recursive: true, mode: 0o700 });
    const entries = await readdir(folder);
    const isFresh = await isWithoutStore(kind, folder, entries);
    if (((await stat(folder)).mode & 0o077) !== 0) await chmod(folder, 0o700);
    return { isFresh };
  } catch (error) {
    if (error instanceof StoreError) throw error;
    throw new StoreError('unavailable', `its folder cannot be used: ${wordsOf(error)}`, { cause: error });
  }
}

async function isWithoutStore(kind: EmbeddedKind, folder: string, entries: readonly string[]): Promise<boolean> {
  const { main, early, any } = filesOf[kind];
  const others = entries.filter((entry) => entry !== acknowledgedFile);
  const strange = others.find((entry) => !any.test(entry));
  if (strange !== undefined) throw new StoreError('refused', `its folder holds something else: ${strange}`);
  const isThere = others.includes(main) && (await stat(join(folder, main))).size > 0;
  if (isThere) return false;
  const isEarly = others.every((entry) => early.test(entry) || entry === main);
  if (isEarly && (await readAcknowledged(folder)) === 0) return true;
  throw new StoreError('corrupt', `its file ${main} is gone or empty`);
}
