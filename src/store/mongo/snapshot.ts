/**
 * A configuration as the text of a snapshot. Servers are pairs of name and entry: an object would change the order of
 * names that look like numbers.
 */

import { isRecord } from '../../text/json.ts';
import type { StoredConfiguration, StoredEntry, ToldSource } from '../contract.ts';
import { StoreError } from '../error.ts';
import { parseRecord, type SnapshotDocument, toText } from './collections.ts';

export function toSnapshot({ servers, told: { file, host } }: StoredConfiguration): string {
  return toText({ servers: [...servers], told: { file: toTold(file), host: toTold(host) } });
}

/** Throws `StoreError` for what `toSnapshot` did not make. */
export function parseSnapshot({ version, text }: SnapshotDocument): StoredConfiguration {
  const { servers, told } = parseRecord(text, 'The snapshot of the configuration');
  if (!isRecord(told)) throw corrupt();
  return { version, servers: serversOf(servers), told: { file: toldOf(told.file), host: toldOf(told.host) } };
}

function toTold({ servers, settings }: ToldSource) {
  return { servers: [...servers], settings };
}

function toldOf(value: unknown): ToldSource {
  if (!isRecord(value)) throw corrupt();
  const { servers, settings } = value;
  return { servers: serversOf(servers), settings: isRecord(settings) ? settings : null };
}

function serversOf(pairs: unknown): ReadonlyMap<string, StoredEntry> {
  if (!Array.isArray(pairs)) throw corrupt();
  return new Map(pairs.map(entryOf));
}

function entryOf(pair: unknown): readonly [string, StoredEntry] {
  const [name, entry] = Array.isArray(pair) ? (pair as readonly unknown[]) : [];
  if (typeof name !== 'string' || !isRecord(entry)) throw corrupt();
  return [name, entry];
}

function corrupt(): StoreError {
  return new StoreError('corrupt', 'The snapshot of the configuration in MongoDB is not what was written.');
}
