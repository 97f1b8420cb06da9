/** Versions as they may be read: a page of them, without secrets. */

import { shownEntry, shownSettings } from '../../../config/editing/kept.ts';
import { McpvisorError } from '../../../errors.ts';
import type { Change, ConfigurationStore, ConfigurationVersion, StoredEntry } from '../../../store/contract.ts';
import type { ShownChange, ShownVersion, VersionsPage, VersionsQuery } from '../../contract/configuration.ts';

const defaultLimit = 100;
const maxLimit = 1_000;

/** Throws `INVALID_REQUEST`, and what the store throws. */
export async function pageOf(store: ConfigurationStore, query: VersionsQuery): Promise<VersionsPage> {
  const { before, limit = defaultLimit } = query;
  const wrong = [
    ...(isWholeFrom(1, limit) && limit <= maxLimit ? [] : [['limit', `must be a whole number from 1 to ${maxLimit}`]]),
    ...(before === undefined || isWholeFrom(1, before) ? [] : [['before', 'must be the number of a version']]),
  ] as const;
  if (wrong.length > 0)
    throw new McpvisorError('INVALID_REQUEST', {
      problems: wrong.map(([path = '', message = '']) => ({ path, message, hint: null, severity: 'error' })),
    });
  const versions = await store.versions({ limit, ...(before !== undefined && { before }) });
  const last = versions.at(-1);
  const isLast = last === undefined || last.version === 1 || versions.length < limit;
  return { versions: versions.map(shownVersion), next: isLast ? null : last.version };
}

function isWholeFrom(least: number, value: unknown): value is number {
  return Number.isSafeInteger(value) && Number(value) >= least;
}

function shownVersion({ version, at, by, summary, changes }: ConfigurationVersion): ShownVersion {
  return { version, at, by, summary, changes: changes.map(shownChange) };
}

function shownChange({ source, server, before, after }: Change): ShownChange {
  const shown = (entry: StoredEntry | null) =>
    entry === null ? null : server === null ? shownSettings(entry) : shownEntry(entry);
  return { source, server, before: shown(before), after: shown(after) };
}
