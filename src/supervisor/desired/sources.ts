/**
 * The two sources of entries, the file and what was added through the API, and the configuration made of both. Each
 * change returns a new value, or throws `CONFIG_INVALID`.
 */

import type { Configuration, Parsed } from '../../config/configuration.ts';
import { restoredDocument, restoredEntry } from '../../config/editing/kept.ts';
import { mergePatch } from '../../config/editing/merge-patch.ts';
import { entriesOf, parseEdit, parseEntries, withEntry, withoutEntry } from '../../config/parse.ts';
import { errorsFirst, isWithin, pathOf, warningAt } from '../../config/problems.ts';
import { McpvisorError, type Problem } from '../../errors.ts';
import { unknownServer } from '../ledger.ts';

export type Entry = Readonly<Record<string, unknown>>;

export interface Sources {
  readonly configuration: Configuration;
  /** Entries that did not come from the file. A reload keeps them unless the file has the same name. */
  readonly added: ReadonlyMap<string, Entry>;
  /** Names whose entry in force did not come from the file. */
  readonly foreign: ReadonlySet<string>;
  /** Names of the file that were taken away. They are back with its next edit. */
  readonly removed: ReadonlySet<string>;
  /** Whether a whole that did not come from the file is in force. The next edit of the file takes its place. */
  readonly isApplied: boolean;
}

/** `file` null: no entry came from a file. */
export function sourcesOf(configuration: Configuration, file: string | null): Sources {
  return {
    configuration,
    added: new Map(),
    foreign: new Set(file === null ? configuration.servers.keys() : []),
    removed: new Set(),
    isApplied: false,
  };
}

export function withAdded(sources: Sources, name: string, entry: Entry): Sources {
  if (sources.configuration.servers.has(name)) {
    const hint = 'use replace, or another name';
    throw new McpvisorError('CONFIG_INVALID', {
      file: null,
      problems: [{ path: pathOf(['mcpServers', name]), message: 'is there already', hint, severity: 'error' }],
    });
  }
  return withOwn(sources, name, entry);
}

/** Throws `SERVER_NOT_FOUND`, too. */
export function withReplaced(sources: Sources, name: string, entry: Entry): Sources {
  requireKnown(sources, name);
  return withOwn(sources, name, entry);
}

/** Throws `SERVER_NOT_FOUND`, too. */
export function withUpdated(sources: Sources, name: string, patch: Entry): Sources {
  return withOwn(sources, name, mergePatch(entryIn(sources, name), patch));
}

/** The entry in force, as it was written. Throws `SERVER_NOT_FOUND`. */
export function entryIn(sources: Sources, name: string): Entry {
  requireKnown(sources, name);
  return entriesOf(sources.configuration).get(name) ?? {};
}

function withOwn(sources: Sources, name: string, written: Entry): Sources {
  const { configuration, added, foreign } = sources;
  const { value: entry, problems } = restoredEntry(written, entriesOf(configuration).get(name), ['mcpServers', name]);
  refuse(problems);
  return {
    ...sources,
    configuration: accepted(withEntry(configuration, name, entry), name),
    added: new Map([...added, [name, entry]]),
    foreign: new Set([...foreign, name]),
  };
}

/** Throws `SERVER_NOT_FOUND`, too. */
export function withRemoved(sources: Sources, name: string): Sources {
  requireKnown(sources, name);
  const isOther = (other: string) => other !== name;
  return {
    ...sources,
    configuration: accepted(withoutEntry(sources.configuration, name), name),
    added: new Map([...sources.added].filter(([other]) => isOther(other))),
    foreign: new Set([...sources.foreign].filter(isOther)),
    removed: new Set([...sources.removed, name]),
  };
}

/** Replaces the whole configuration by one that did not come from the file. */
export function withApplied({ configuration: current }: Sources, config: Entry): Sources {
  const { value, problems } = restoredDocument(config, current.source);
  refuse(problems);
  const configuration = accepted(parseEntries(value, current));
  const foreign = new Set(configuration.servers.keys());
  return { configuration, added: new Map(), foreign, removed: new Set(), isApplied: true };
}

/**
 * Takes in the new text of the file: what it says counts, and beside it those that were added under other names.
 * `sources` null: the whole is refused, for the errors in `problems`.
 */
export function withText(
  before: Sources,
  text: string,
): {
  readonly sources: Sources | null;
  readonly problems: readonly Problem[];
  /** Warnings of what the file takes the place of. */
  readonly overruled: readonly Problem[];
} {
  const { configuration: current, added, removed, isApplied } = before;
  const { config: configuration, problems, own } = parseEdit(text, current, added);
  if (configuration === null) return { sources: null, problems, overruled: [] };
  // An entry with a mistake takes nobody's place.
  const isOwn = (name: string) => own.has(name) && !configuration.refused.has(name);
  const beside = new Map([...added].filter(([name]) => !isOwn(name)));
  const overruled = [
    ...(isApplied ? [warningAt(['mcpServers'], 'takes the place of the configuration that was applied', null)] : []),
    ...[...added.keys()]
      .filter(isOwn)
      .map((name) => warningAt(['mcpServers', name], 'was added or changed, too; the file wins', null)),
    ...[...removed]
      .filter((name) => isOwn(name) && !added.has(name))
      .map((name) => warningAt(['mcpServers', name], 'was removed, and is back: it is in the file', null)),
  ];
  return {
    sources: { configuration, added: beside, foreign: new Set(beside.keys()), removed: new Set(), isApplied: false },
    problems,
    overruled,
  };
}

/** `touched`: the only entry that was changed; others are not told about for warnings they had before. */
function accepted({ config, problems }: Parsed, touched: string | null = null): Configuration {
  if (config !== null) return config;
  const told = problems.filter((one) => touched === null || one.severity === 'error' || isWithin(one, touched));
  throw new McpvisorError('CONFIG_INVALID', { file: null, problems: errorsFirst(told) });
}

function refuse(problems: readonly Problem[]): void {
  if (problems.length > 0) throw new McpvisorError('CONFIG_INVALID', { file: null, problems });
}

function requireKnown({ configuration: { servers } }: Sources, server: string): void {
  if (!servers.has(server)) throw unknownServer(server, servers.keys());
}
