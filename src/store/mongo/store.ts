/** A store in MongoDB, or in what speaks its protocol: no more is asked for than every one since 4.4 has. */

import { defaultMaxVersions } from '../bounds.ts';
import type { Store } from '../contract.ts';
import { parseMongoAddress } from './address.ts';
import { createMongoConfiguration } from './configuration.ts';
import { connectMongo, defaultBoundMs } from './connection.ts';
import { createMongoJournal } from './journal.ts';
import { createMongoLease } from './lease.ts';
import { prepareSchema } from './schema.ts';
import { createMongoServers } from './servers.ts';

export interface MongoStoreOptions {
  readonly now: () => number;
  /** Versions of the configuration that are kept. Default: `defaultMaxVersions`. */
  readonly maxVersions?: number;
  /** How long anything may take, in milliseconds. Default 5 000. */
  readonly boundMs?: number;
  /** Where `MONGODB_URL` and `MONGO_DATABASE` are looked up. */
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Called with what somebody may want to know and does not have to mend. */
  readonly onNotice: (notice: string) => void;
}

/**
 * Connects when it is first asked for something: a database that is away keeps nobody from starting. Throws `StoreError`
 * for an address that cannot be one.
 */
export function openMongoStore(address: string, options: MongoStoreOptions): Store {
  const { now, maxVersions = defaultMaxVersions, boundMs = defaultBoundMs, env, onNotice } = options;
  const parsed = parseMongoAddress(address, env);
  const connection = connectMongo(parsed, { boundMs, prepare: (database) => prepareSchema(database, onNotice) });
  return {
    kind: 'mongodb',
    address: parsed.shown,
    configuration: createMongoConfiguration(connection, maxVersions),
    servers: createMongoServers(connection),
    journal: createMongoJournal(connection, now),
    lease: createMongoLease(connection),
    close: connection.close,
  };
}
