/**
 * The three sources of entries, and the configuration made of them: the file, the store, and the host, whose changes lie
 * over both in memory.
 */

import type { Configuration } from '../../../config/configuration.ts';
import { entriesOf } from '../../../config/parse.ts';
import type { Problem } from '../../../errors.ts';

export type Entry = Readonly<Record<string, unknown>>;
export type Entries = ReadonlyMap<string, Entry>;
export type SourceName = 'file' | 'store' | 'host';

/** Servers, and what a document has beside them: the settings of mcpvisor, and what other programs put there. */
export interface Whole {
  readonly entries: Entries;
  readonly rest: Entry;
}

export interface Stored {
  /** As the store has them. */
  readonly entries: Entries;
  /** What is in force of them: of one with mistakes the entry that its server had, if it ran. */
  readonly sound: Entries;
  /** Those with mistakes. */
  readonly refused: ReadonlyMap<string, readonly Problem[]>;
}

export interface Host {
  /** A whole that is in force in place of the file; its next edit takes the place back. Null: there is none. */
  readonly applied: Whole | null;
  /** Added or changed one by one. An edit of the file keeps them unless it has the same name. */
  readonly added: Entries;
  /** Names of the whole, or of the store, that were taken away. The next edit of the file brings back what it has. */
  readonly removed: ReadonlySet<string>;
}

export interface Layers {
  /** What the file says, without its mistakes. Empty: there is no file. */
  readonly file: Whole;
  readonly stored: Stored;
  readonly host: Host;
}

export interface Sources extends Layers {
  /** What is in force. */
  readonly configuration: Configuration;
}

const nothing: Whole = { entries: new Map(), rest: {} };
const nothingStored: Stored = { entries: new Map(), sound: new Map(), refused: new Map() };

/** `file` null: the configuration is the host's. */
export function sourcesOf(configuration: Configuration, file: string | null): Sources {
  const whole = { entries: entriesOf(configuration), rest: restOf(configuration) };
  return {
    configuration,
    file: file === null ? nothing : whole,
    stored: nothingStored,
    host: { applied: file === null ? whole : null, added: new Map(), removed: new Set() },
  };
}

/** Where the entry in force lives. Null: there is none. */
export function placeOf({ configuration, ...layers }: Sources, server: string): SourceName | null {
  return configuration.servers.has(server) ? placeIn(layers, server) : null;
}

function placeIn({ file, stored, host }: Layers, server: string): SourceName | null {
  if (host.added.has(server)) return 'host';
  if (host.removed.has(server)) return null;
  if ((host.applied ?? file).entries.has(server)) return host.applied === null ? 'file' : 'host';
  return stored.sound.has(server) ? 'store' : null;
}

/** The document that the layers make together. */
export function documentOf({ file, stored, host }: Layers): Entry {
  const { entries, rest } = host.applied ?? file;
  const all = new Map<string, Entry>();
  for (const layer of [entries, stored.sound])
    for (const [name, entry] of layer) if (!host.removed.has(name) && !all.has(name)) all.set(name, entry);
  for (const [name, entry] of host.added) all.set(name, entry);
  return { ...rest, mcpServers: Object.fromEntries(all) };
}

/** The host's servers that are in force. */
export function hostEntries({ host: { applied, added, removed } }: Layers): Entries {
  const own = [...(applied?.entries ?? [])].filter(([name]) => !removed.has(name));
  return new Map([...own, ...added]);
}

/** Names that are in the file and in the store: the file wins. */
export function overruledIn({ file, stored, host }: Layers): ReadonlySet<string> {
  if (host.applied !== null) return new Set();
  return new Set([...stored.entries.keys()].filter((name) => file.entries.has(name)));
}

export function restOf({ source: { mcpServers: _, ...rest } }: Pick<Configuration, 'source'>): Entry {
  return rest;
}
