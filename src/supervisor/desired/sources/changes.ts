/** What differs between two states of the sources, as a store keeps it. */

import { shownEntry, shownSettings } from '../../../config/editing/kept.ts';
import { plainCopy } from '../../../config/editing/plain.ts';
import type { FileEdit } from '../../../config/editing/write-back.ts';
import { canonical } from '../../../config/plan/canonical.ts';
import { toNameList } from '../../../names.ts';
import type { Change, StoredConfiguration, StoredEntry, ToldSource } from '../../../store/contract.ts';
import { isRecord } from '../../../text/json.ts';
import { type Entries, type Entry, hostEntries, type Layers, type SourceName } from './sources.ts';

/** What was changed by an edit. A secret that is another shows the same before and after. */
export function changesBetween(before: Layers, after: Layers): readonly Change[] {
  const hidden = [...after.host.removed]
    .filter((name) => !before.host.removed.has(name) && !hostEntries(before).has(name))
    .flatMap((name): Change[] => {
      const entry = before.file.entries.get(name) ?? before.stored.sound.get(name);
      return entry === undefined ? [] : [{ source: 'host', server: name, before: toldEntry(entry), after: null }];
    });
  return [
    ...entryChanges('file', before.file.entries, after.file.entries),
    ...settingsChange('file', before.file.rest, after.file.rest),
    ...entryChanges('store', before.stored.entries, after.stored.entries),
    ...entryChanges('host', hostEntries(before), hostEntries(after)),
    ...hidden,
    ...settingsChange('host', before.host.applied?.rest ?? {}, after.host.applied?.rest ?? {}),
  ];
}

/** What is to be written into the file. */
export function fileEditsBetween({ file: before }: Layers, { file: after }: Layers): readonly FileEdit[] {
  if (before === after) return [];
  const names = new Set([...before.entries.keys(), ...after.entries.keys()]);
  const servers = [...names].flatMap((server) => {
    const entry = after.entries.get(server);
    return entry === before.entries.get(server) ? [] : [{ server, after: entry ?? null }];
  });
  const { mcpvisor } = after.rest;
  if (canonical(mcpvisor) === canonical(before.rest.mcpvisor)) return servers;
  return [...servers, { server: null, after: isRecord(mcpvisor) ? mcpvisor : null }];
}

/** How the file, or the host, differs from what the versions say of it. */
export function changesSince(known: StoredConfiguration, source: 'file' | 'host', now: Layers): readonly Change[] {
  const { servers, settings } = toldOf(now, source);
  const told = known.told[source];
  const names = new Set([...told.servers.keys(), ...servers.keys()]);
  return [
    ...[...names].flatMap((server) => changeOf({ source, server }, told.servers.get(server), servers.get(server))),
    ...changeOf({ source, server: null }, told.settings ?? undefined, settings ?? undefined),
  ];
}

function toldOf(layers: Layers, source: 'file' | 'host'): ToldSource {
  const entries = source === 'file' ? layers.file.entries : hostEntries(layers);
  const rest = source === 'file' ? layers.file.rest : (layers.host.applied?.rest ?? {});
  return {
    servers: new Map([...entries].map(([name, entry]) => [name, toldEntry(entry)])),
    settings: toldSettings(rest),
  };
}

function entryChanges(source: SourceName, before: Entries, after: Entries): readonly Change[] {
  const told = source === 'store' ? storedEntry : toldEntry;
  const names = new Set([...before.keys(), ...after.keys()]);
  return [...names].flatMap((server): Change[] => {
    const [old, now] = [before.get(server), after.get(server)];
    if (old === now || (old !== undefined && now !== undefined && canonical(old) === canonical(now))) return [];
    return [
      { source, server, before: old === undefined ? null : told(old), after: now === undefined ? null : told(now) },
    ];
  });
}

function settingsChange(source: 'file' | 'host', before: Entry, after: Entry): readonly Change[] {
  if (canonical(before.mcpvisor) === canonical(after.mcpvisor)) return [];
  return [{ source, server: null, before: toldSettings(before), after: toldSettings(after) }];
}

function changeOf(
  of: Pick<Change, 'source' | 'server'>,
  before: StoredEntry | undefined,
  after: StoredEntry | undefined,
): readonly Change[] {
  return canonical(before) === canonical(after) ? [] : [{ ...of, before: before ?? null, after: after ?? null }];
}

/** A store is not to know the secrets of a file or a host. */
function toldEntry(entry: Entry): StoredEntry {
  return shownEntry(storedEntry(entry));
}

function storedEntry(entry: Entry): StoredEntry {
  return plainCopy(entry) as StoredEntry;
}

function toldSettings({ mcpvisor }: Entry): StoredEntry | null {
  const settings = plainCopy(mcpvisor);
  return typeof settings === 'object' && settings !== null ? shownSettings(settings as Entry) : null;
}

/** Names that a person reads through. */
const mostNames = 5;

/** In words: `added notes; changed files, memory`. */
export function summaryOf(changes: readonly Change[]): string {
  const named = (isMeant: (change: Change) => boolean) =>
    changes.filter((change) => change.server !== null && isMeant(change)).map(({ server }) => server ?? '');
  const parts: readonly (readonly [string, readonly string[]])[] = [
    ['added', named(({ before, after }) => before === null && after !== null)],
    ['changed', named(({ before, after }) => before !== null && after !== null)],
    ['removed', named(({ before, after }) => before !== null && after === null)],
  ];
  const words = parts.flatMap(([verb, names]) => (names.length === 0 ? [] : [`${verb} ${listed(names)}`]));
  return [...words, ...(changes.some(({ server }) => server === null) ? ['changed settings'] : [])].join('; ');
}

function listed(names: readonly string[]): string {
  const others = names.length - mostNames;
  return `${toNameList(names.slice(0, mostNames))}${others > 0 ? ` and ${others} more` : ''}`;
}
