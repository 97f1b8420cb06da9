/**
 * What the control plane remembers, whatever keeps it: configuration versions, what is known of each server, the
 * journal, and who may use the store. Only plain JSON goes in and comes out. One suite of tests runs against every
 * adapter.
 */

import type { Counters } from '../../machines/policy/restart.ts';

export interface Store {
  readonly kind: StoreKind;
  /** Where it is, without credentials: `memory:`, a folder, host and database. */
  readonly address: string;
  readonly configuration: ConfigurationStore;
  readonly servers: ServerStore;
  readonly journal: JournalStore;
  readonly lease: LeaseStore;
  /** Resolves when everything that was accepted is kept, and everything is released. May be called twice; does not throw. */
  close(): Promise<void>;
}

export type StoreKind = 'memory' | 'level' | 'lmdb' | 'mongodb';

/**
 * Every method rejects with `StoreError` and nothing else. Whatever it says it has written is still there after a
 * SIGKILL of this process in the next moment (not for `memory:`).
 */
export interface ConfigurationStore {
  /** The newest version, with what all versions together say. */
  read(): Promise<StoredConfiguration>;
  /** Only its number; cheap enough to be asked each second. 0: there is none. */
  version(): Promise<number>;
  /**
   * Adds the version after `expected` and resolves to it. Null: another version is the newest, nothing was written. Of
   * writers with the same `expected` exactly one gets it.
   */
  commit(expected: number, edit: Edit): Promise<ConfigurationVersion | null>;
  /** The newest first. */
  versions(page: VersionQuery): Promise<readonly ConfigurationVersion[]>;
}

/** An entry as it is written in a configuration. */
export type StoredEntry = Readonly<Record<string, unknown>>;

export interface StoredConfiguration {
  /** 0: nothing was ever committed. */
  readonly version: number;
  /** The servers that live in the store, in the order in which they were added. */
  readonly servers: ReadonlyMap<string, StoredEntry>;
  /** What the versions say of the other sources: by this a file is found to have changed while nobody looked. */
  readonly told: { readonly file: ToldSource; readonly host: ToldSource };
}

/** A source that lives elsewhere, as it was when the newest version was made; its secrets are `{"$kept": …}`. */
export interface ToldSource {
  readonly servers: ReadonlyMap<string, StoredEntry>;
  /** The part under `mcpvisor`; null: there is none. */
  readonly settings: StoredEntry | null;
}

export interface Edit {
  /** UTC, ISO 8601 with milliseconds. */
  readonly at: string;
  /** Who made it: the name of a token, `file`, `host` … */
  readonly by: string;
  /** In words, for people: `added notes`. */
  readonly summary: string;
  readonly changes: readonly Change[];
}

/**
 * One part of the configuration, before and after. Of the store, entries are whole: they are kept nowhere else. Of a
 * file or a host, their secrets are `{"$kept": …}`: a store is not to know them.
 */
export interface Change {
  readonly source: 'file' | 'store' | 'host';
  /** Name of a server; null: the part under `mcpvisor`. */
  readonly server: string | null;
  /** Null: it was not there. */
  readonly before: StoredEntry | null;
  /** Null: it is gone. */
  readonly after: StoredEntry | null;
}

export interface ConfigurationVersion extends Edit {
  /** 1 is the first; it grows by one. */
  readonly version: number;
}

export interface VersionQuery {
  /** Only versions before this one. Default: from the newest. */
  readonly before?: number;
  /** At most so many, up to 1 000. */
  readonly limit: number;
}

/** What is known of a server from earlier runs. */
export interface KeptServer {
  /** What a person wanted last; null: nobody wanted something else than the configuration. */
  readonly wanted: 'up' | 'down' | null;
  /** Its failures in a row and its starts, and a hash of the specification that they are of; null: there were none. */
  readonly counters: (Counters & { readonly specification?: string }) | null;
  /** Its last known lists, as text; null: there are none. */
  readonly lists: unknown;
}

export interface ServerStore {
  read(): Promise<ReadonlyMap<string, KeptServer>>;
  /**
   * Keeps what is given of each server, in one batch; what is absent stays. Null: forgets the server. Repeating a batch
   * changes nothing.
   */
  write(servers: ReadonlyMap<string, Partial<KeptServer> | null>): Promise<void>;
}

/** A fact as it is told: what else it has depends on its type. */
export interface StoredFact {
  /** Grows from fact to fact, also over restarts. */
  readonly seq: number;
  /** UTC, ISO 8601 with milliseconds. */
  readonly at: string;
  readonly type: string;
  readonly actor: string;
}

export interface JournalStore {
  /** Adds facts, all newer than those that are there. Repeating them changes nothing. */
  append(facts: readonly StoredFact[]): Promise<void>;
  /** Those that match, the oldest first; with `newestFirst`, the newest first. */
  read(query: FactQuery): Promise<readonly StoredFact[]>;
  extent(): Promise<JournalExtent>;
  /** Removes the oldest facts until none is older than `olderThan` and all together have at most `maxBytes`. */
  trim(bounds: { readonly olderThan: string; readonly maxBytes: number }): Promise<{ readonly removed: number }>;
}

export interface FactQuery {
  /** Any of them. Null: all. */
  readonly actors: readonly string[] | null;
  readonly types: readonly string[] | null;
  /** Inclusive, UTC, ISO 8601 with milliseconds. */
  readonly since: string | null;
  readonly until: string | null;
  /** Only facts with a larger `seq`. 0: all. */
  readonly after: number;
  /** Only facts with a smaller `seq`. Null: all. */
  readonly before: number | null;
  readonly newestFirst: boolean;
  /** At most so many, up to 10 001. */
  readonly limit: number;
}

export interface JournalExtent {
  readonly facts: number;
  /** Of their texts, about. */
  readonly bytes: number;
  /** 0: it is empty. */
  readonly lastSeq: number;
}

export interface Lease {
  /** The same for all runs on one state directory: they follow each other, and take the lease over at once. */
  readonly instance: string;
  readonly host: string;
  readonly pid: number;
}

export interface LeaseStore {
  /**
   * Takes it or prolongs it, by the clock of the store where it has one: null. Otherwise who has it, and until when (UTC,
   * ISO 8601).
   */
  take(lease: Lease, forMs: number): Promise<(Lease & { readonly expiresAt: string }) | null>;
  /** Gives it back if this instance has it. */
  release(instance: string): Promise<void>;
}
