/** LevelDB as an ordered database. One process at a time has it open. */

import { ClassicLevel } from 'classic-level';
import {
  defaultPageSize,
  type KeyChange,
  type KeyRange,
  type OrderedDatabase,
  type Pair,
} from '../ordered/database.ts';
import { told } from './trouble.ts';

/**
 * A quarter of LevelDB's own default, and half: it keeps one or two such buffers as a log, whose writes have to be fewer
 * than those whose numbers are kept; and the pages it keeps in memory are read again by nobody.
 */
const options = { writeBufferSize: 1024 * 1024, cacheSize: 4 * 1024 * 1024 };

/** Rejects with `StoreError`. */
export async function createLevelDatabase(folder: string): Promise<OrderedDatabase> {
  const opened = new ClassicLevel(folder, options);
  await told(() => opened.open());
  let database: Promise<ClassicLevel> = Promise.resolve(opened);

  /**
   * A write that failed may have left half a record in the log, behind which nothing could be read any more. Opening it
   * again begins a new log.
   */
  const reopen = async (failed: ClassicLevel): Promise<ClassicLevel> => {
    await failed.close().catch(() => undefined);
    const next = new ClassicLevel(folder, options);
    await next.open();
    return next;
  };
  const afterFailure = (failed: ClassicLevel): Promise<ClassicLevel> => {
    const next = reopen(failed);
    next.catch(() => {
      // It is tried again when somebody asks for something.
      isBroken = failed;
    });
    return next;
  };
  let isBroken: ClassicLevel | null = null;
  const current = (): Promise<ClassicLevel> => {
    if (isBroken !== null) {
      database = afterFailure(isBroken);
      isBroken = null;
    }
    return database;
  };

  return {
    isShared: false,
    get: (key) => told(async () => (await (await current()).get(key)) ?? null),
    async *pages(range) {
      const iterator = (await told(current)).iterator(toIteratorOptions(range));
      try {
        for (;;) {
          const page = await told(() => iterator.nextv(range.pageSize ?? defaultPageSize));
          if (page.length === 0) return;
          yield page.map(([key, text]): Pair => ({ key, text }));
        }
      } finally {
        await told(() => iterator.close());
      }
    },
    write: (changes) =>
      told(async () => {
        const level = await current();
        try {
          await level.batch(changes.map(toOperation), { sync: true });
          return true;
        } catch (error) {
          database = afterFailure(level);
          throw error;
        }
      }),
    close: () => told(async () => (await database).close()),
  };
}

function toIteratorOptions({ first, last, newestFirst }: KeyRange) {
  // What is read in a row is read once.
  return { gte: first, lte: last, reverse: newestFirst, fillCache: false };
}

function toOperation({ key, text }: KeyChange) {
  return text === null ? ({ type: 'del', key } as const) : ({ type: 'put', key, value: text } as const);
}
