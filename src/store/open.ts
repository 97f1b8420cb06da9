/** Opens the store that an address names. */

import { McpvisorError } from '../errors.ts';
import type { Store } from './contract.ts';
import { createMemoryStore } from './memory.ts';

export interface OpenStoreOptions {
  /** The wall clock in milliseconds. */
  readonly now: () => number;
}

/** Throws `NOT_AVAILABLE` for an address of no known kind. */
export async function openStore(address: string, { now }: OpenStoreOptions): Promise<Store> {
  if (address === 'memory:') return createMemoryStore(now);
  throw new McpvisorError('NOT_AVAILABLE', { what: 'a store other than memory:', instead: 'use store: "memory:".' });
}
