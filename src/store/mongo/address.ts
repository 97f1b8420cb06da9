/** Where MongoDB is, as it was given: the connection string, the database, and what of it may be shown. */

import { StoreError } from '../error.ts';

export interface MongoAddress {
  /** The connection string as it was given. A secret: it may hold a password. */
  readonly url: string;
  readonly database: string;
  /** Hosts and database, without credentials and options. */
  readonly shown: string;
}

const defaultDatabase = 'mcpvisor';

/** The scheme, user and password, hosts, database, and options of a connection string; hosts may be a list. */
const connectionString = /^(mongodb(?:\+srv)?):\/\/(?:[^/?]*@)?([^/?@]+)(?:\/([^/?]*))?(?:\?.*)?$/s;

/**
 * `mongodb:` takes the address from `MONGODB_URL`. The database is the one in the path, else `MONGO_DATABASE`, else
 * `mcpvisor`; never the driver's own default, which is `test`. Throws `StoreError` in words without the address.
 */
export function parseMongoAddress(address: string, env: Readonly<Record<string, string | undefined>>): MongoAddress {
  const isFromEnvironment = address === 'mongodb:';
  const url = isFromEnvironment ? (env.MONGODB_URL ?? '').trim() : address;
  const origin = isFromEnvironment ? 'MONGODB_URL' : 'the address of the store';
  if (url === '')
    throw new StoreError('refused', 'The store mongodb: takes its address from MONGODB_URL, which is not set.');
  const [, scheme, hosts, path = ''] = connectionString.exec(url) ?? [];
  if (scheme === undefined || hosts === undefined)
    throw new StoreError(
      'refused',
      `${origin} is no connection string such as mongodb://HOST:PORT/DATABASE; special characters in the user name or password are written percent-encoded.`,
    );
  const database = decoded(path) || (env.MONGO_DATABASE ?? '').trim() || defaultDatabase;
  // What every MongoDB refuses, on any system; and the databases that are its own.
  if (/[/\\. "$*<>:|?\0]/.test(database) || Buffer.byteLength(database) > 63 || ownDatabases.has(database))
    throw new StoreError('refused', `"${database}" is no name for a database of MongoDB that may be used as a store.`);
  return { url, database, shown: `${scheme}://${hosts}/${database}` };
}

const ownDatabases: ReadonlySet<string> = new Set(['admin', 'config', 'local']);

function decoded(path: string): string {
  try {
    return decodeURIComponent(path);
  } catch {
    // A stray percent sign: the check of the name refuses what is not one.
    return path;
  }
}
