/** Databases of tests, on a server of one kind. */

import { randomUUID } from 'node:crypto';
import { MongoClient } from 'mongodb';
import { onTestFinished } from 'vitest';
import type { Store } from '../../../src/store/contract.ts';
import { openMongoStore } from '../../../src/store/mongo/store.ts';

/** The address of a database that nobody else has. */
function freshAddress(serverUrl: string): string {
  const url = new URL(serverUrl);
  url.pathname = `/mcpvisor_test_${randomUUID().slice(0, 8)}`;
  return url.href;
}

export interface OpenMongoOptions {
  readonly maxVersions?: number;
  readonly boundMs?: number;
  readonly onNotice?: (notice: string) => void;
}

function openMongo(address: string, options: OpenMongoOptions = {}): Store {
  return openMongoStore(address, { now: Date.now, env: {}, onNotice: () => {}, ...options });
}

/** Called within a test: the address of a database that is removed when the test is over. */
export function createDatabase(serverUrl: string): string {
  const address = freshAddress(serverUrl);
  onTestFinished(() => asClient(address, async (database) => void (await database.dropDatabase())));
  return address;
}

/** Called within a test, which closes it. */
export function openIn(address: string, options: OpenMongoOptions = {}): Store {
  const store = openMongo(address, options);
  onTestFinished(() => store.close());
  return store;
}

/** What any other client of the database does. */
export async function asClient<T>(
  address: string,
  work: (database: ReturnType<MongoClient['db']>) => Promise<T>,
): Promise<T> {
  const client = new MongoClient(address);
  try {
    return await work(client.db());
  } finally {
    await client.close();
  }
}
