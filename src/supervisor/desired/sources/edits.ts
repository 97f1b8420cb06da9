/** Edits of the sources through the library and the API. Each returns a new value, or throws `CONFIG_INVALID`. */

import { entryOf } from '../../../../machines/table.ts';
import type { Configuration, Parsed } from '../../../config/configuration.ts';
import { restoredDocument, restoredEntry } from '../../../config/editing/kept.ts';
import { mergePatch } from '../../../config/editing/merge-patch.ts';
import { entriesOf, isComment, parseEntries, withDocument } from '../../../config/parse.ts';
import { canonical } from '../../../config/plan/canonical.ts';
import { errorAt, errorsFirst, isWithin } from '../../../config/problems.ts';
import { McpvisorError, type Problem } from '../../../errors.ts';
import { isRecord } from '../../../text/json.ts';
import { unknownServer } from '../../ledger.ts';
import {
  documentOf,
  type Entries,
  type Entry,
  type Layers,
  overruledIn,
  placeOf,
  restOf,
  type SourceName,
  type Sources,
} from './sources.ts';
import { storedProblems } from './stored-rules.ts';

export function withAdded(sources: Sources, name: string, { entry, to }: { entry: Entry; to: SourceName }): Sources {
  if (isKnown(sources, name))
    refuse([errorAt(['mcpServers', name], 'is there already', 'use replace, or another name')]);
  return withEntry(sources, name, { entry, to });
}

/** Throws `SERVER_NOT_FOUND`, too. */
export function withReplaced(sources: Sources, name: string, { entry, to }: { entry: Entry; to: SourceName }): Sources {
  requireKnown(sources, name);
  return withEntry(sources, name, { entry, to: destinationOf(sources, name, to) });
}

/** Throws `SERVER_NOT_FOUND`, too. */
export function withUpdated(sources: Sources, name: string, { patch, to }: { patch: Entry; to: SourceName }): Sources {
  const entry = mergePatch(entryIn(sources, name), patch);
  return withEntry(sources, name, { entry, to: destinationOf(sources, name, to) });
}

/**
 * The entry in force, as it was written; of one in the store that is not in force, what the store has. Throws
 * `SERVER_NOT_FOUND`.
 */
export function entryIn(sources: Sources, name: string): Entry {
  requireKnown(sources, name);
  return entriesOf(sources.configuration).get(name) ?? sources.stored.entries.get(name) ?? {};
}

/** Throws `SERVER_NOT_FOUND`, too. */
export function withRemoved(sources: Sources, names: readonly string[], to: SourceName): Sources {
  for (const name of names) requireKnown(sources, name);
  const layers = names.reduce<Layers>((left, name) => {
    const rest = layersWithout(left, name, destinationOf(sources, name, to));
    // What lay over it in memory is not to uncover it.
    return to === 'file' && rest.file.entries.has(name) ? layersWithout(rest, name, 'file') : rest;
  }, sources);
  return strictly(sources, layers, new Set(names));
}

/** Replaces the whole configuration in memory. */
export function withApplied(sources: Sources, config: Entry): Sources {
  const { configuration, stored } = sources;
  const { value, problems } = restoredDocument(config, configuration.source);
  refuse(problems);
  const applied = accepted(parseEntries(value, configuration));
  const isStored = ([name, entry]: readonly [string, Entry]) =>
    stored.sound.has(name) && canonical(stored.sound.get(name)) === canonical(entry);
  const entries = entriesOf(applied);
  const whole = { entries: new Map([...entries].filter((one) => !isStored(one))), rest: restOf(applied) };
  const removed = new Set([...stored.sound.keys()].filter((name) => !entries.has(name)));
  return { ...sources, host: { applied: whole, added: new Map(), removed }, configuration: applied };
}

/**
 * Replaces what lives in the store. Of the file and of the host the configuration may have what is in force, which stays
 * as it is, or nothing.
 */
export function withStoredReplaced(sources: Sources, config: Entry): Sources {
  const { configuration, stored } = sources;
  const { value, problems } = restoredDocument(config, configuration.source);
  const inForce = entriesOf(configuration);
  const { mcpServers, ...rest } = value;
  const given = isRecord(mcpServers) ? Object.entries(mcpServers).filter(([name]) => !isComment(name)) : [];
  const isElsewhere = (name: string) => ['file', 'host'].includes(placeOf(sources, name) ?? '');
  const changed = given
    .filter(([name, entry]) => isElsewhere(name) && canonical(inForce.get(name)) !== canonical(entry))
    .map(([name]) =>
      errorAt(['mcpServers', name], elsewhere(placeOf(sources, name)), 'edit it by its name, or leave it out here'),
    );
  const known = restOf(configuration);
  const settings = Object.keys(rest)
    .filter((key) => canonical(entryOf(rest, key)) !== canonical(entryOf(known, key)))
    .map((key) => errorAt([key], 'lives in the file, and is another there', 'edit the file, or leave it out here'));
  refuse([...problems, ...changed, ...settings]);
  const own = given.filter(([name]) => !isElsewhere(name));
  const named = new Set(own.map(([name]) => name));
  // What is not in force is not shown: a caller that writes back what it read does not mean to remove it.
  const overruled = overruledIn(sources);
  const kept = [...stored.entries].filter(
    ([name]) => !named.has(name) && (overruled.has(name) || stored.refused.has(name)),
  );
  refuse(own.flatMap(([name, entry]) => (isRecord(entry) ? [] : [errorAt(['mcpServers', name], noObject, null)])));
  const written = own.flatMap(([name, entry]): [string, Entry][] => (isRecord(entry) ? [[name, entry]] : []));
  const entries = new Map([...kept, ...written]);
  return strictly(sources, withEntries(sources, entries), named);
}

const noObject = 'must be an object: {…}';

function elsewhere(place: SourceName | null): string {
  return place === 'host'
    ? 'belongs to the program that embeds mcpvisor, and is another there'
    : 'lives in the file, and is another there';
}

/** An edit of a server goes where it lives; of one in the file it stays in memory unless the file is to be written. */
function destinationOf(sources: Sources, name: string, to: SourceName): SourceName {
  const place = sources.configuration.servers.has(name) ? placeOf(sources, name) : 'store';
  return place === 'file' && to !== 'file' ? 'host' : (place ?? 'host');
}

function withEntry(sources: Sources, name: string, { entry: written, to }: { entry: Entry; to: SourceName }): Sources {
  if (isComment(name))
    refuse([errorAt(['mcpServers', name], 'is the name of a comment', 'begin it with neither "_" nor "//"')]);
  const former = isKnown(sources, name) ? entryIn(sources, name) : undefined;
  const { value: entry, problems } = restoredEntry(written, former, ['mcpServers', name]);
  refuse(problems);
  return strictly(sources, layersWith(sources, name, { entry, to }), new Set([name]));
}

function layersWith(layers: Layers, name: string, { entry, to }: { entry: Entry; to: SourceName }): Layers {
  const { file, stored, host } = layers;
  if (to === 'store') return withEntries(layers, new Map([...stored.entries, [name, entry]]));
  if (to === 'file' && host.applied !== null)
    refuse([errorAt(['mcpServers', name], 'cannot go to the file', 'another configuration is in force in its place')]);
  if (to === 'file') return { ...layers, file: { ...file, entries: new Map([...file.entries, [name, entry]]) } };
  return { ...layers, host: { ...host, added: new Map([...host.added, [name, entry]]) } };
}

function layersWithout(layers: Layers, name: string, from: SourceName): Layers {
  const { file, stored, host } = layers;
  if (from === 'store') return withEntries(layers, without(stored.entries, name));
  if (from === 'file') return { ...layers, file: { ...file, entries: without(file.entries, name) } };
  return { ...layers, host: { ...host, added: without(host.added, name), removed: new Set([...host.removed, name]) } };
}

/** The layers with these entries in the store. Those that are as they were keep what is known of their mistakes. */
export function withEntries(layers: Layers, entries: Entries): Layers {
  const { stored } = layers;
  const isSame = (name: string) => entries.get(name) === stored.entries.get(name);
  const refused = new Map([...stored.refused].filter(([name]) => entries.has(name) && isSame(name)));
  const sound = [...entries].flatMap(([name, entry]): [string, Entry][] => {
    const former = stored.sound.get(name);
    if (!refused.has(name)) return [[name, entry]];
    return former === undefined ? [] : [[name, former]];
  });
  return { ...layers, stored: { entries, sound: new Map(sound), refused } };
}

function without<Value>(map: ReadonlyMap<string, Value>, name: string): ReadonlyMap<string, Value> {
  return new Map([...map].filter(([other]) => other !== name));
}

/** What the layers make together. `touched`: the only entries that were changed; others are not told about for warnings they had before. */
export function strictly({ configuration }: Sources, layers: Layers, touched: ReadonlySet<string>): Sources {
  const sources = { ...layers, configuration: accepted(withDocument(configuration, documentOf(layers)), touched) };
  refuse([...touched].flatMap((name) => (placeOf(sources, name) === 'store' ? storedProblems(sources, name) : [])));
  return sources;
}

function accepted({ config, problems }: Parsed, touched: ReadonlySet<string> | null = null): Configuration {
  if (config !== null) return config;
  const isTold = (one: Problem) =>
    one.severity === 'error' || touched === null || [...touched].some((name) => isWithin(one, name));
  throw new McpvisorError('CONFIG_INVALID', { file: null, problems: errorsFirst(problems.filter(isTold)) });
}

function refuse(problems: readonly Problem[]): void {
  if (problems.length > 0) throw new McpvisorError('CONFIG_INVALID', { file: null, problems });
}

/** Whether a source has it that counts: what is in the store and not in force can be mended, too. */
function isKnown({ configuration, stored }: Sources, server: string): boolean {
  return configuration.servers.has(server) || stored.entries.has(server);
}

function requireKnown(sources: Sources, server: string): void {
  if (!isKnown(sources, server)) throw unknownServer(server, sources.configuration.servers.keys());
}
