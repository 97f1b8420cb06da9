/** A store that ends with this process: the library's default, and what is left when no other can be opened. */

import { defaultMaxVersions } from './bounds.ts';
import { noConfiguration, withVersion } from './configuration.ts';
import type { ConfigurationVersion, JournalStore, KeptServer, Lease, Store, StoredFact } from './contract.ts';
import { bytesOf, matching } from './facts.ts';

const unknown: KeptServer = { wanted: null, counters: null, lists: null };

export interface MemoryStoreOptions {
  /** The wall clock in milliseconds. */
  readonly now: () => number;
  /** How many versions of the configuration are kept. Default 10 000. */
  readonly maxVersions?: number;
}

export function createMemoryStore({ now, maxVersions = defaultMaxVersions }: MemoryStoreOptions): Store {
  let versions: readonly ConfigurationVersion[] = [];
  let configuration = noConfiguration;
  const kept = new Map<string, KeptServer>();
  let held: (Lease & { readonly expiresAtMs: number }) | null = null;

  return {
    kind: 'memory',
    address: 'memory:',
    configuration: {
      read: async () => configuration,
      version: async () => configuration.version,
      async commit(expected, edit) {
        if (configuration.version !== expected) return null;
        const version = { ...edit, version: expected + 1 };
        versions = [...versions, version].slice(-maxVersions);
        configuration = withVersion(configuration, version);
        return version;
      },
      async versions({ before = Number.POSITIVE_INFINITY, limit }) {
        const older = versions.filter(({ version }) => version < before);
        return older.reverse().slice(0, limit);
      },
    },
    servers: {
      read: async () => new Map(kept),
      async write(written) {
        for (const [server, what] of written) {
          if (what === null) kept.delete(server);
          else kept.set(server, { ...(kept.get(server) ?? unknown), ...what });
        }
      },
    },
    journal: createMemoryJournal(),
    lease: {
      async take(lease, forMs) {
        const at = now();
        if (held !== null && held.instance !== lease.instance && held.expiresAtMs > at) {
          const { expiresAtMs, ...holder } = held;
          return { ...holder, expiresAt: new Date(expiresAtMs).toISOString() };
        }
        held = { ...lease, expiresAtMs: at + forMs };
        return null;
      },
      async release(instance) {
        if (held?.instance === instance) held = null;
      },
    },
    async close() {},
  };
}

function createMemoryJournal(): JournalStore {
  const facts: StoredFact[] = [];
  let bytes = 0;
  const lastSeq = () => facts.at(-1)?.seq ?? 0;
  return {
    async append(added) {
      const last = lastSeq();
      for (const fact of added) {
        if (fact.seq <= last) continue;
        facts.push(fact);
        bytes += bytesOf(fact);
      }
    },
    async read(query) {
      const found = facts.filter(matching(query));
      return (query.newestFirst ? found.reverse() : found).slice(0, query.limit);
    },
    extent: async () => ({ facts: facts.length, bytes, lastSeq: lastSeq() }),
    async trim({ olderThan, maxBytes }) {
      let removed = 0;
      for (const fact of facts) {
        if (fact.at >= olderThan && bytes <= maxBytes) break;
        bytes -= bytesOf(fact);
        removed += 1;
      }
      facts.splice(0, removed);
      return { removed };
    },
  };
}
