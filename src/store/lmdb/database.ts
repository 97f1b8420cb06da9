/** LMDB as an ordered database. Several processes may have it open. */

import { setImmediate } from 'node:timers/promises';
import { open, type RootDatabase } from 'lmdb';
import { codeOf } from '../../system-error.ts';
import { wordsOf } from '../../text/error-words.ts';
import { StoreError } from '../error.ts';
import { defaultPageSize, type OrderedDatabase, type Pair } from '../ordered/database.ts';

/** Throws `StoreError`. A damaged file may end the process. */
export function createLmdbDatabase(folder: string, { isReadOnly }: { readonly isReadOnly: boolean }): OrderedDatabase {
  const database = opened(folder, isReadOnly);
  return {
    isShared: true,
    get: (key) => told(async () => database.get(key) ?? null),
    async *pages({ first, last, newestFirst, pageSize = defaultPageSize }) {
      const [begin, end] = newestFirst ? [last, first] : [first, last];
      const rest = { reverse: newestFirst, end, inclusiveEnd: true, limit: pageSize };
      for (let start = begin, exclusiveStart = false; ; exclusiveStart = true) {
        // A page at a time: a reader that stays keeps LMDB from using pages again.
        const page = await told(async () => [...database.getRange({ ...rest, start, exclusiveStart })]);
        if (page.length > 0) yield page.map(({ key, value }): Pair => ({ key, text: value }));
        if (page.length < pageSize) return;
        start = page.at(-1)?.key ?? end;
        await setImmediate();
      }
    },
    write: (changes, unless) =>
      told(() =>
        database.ifNoExists(unless, () => {
          // Each is part of the transaction that is awaited.
          for (const { key, text } of changes) void (text === null ? database.remove(key) : database.put(key, text));
        }),
      ),
    close: () => told(() => database.close()),
  };
}

function opened(folder: string, isReadOnly: boolean): RootDatabase<string, string> {
  try {
    const database = open<string, string>({
      path: folder,
      noSubdir: false,
      encoding: 'string',
      cache: false,
      readOnly: isReadOnly,
      // A write is answered when it is on disk, not before.
      overlappingSync: false,
    });
    // Readers that were killed would keep pages from being used again.
    if (!isReadOnly) database.readerCheck();
    return database;
  } catch (error) {
    throw toTrouble(error);
  }
}

/** MDB_CORRUPTED, MDB_PAGE_NOTFOUND, MDB_INVALID, MDB_VERSION_MISMATCH, MDB_BAD_TXN. */
const corruptCodes: ReadonlySet<number | string | null> = new Set([-30796, -30797, -30793, -30794, -30782]);

function toTrouble(error: unknown): StoreError {
  const trouble = corruptCodes.has(codeOf(error)) ? 'corrupt' : 'unavailable';
  return new StoreError(trouble, wordsOf(error), { cause: error });
}

async function told<Result>(work: () => Promise<Result>): Promise<Result> {
  try {
    return await work();
  } catch (error) {
    throw toTrouble(error);
  }
}
