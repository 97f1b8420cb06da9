/** Opens the store that an address names. What an adapter needs is loaded only if it is the one. */

import { McpvisorError } from '../errors.ts';
import { folderOf, parseStoreAddress, storeForms } from './address.ts';
import type { Store } from './contract.ts';
import { StoreError } from './error.ts';
import { createMemoryStore } from './memory.ts';

export interface OpenStoreOptions {
  /** The wall clock in milliseconds. */
  readonly now: () => number;
  /** Absolute path; an embedded store whose address names no folder is in it. Null: there is none. */
  readonly stateDir: string | null;
  /** Where `MONGODB_URL` and `MONGO_DATABASE` are looked for. */
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Called with what somebody may want to know and does not have to mend. Default: it is dropped. */
  readonly onNotice?: (notice: string) => void;
}

export interface OpenedStore {
  readonly store: Store;
  /** Why it is not the store that was asked for but one in memory, with its address. Null: it is. */
  readonly trouble: string | null;
}

/**
 * Resolves within some seconds, also if a database is away: the store's methods reject then until it is back. An embedded
 * store that cannot be used as it is (it is damaged, say) is left alone, and one in memory takes its place. Throws `INVALID_REQUEST` for an address of no known kind, `NOT_AVAILABLE` for an embedded store without a
 * folder, and `StoreError` if a database cannot be used as it is, or another process has an embedded store open.
 */
export async function openStore(address: string, options: OpenStoreOptions): Promise<OpenedStore> {
  const parsed = parseStoreAddress(address);
  // The address is not repeated: it may hold a password.
  const message = 'is not the address of a store';
  if (parsed === null)
    throw new McpvisorError('INVALID_REQUEST', {
      problems: [{ path: 'store', message, hint: `there is: ${storeForms}`, severity: 'error' }],
    });
  const { now, stateDir, env, onNotice = () => {} } = options;
  if (parsed.kind === 'memory') return { store: createMemoryStore({ now }), trouble: null };
  if (parsed.kind === 'mongodb') {
    const { openMongoStore } = await import('./mongo/store.ts');
    return { store: openMongoStore(parsed.place, { now, env, onNotice }), trouble: null };
  }
  const { kind } = parsed;
  const folder = folderOf(parsed, stateDir);
  if (folder === null)
    throw new McpvisorError('NOT_AVAILABLE', {
      what: `the store ${kind}: without a folder or a stateDir`,
      instead: `use ${kind}:DIR, or give a stateDir.`,
    });
  try {
    const { openEmbedded } = await import('./embedded/open.ts');
    return { store: await openEmbedded(kind, folder, { now }), trouble: null };
  } catch (error) {
    // With a store of its own, it would run the same servers as who has this one.
    if (!(error instanceof StoreError) || error.trouble === 'in-use') throw named(error, `${kind}:${folder}`);
    return { store: createMemoryStore({ now }), trouble: `${kind}:${folder} cannot be used: ${error.message}` };
  }
}

/** The message of a store that is in use is its address. */
function named(error: unknown, address: string): unknown {
  return error instanceof StoreError ? new StoreError(error.trouble, address, { cause: error }) : error;
}
