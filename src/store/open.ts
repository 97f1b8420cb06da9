/** Opens the store that an address names. What an adapter needs is loaded only if it is the one. */

import { McpvisorError } from '../errors.ts';
import { parseStoreAddress, storeForms } from './address.ts';
import type { Store } from './contract.ts';
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

/**
 * Resolves within some seconds, also if the store is away: its methods reject then until it is back. Throws
 * `INVALID_REQUEST` for an address of no known kind, `NOT_AVAILABLE` for a kind that this version does not have, and
 * `StoreError` if the store cannot be used as it is: it is in use by another process, or corrupt.
 */
export async function openStore(address: string, options: OpenStoreOptions): Promise<Store> {
  const parsed = parseStoreAddress(address);
  // The address is not repeated: it may hold a password.
  const message = 'is not the address of a store';
  if (parsed === null)
    throw new McpvisorError('INVALID_REQUEST', {
      problems: [{ path: 'store', message, hint: `there is: ${storeForms}`, severity: 'error' }],
    });
  const { now, env, onNotice = () => {} } = options;
  if (parsed.kind === 'memory') return createMemoryStore({ now });
  if (parsed.kind === 'mongodb') {
    const { openMongoStore } = await import('./mongo/store.ts');
    return openMongoStore(parsed.place, { now, env, onNotice });
  }
  throw new McpvisorError('NOT_AVAILABLE', {
    what: 'a store other than memory: and mongodb:',
    instead: 'use one of them.',
  });
}
