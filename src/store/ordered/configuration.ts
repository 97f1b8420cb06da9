/** The configuration in an ordered store: the newest version as a whole, and each version by itself. */

import { noConfiguration, withVersion } from '../configuration.ts';
import type {
  ConfigurationStore,
  ConfigurationVersion,
  StoredConfiguration,
  StoredEntry,
  ToldSource,
} from '../contract.ts';
import { configurationKey, newestVersionKey, versionKey, wholeRoom } from './keys.ts';
import type { Reader, Records } from './records.ts';

interface KeptSource {
  readonly servers: readonly (readonly [string, StoredEntry])[];
  readonly settings: StoredEntry | null;
}

interface KeptConfiguration {
  readonly version: number;
  readonly servers: readonly (readonly [string, StoredEntry])[];
  readonly told: { readonly file: KeptSource; readonly host: KeptSource };
}

/** Versions that are read at once: an entry may be large. */
const versionsAtOnce = 50;

export function createConfiguration(records: Records, maxVersions: number): ConfigurationStore {
  return {
    read: () => readFrom(records),
    version: async () => ((await records.get(newestVersionKey)) as number | null) ?? 0,
    commit: (expected, edit) =>
      records.update(async (reader) => {
        const current = await readFrom(reader);
        if (current.version !== expected) return { changes: new Map(), result: null };
        const version: ConfigurationVersion = { ...edit, version: expected + 1 };
        const changes = new Map<string, object | number | null>([
          [configurationKey, toKept(withVersion(current, version))],
          [newestVersionKey, version.version],
          [versionKey(version.version), version],
        ]);
        const dropped = version.version - maxVersions;
        if (dropped > 0) changes.set(versionKey(dropped), null);
        return { changes, result: version };
      }),
    async versions({ before, limit }) {
      if (before !== undefined && before <= 1) return [];
      const whole = { ...wholeRoom('version', true), pageSize: Math.min(limit, versionsAtOnce) };
      const range = before === undefined ? whole : { ...whole, last: versionKey(before - 1) };
      const found: ConfigurationVersion[] = [];
      for await (const page of records.pages(range)) {
        for (const record of page) {
          if (found.length >= limit) return found;
          found.push(record.value() as ConfigurationVersion);
        }
      }
      return found;
    },
  };
}

async function readFrom(reader: Reader): Promise<StoredConfiguration> {
  return toConfiguration((await reader.get(configurationKey)) as KeptConfiguration | null);
}

function toConfiguration(kept: KeptConfiguration | null): StoredConfiguration {
  if (kept === null) return noConfiguration;
  const { version, servers, told } = kept;
  return { version, servers: new Map(servers), told: { file: toTold(told.file), host: toTold(told.host) } };
}

function toTold({ servers, settings }: KeptSource): ToldSource {
  return { servers: new Map(servers), settings };
}

function toKept({ version, servers, told }: StoredConfiguration): KeptConfiguration {
  return { version, servers: [...servers], told: { file: keptSource(told.file), host: keptSource(told.host) } };
}

function keptSource({ servers, settings }: ToldSource): KeptSource {
  return { servers: [...servers], settings };
}
