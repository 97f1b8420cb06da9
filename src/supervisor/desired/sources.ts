/**
 * The two sources of entries, the file and what was added through the API, and the configuration made of both. Each
 * change returns a new value, or throws `CONFIG_INVALID`.
 */

import type { Configuration, Parsed } from '../../config/configuration.ts';
import { parseEdit, parseEntries, withEntry, withoutEntry } from '../../config/parse.ts';
import { pathOf } from '../../config/problems.ts';
import { McpvisorError, type Problem } from '../../errors.ts';

export type Entry = Readonly<Record<string, unknown>>;

export interface Sources {
  readonly configuration: Configuration;
  /** Entries that did not come from the file. A reload keeps them unless the file has the same name. */
  readonly added: ReadonlyMap<string, Entry>;
  /** Names whose entry in force did not come from the file. */
  readonly foreign: ReadonlySet<string>;
}

/** `file` null: no entry came from a file. */
export function sourcesOf(configuration: Configuration, file: string | null): Sources {
  return { configuration, added: new Map(), foreign: new Set(file === null ? configuration.servers.keys() : []) };
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

function withOwn({ configuration, added, foreign }: Sources, name: string, entry: Entry): Sources {
  return {
    configuration: accepted(withEntry(configuration, name, entry)),
    added: new Map([...added, [name, entry]]),
    foreign: new Set([...foreign, name]),
  };
}

/** Throws `SERVER_NOT_FOUND`, too. */
export function withRemoved(sources: Sources, name: string): Sources {
  requireKnown(sources, name);
  const isOther = (other: string) => other !== name;
  return {
    configuration: accepted(withoutEntry(sources.configuration, name)),
    added: new Map([...sources.added].filter(([other]) => isOther(other))),
    foreign: new Set([...sources.foreign].filter(isOther)),
  };
}

/** Replaces the whole configuration by one that did not come from the file. */
export function withApplied({ configuration: current }: Sources, config: Entry): Sources {
  const configuration = accepted(parseEntries(config, current));
  return { configuration, added: new Map(), foreign: new Set(configuration.servers.keys()) };
}

/** Takes in the new text of the file. `sources` null: the whole is refused, for the errors in `problems`. */
export function withText(
  { configuration: current, added }: Sources,
  text: string,
): {
  readonly sources: Sources | null;
  readonly problems: readonly Problem[];
  /** Added entries that the file replaces from now on. */
  readonly overruled: readonly string[];
} {
  const { config: configuration, problems, own } = parseEdit(text, current, added);
  if (configuration === null) return { sources: null, problems, overruled: [] };
  // An entry with a mistake takes nobody's place.
  const isOwn = (name: string) => own.has(name) && !configuration.refused.has(name);
  const beside = new Map([...added].filter(([name]) => !isOwn(name)));
  return {
    sources: { configuration, added: beside, foreign: new Set(beside.keys()) },
    problems,
    overruled: [...added.keys()].filter(isOwn),
  };
}

function accepted({ config, problems }: Parsed): Configuration {
  if (config === null) throw new McpvisorError('CONFIG_INVALID', { file: null, problems });
  return config;
}

function requireKnown({ configuration: { servers } }: Sources, server: string): void {
  if (!servers.has(server)) throw new McpvisorError('SERVER_NOT_FOUND', { server, known: [...servers.keys()] });
}
