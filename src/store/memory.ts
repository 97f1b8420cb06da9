/** A store that ends with this process: the library's default, and what is left when no other can be opened. */

import type {
  Change,
  ConfigurationVersion,
  FactQuery,
  JournalStore,
  KeptServer,
  Lease,
  Store,
  StoredConfiguration,
  StoredEntry,
  StoredFact,
  ToldSource,
} from './contract.ts';

const unknown: KeptServer = { wanted: null, counters: null, lists: null };

export function createMemoryStore(now: () => number): Store {
  const versions: ConfigurationVersion[] = [];
  let configuration = noConfiguration;
  const kept = new Map<string, KeptServer>();
  let held: (Lease & { readonly expiresAtMs: number }) | null = null;

  return {
    kind: 'memory',
    address: 'memory:',
    configuration: {
      read: async () => configuration,
      version: async () => versions.length,
      async commit(expected, edit) {
        if (versions.length !== expected) return null;
        const version = { ...edit, version: expected + 1 };
        versions.push(version);
        configuration = withVersion(configuration, version);
        return version;
      },
      async versions({ before = Number.POSITIVE_INFINITY, limit }) {
        return versions
          .filter(({ version }) => version < before)
          .slice(-limit)
          .reverse();
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

const untold: ToldSource = { servers: new Map(), settings: null };

/** What a store without a version holds. */
export const noConfiguration: StoredConfiguration = {
  version: 0,
  servers: new Map(),
  told: { file: untold, host: untold },
};

/** What all versions say together, once this one is the newest. A server that is new comes last. */
export function withVersion(
  { servers, told }: StoredConfiguration,
  { version, changes }: ConfigurationVersion,
): StoredConfiguration {
  const of = (source: Change['source']) => changes.filter((change) => change.source === source);
  return {
    version,
    servers: withChanges(servers, of('store')),
    told: { file: toldAfter(told.file, of('file')), host: toldAfter(told.host, of('host')) },
  };
}

function toldAfter({ servers, settings }: ToldSource, changes: readonly Change[]): ToldSource {
  const ofSettings = changes.findLast(({ server }) => server === null);
  return {
    servers: withChanges(servers, changes),
    settings: ofSettings === undefined ? settings : ofSettings.after,
  };
}

function withChanges(
  servers: ReadonlyMap<string, StoredEntry>,
  changes: readonly Change[],
): ReadonlyMap<string, StoredEntry> {
  if (changes.length === 0) return servers;
  const after = new Map(servers);
  for (const { server, after: entry } of changes) {
    if (server === null) continue;
    if (entry === null) after.delete(server);
    else after.set(server, entry);
  }
  return after;
}

/** What a fact counts in a journal's bytes. */
export function bytesOf(fact: StoredFact): number {
  return JSON.stringify(fact).length;
}

function createMemoryJournal(): JournalStore {
  let facts: readonly StoredFact[] = [];
  const bytes = () => facts.reduce((sum, fact) => sum + bytesOf(fact), 0);
  const lastSeq = () => facts.at(-1)?.seq ?? 0;
  return {
    async append(added) {
      const last = lastSeq();
      facts = [...facts, ...added.filter(({ seq }) => seq > last)];
    },
    async read(query) {
      const found = facts.filter(matching(query));
      return (query.newestFirst ? found.reverse() : found).slice(0, query.limit);
    },
    extent: async () => ({ facts: facts.length, bytes: bytes(), lastSeq: lastSeq() }),
    async trim({ olderThan, maxBytes }) {
      const before = facts.length;
      let left = bytes();
      let first = facts.findIndex((fact) => {
        if (fact.at >= olderThan && left <= maxBytes) return true;
        left -= bytesOf(fact);
        return false;
      });
      if (first < 0) first = facts.length;
      facts = facts.slice(first);
      return { removed: before - facts.length };
    },
  };
}

export function matching({ actors, types, since, until, after }: FactQuery): (fact: StoredFact) => boolean {
  const [ofActors, ofTypes] = [actors && new Set(actors), types && new Set(types)];
  return (fact) =>
    fact.seq > after &&
    ofActors?.has(fact.actor) !== false &&
    ofTypes?.has(fact.type) !== false &&
    (since === null || fact.at >= since) &&
    (until === null || fact.at <= until);
}
