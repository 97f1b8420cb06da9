/**
 * The connection to MongoDB: made when it is first needed, made again after it was of no use, and never waited for
 * longer than a bound. Rejects with `StoreError` and nothing else.
 */

import { type Db, type DbOptions, MongoClient, type MongoClientOptions } from 'mongodb';
import { StoreError } from '../error.ts';
import type { MongoAddress } from './address.ts';
import { isAnswered, toStoreError } from './trouble.ts';

export interface MongoConnection {
  /**
   * Carries `work` out. `signal` aborts when its time is over: then nothing may be sent any more. What was sent before
   * may still be carried out, so that everything that `work` does is safe to be done twice, and late.
   */
  run<T>(work: (database: Db, signal: AbortSignal) => Promise<T>): Promise<T>;
  /** Waits for what was asked for before. May be called twice; does not throw. */
  close(): Promise<void>;
}

/** The driver's own limits wait 30 s or for ever. A caller here rather hears that the store is away. */
export const defaultBoundMs = 5_000;

export interface ConnectionOptions {
  /** How long anything may take, in milliseconds. */
  readonly boundMs: number;
  /** Called before the first `work`, and again until it has succeeded. */
  readonly prepare: (database: Db) => Promise<void>;
}

/** What the driver gives up by itself, it can say more about: the bound is a little later. */
const shareOfDriver = 0.8;

/** Throws `StoreError` for a connection string that the driver refuses. */
export function connectMongo({ url, database }: MongoAddress, options: ConnectionOptions): MongoConnection {
  const { boundMs, prepare } = options;
  const driverMs = Math.ceil(boundMs * shareOfDriver);
  const clientOptions: MongoClientOptions = {
    appName: 'mcpvisor',
    serverSelectionTimeoutMS: driverMs,
    connectTimeoutMS: driverMs,
    socketTimeoutMS: boundMs,
    waitQueueTimeoutMS: driverMs,
    maxPoolSize: 8,
    // After a connection broke, how soon the server may be looked for again.
    minHeartbeatFrequencyMS: 100,
  };
  /**
   * Acknowledged means that a majority has it on disk, and what is read is what was acknowledged, whatever the
   * connection string says. (A server on its own is a majority.)
   */
  const databaseOptions: DbOptions = {
    writeConcern: { w: 'majority', journal: true, wtimeoutMS: driverMs },
    readPreference: 'primary',
  };
  let client: MongoClient | null = createClient(url, clientOptions);
  let closed: Promise<void> | null = null;
  /** What is under way. None of these rejects. */
  const pending = new Set<Promise<unknown>>();
  let prepared: Promise<void> | null = null;

  /**
   * A connection that did not answer may be half open, and would be tried again and again; and after a first connection
   * that failed, the driver's client stays closed.
   */
  function discard(used: MongoClient): void {
    if (client !== used) return;
    client = null;
    void closeClient(used);
  }

  function prepareOnce(used: Db): Promise<void> {
    prepared ??= prepare(used).catch((error: unknown) => {
      prepared = null;
      throw error;
    });
    return prepared;
  }

  async function carryOut<T>(work: (database: Db, signal: AbortSignal) => Promise<T>): Promise<T> {
    client ??= createClient(url, clientOptions);
    const used = client;
    const db = used.db(database, databaseOptions);
    const ending = new AbortController();
    try {
      return await within(
        prepareOnce(db).then(() => {
          ending.signal.throwIfAborted();
          return work(db, ending.signal);
        }),
        { ending, boundMs },
      );
    } catch (error) {
      if (ending.signal.aborted || !isAnswered(error)) discard(used);
      throw toStoreError(error);
    }
  }

  async function closeAll(): Promise<void> {
    await Promise.all(pending);
    if (client !== null) await closeClient(client);
    client = null;
  }

  return {
    async run(work) {
      if (closed !== null) throw new StoreError('unavailable', 'The store is closed.');
      const done = carryOut(work);
      // The caller hears what became of it.
      const settled = done.then(
        () => {},
        () => {},
      );
      pending.add(settled);
      void settled.then(() => pending.delete(settled));
      return done;
    },
    close() {
      closed ??= closeAll();
      return closed;
    },
  };
}

/** Rejects when the time is over; what `work` does later is nobody's any more. */
async function within<T>(
  work: Promise<T>,
  { ending, boundMs }: { readonly ending: AbortController; readonly boundMs: number },
): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      ending.abort();
      reject(new StoreError('unavailable', `MongoDB did not answer within ${boundMs / 1_000} s.`));
    }, boundMs);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}

function createClient(url: string, options: MongoClientOptions): MongoClient {
  try {
    return new MongoClient(url, options);
  } catch {
    // What the driver says would quote from the connection string.
    throw new StoreError('refused', 'The driver of MongoDB refuses the hosts or options of the connection string.');
  }
}

/** Does not wait for the goodbye of a server that is away. */
async function closeClient(client: MongoClient): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const longEnough = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, 1_000);
  });
  // Whatever is wrong with a connection that nobody needs any more is nobody's trouble.
  await Promise.race([client.close().catch(() => {}), longEnough]);
  clearTimeout(timer);
}
