/** Undoes what versions changed, each part in the source where it was. */

import { restoredEntry, restoredSettings } from '../../../config/editing/kept.ts';
import { canonical } from '../../../config/plan/canonical.ts';
import { errorAt } from '../../../config/problems.ts';
import { McpvisorError, type Problem } from '../../../errors.ts';
import type { Change, StoredEntry } from '../../../store/contract.ts';
import { strictly, withEntries } from './edits.ts';
import { type Entry, hostEntries, type Layers, type Sources } from './sources.ts';

/** `changes`: of all versions that are undone, the newest first. Throws `CONFIG_INVALID`. */
export function rolledBack(sources: Sources, changes: readonly Change[]): Sources {
  const undone = new Map<string, Change>();
  const problems: Problem[] = [];
  for (const change of changes) {
    // What was there before the oldest of them counts.
    undone.set(JSON.stringify([change.source, change.server]), change);
    if (change.before !== null && canonical(change.before) === canonical(change.after)) problems.push(goneIn(change));
  }
  const layers = [...undone.values()].reduce<Layers>((left, change) => without(left, change, problems), sources);
  if (problems.length > 0) throw new McpvisorError('CONFIG_INVALID', { file: null, problems });
  const names = changes.flatMap(({ server }) => (server === null ? [] : [server]));
  return strictly(sources, layers, new Set(names));
}

function goneIn({ server }: Change): Problem {
  const path = server === null ? ['mcpvisor', 'secrets'] : ['mcpServers', server];
  return errorAt(
    path,
    'had other secrets, which no version keeps',
    'write the former values, and remove the rest by hand',
  );
}

function without(layers: Layers, change: Change, problems: Problem[]): Layers {
  const { source, server } = change;
  if (server === null) return withSettings(layers, change, problems);
  const { file, stored, host } = layers;
  if (source === 'store') return withEntries(layers, changed(stored.entries, server, change.before));
  if (source === 'file') {
    const entry = restored(change.before, file.entries.get(server), { server, problems });
    return { ...layers, file: { ...file, entries: changed(file.entries, server, entry) } };
  }
  const isHidden = change.before !== null && host.removed.has(server) && !hostEntries(layers).has(server);
  const isElsewhere = file.entries.has(server) || stored.entries.has(server);
  const removed = new Set(host.removed);
  if (isHidden && isElsewhere) {
    removed.delete(server);
    return { ...layers, host: { ...host, removed } };
  }
  const entry = restored(change.before, hostEntries(layers).get(server), { server, problems });
  if (entry === null && host.applied?.entries.has(server) === true) removed.add(server);
  return { ...layers, host: { ...host, added: changed(host.added, server, entry), removed } };
}

function withSettings(layers: Layers, { source, before }: Change, problems: Problem[]): Layers {
  const whole = source === 'file' ? layers.file : layers.host.applied;
  if (whole === null) return layers;
  const { mcpvisor, ...others } = whole.rest;
  const found = before === null ? null : restoredSettings(before, mcpvisor);
  problems.push(...(found?.problems ?? []));
  const rest: Entry = found === null ? others : { ...others, mcpvisor: found.value };
  if (source === 'file') return { ...layers, file: { ...whole, rest } };
  return { ...layers, host: { ...layers.host, applied: { ...whole, rest } } };
}

function restored(
  before: StoredEntry | null,
  now: Entry | undefined,
  { server, problems }: { readonly server: string; readonly problems: Problem[] },
): Entry | null {
  if (before === null) return null;
  const { value, problems: own } = restoredEntry(before, now, ['mcpServers', server]);
  problems.push(...own);
  return value;
}

/** One that is new comes last. */
function changed(entries: ReadonlyMap<string, Entry>, server: string, entry: Entry | null): ReadonlyMap<string, Entry> {
  const after = new Map(entries);
  if (entry === null) after.delete(server);
  else after.set(server, entry);
  return after;
}
