/** A parsed configuration: servers with every default filled in, and the settings of mcpvisor itself. */

import type { Problem } from '../errors.ts';
import type { ServerSpecification } from '../specification.ts';
import type { Globals } from './settings/schema.ts';

export interface GroupSettings {
  readonly strategy: 'one-for-one' | 'rest-for-one' | 'one-for-all';
  /** Rounds allowed within `periodMs`. 0: no limit. */
  readonly intensity: number;
  readonly periodMs: number;
}

/** How the client process is watched and restarted. */
export interface ClientProcessSettings {
  readonly watchdogMs: number;
  readonly orphanGraceMs: number;
  readonly baseMs: number;
  readonly factor: number;
  readonly capMs: number;
  readonly maxConsecutive: number;
  readonly stableAfterMs: number;
}

/** An additional token of the API, and the file that holds it. */
export interface TokenSettings {
  readonly name: string;
  readonly scope: 'mcp' | 'read' | 'operate' | 'admin';
  readonly file: string;
}

export interface HttpSettings {
  readonly basePath: string;
  readonly tls: { readonly certFile: string; readonly keyFile: string } | null;
  readonly tokens: readonly TokenSettings[];
  /** Null: no limit. */
  readonly requestsPerSecond: number | null;
  readonly allowedHosts: readonly string[];
  readonly allowedOrigins: readonly string[];
  readonly maxBodyBytes: number;
  readonly maxConnections: number;
  readonly headersTimeoutMs: number;
}

export interface JournalSettings {
  readonly calls: boolean;
  readonly maxAgeMs: number;
  readonly maxBytes: number;
}

export interface GlobalSettings {
  readonly shutdownMs: number;
  /** Every group that is declared or used by a server. */
  readonly groups: ReadonlyMap<string, GroupSettings>;
  readonly clientProcess: ClientProcessSettings;
  readonly http: HttpSettings;
  readonly journal: JournalSettings;
  /** The text that `${secret:NAME}` stands for, before expansion. */
  readonly secrets: ReadonlyMap<string, string>;
  /** Hashes of specifications that may run although they came through the API. */
  readonly approved: readonly string[];
}

export interface Configuration {
  /** In the order of the file. */
  readonly servers: ReadonlyMap<string, ServerSpecification>;
  readonly settings: GlobalSettings;
  /** The checked part under `mcpvisor`, including settings that nothing acts on yet. */
  readonly globals: Globals;
  /** The object it was made from, unknown keys included. Holds secrets: never shown, never logged. */
  readonly source: Readonly<Record<string, unknown>>;
  /** Absolute path of the folder that relative paths start from. */
  readonly folder: string;
  readonly hostedTransports: readonly string[];
  readonly warnings: readonly Problem[];
  /**
   * Entries of the file with mistakes, by name. A server that ran before its entry was broken is in `servers` all the
   * same, with the entry it had.
   */
  readonly refused: ReadonlyMap<string, readonly Problem[]>;
}

export interface ParseOptions {
  /** Absolute path of the folder that relative paths start from, and the default of `cwd`. */
  readonly folder: string;
  /** Values of `transport` that the embedding host serves itself. Default: none. */
  readonly hostedTransports?: readonly string[];
  /**
   * The current servers: a dependency that is one of them is not a misspelling, but about to be removed. Default: none.
   */
  readonly servers?: ReadonlyMap<string, unknown>;
  /**
   * Given: an entry with mistakes is refused alone, and a server of this configuration keeps the entry it had; null:
   * there was none. Default: one mistake refuses the whole.
   */
  readonly before?: Configuration | null;
  /** Entries that are checked with the others and cannot be refused. Default: none. */
  readonly others?: ReadonlyMap<string, unknown>;
  /** Names that stand twice in the text; `server`: in whose entry, null: in none. Default: none. */
  readonly findings?: readonly { readonly server: string | null; readonly problem: Problem }[];
}

/** `config` is null if the whole is refused. Warnings are in `problems`, and in `config.warnings`. */
export interface Parsed {
  readonly config: Configuration | null;
  readonly problems: readonly Problem[];
}
