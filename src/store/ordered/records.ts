/**
 * An ordered database as values, which are changed one step after another. Each write is numbered and leaves its number
 * behind: what is missing from the numbers is missing from the store. LevelDB drops what it cannot read of its log
 * without a word, and LMDB goes back to the commit before if the page of the last one is damaged.
 */

import { StoreError } from '../error.ts';
import type { KeyRange, OrderedDatabase } from './database.ts';
import { numberOf, wholeRoom, writeKey } from './keys.ts';
import { jsonLengthOf, sealed, unsealed } from './seal.ts';

export interface Reader {
  /** Null: there is none. */
  get(key: string): Promise<unknown>;
  pages(range: KeyRange): AsyncGenerator<readonly StoredRecord[]>;
}

export interface Records extends Reader {
  /**
   * Reads, decides and writes, with no other update in between, be it of another process: then it is decided again. All
   * or nothing, and on disk when it resolves.
   */
  update<Result>(decide: (reader: Reader) => Promise<Decision<Result>>): Promise<Result>;
  /** Resolves when nothing is under way any more. May be called twice; does not throw. */
  close(): Promise<void>;
}

export interface StoredRecord {
  readonly key: string;
  /** Of its JSON, in characters. */
  readonly length: number;
  /** Throws `StoreError` if it is damaged. */
  value(): unknown;
}

export interface Decision<Result> {
  /** By key; null: it is removed. */
  readonly changes: ReadonlyMap<string, object | number | null>;
  readonly result: Result;
}

/**
 * How many numbers of writes are kept: more than the writes of which LevelDB may still have a log, as those are of at
 * most 2 MiB.
 */
export const keptWrites = 16_384;

export interface RecordsOptions {
  readonly database: OrderedDatabase;
  /** Called with the number of each write that is on disk. */
  readonly onWritten: (number: number) => void;
}

export function createRecords({ database, onWritten }: RecordsOptions): Records {
  /** Null: it is not known. */
  let newest: number | null = null;
  let lastUpdate: Promise<unknown> = Promise.resolve();
  let closed: Promise<void> | null = null;
  const reader = createReader(database);
  const running = new Set<Promise<unknown>>();

  const run = <Result>(work: () => Promise<Result>): Promise<Result> => {
    if (closed !== null) return Promise.reject(new StoreError('unavailable', 'the store is closed'));
    const done = work().finally(() => running.delete(done));
    running.add(done);
    return done;
  };

  async function carryOut<Result>(decide: (reader: Reader) => Promise<Decision<Result>>): Promise<Result> {
    for (;;) {
      const number = (newest ?? (await newestWrite(database))) + 1;
      const { changes, result } = await decide(reader);
      if (changes.size === 0) return result;
      // Nobody knows what a write that fails has done.
      newest = null;
      const marks = [
        { key: writeKey(number), text: sealed(writeKey(number), changes.size) },
        ...(number > keptWrites ? [{ key: writeKey(number - keptWrites), text: null }] : []),
      ];
      const texts = [...changes].map(([key, value]) => ({ key, text: value === null ? null : sealed(key, value) }));
      if (!(await database.write([...texts, ...marks], writeKey(number)))) continue;
      if (!database.isShared) newest = number;
      onWritten(number);
      return result;
    }
  }

  return {
    get: (key) => run(() => reader.get(key)),
    async *pages(range) {
      const pages = reader.pages(range);
      try {
        for (;;) {
          const next = await run(() => pages.next());
          if (next.done === true) return;
          yield next.value;
        }
      } finally {
        await pages.return(undefined);
      }
    },
    update: (decide) =>
      run(() => {
        const updated = lastUpdate.then(() => carryOut(decide));
        lastUpdate = updated.catch(() => undefined);
        return updated;
      }),
    close() {
      closed ??= closeWhenIdle(running, database);
      return closed;
    },
  };
}

function createReader(database: OrderedDatabase): Reader {
  return {
    async get(key) {
      const text = await database.get(key);
      return text === null ? null : unsealed(key, text);
    },
    async *pages(range) {
      for await (const page of database.pages(range))
        yield page.map(({ key, text }) => ({ key, length: jsonLengthOf(text), value: () => unsealed(key, text) }));
    },
  };
}

/** 0: there is none. */
async function newestWrite(database: Pick<OrderedDatabase, 'pages'>): Promise<number> {
  for await (const page of database.pages({ ...wholeRoom('write', true), pageSize: 1 }))
    return numberOf(page[0]?.key ?? '');
  return 0;
}

async function closeWhenIdle(running: ReadonlySet<Promise<unknown>>, database: OrderedDatabase): Promise<void> {
  await Promise.allSettled(running);
  // What was acknowledged is on disk, whether or not this succeeds.
  await database.close().catch(() => undefined);
}
