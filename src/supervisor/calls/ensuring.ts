/** Makes sure that servers are connected before work is sent to them. */

import { isMcpvisorError } from '../../errors.ts';
import type { Ensured, EnsureOptions, Supervisor } from '../contract.ts';
import type { ServerEntry } from '../ledger.ts';
import type { Waking } from './waking.ts';

export interface EnsuringOptions {
  /** Throws `SERVER_NOT_FOUND`. */
  readonly entryOf: (server: string) => ServerEntry;
  readonly waking: Pick<Waking, 'await'>;
}

export function createEnsuring({ entryOf, waking }: EnsuringOptions): Supervisor['ensureConnected'] {
  async function outcomeOf(server: string, options: EnsureOptions): Promise<Ensured> {
    try {
      await waking.await(entryOf(server), options);
      return { connected: true, error: null };
    } catch (error) {
      if (!isMcpvisorError(error)) throw error;
      return { connected: false, error };
    }
  }

  async function ensure(
    servers: readonly string[],
    { settle = 'first', ...options }: EnsureOptions & { readonly settle?: 'first' | 'all' } = {},
  ): Promise<ReadonlyMap<string, Ensured> | undefined> {
    const names = [...new Set(servers)];
    if (settle === 'all')
      return new Map(await Promise.all(names.map(async (name) => [name, await outcomeOf(name, options)] as const)));
    const entries = names.map(entryOf);
    await Promise.all(entries.map((entry) => waking.await(entry, options)));
    return undefined;
  }
  // What it resolves with depends on `settle`: the signature of the contract can express that.
  return ensure as Supervisor['ensureConnected'];
}
