/** What the versions of a configuration say together, whatever keeps them. */

import type { Change, ConfigurationVersion, StoredConfiguration, StoredEntry, ToldSource } from './contract.ts';

const untold: ToldSource = { servers: new Map(), settings: null };

/** What a store without a version holds. */
export const noConfiguration: StoredConfiguration = {
  version: 0,
  servers: new Map(),
  told: { file: untold, host: untold },
};

/** What all versions say together, once this one is the newest. A server that is new comes last. */
export function withVersion(
  { servers, told }: StoredConfiguration,
  { version, changes }: ConfigurationVersion,
): StoredConfiguration {
  const of = (source: Change['source']) => changes.filter((change) => change.source === source);
  return {
    version,
    servers: withChanges(servers, of('store')),
    told: { file: toldAfter(told.file, of('file')), host: toldAfter(told.host, of('host')) },
  };
}

function toldAfter({ servers, settings }: ToldSource, changes: readonly Change[]): ToldSource {
  const ofSettings = changes.findLast(({ server }) => server === null);
  return {
    servers: withChanges(servers, changes),
    settings: ofSettings === undefined ? settings : ofSettings.after,
  };
}

function withChanges(
  servers: ReadonlyMap<string, StoredEntry>,
  changes: readonly Change[],
): ReadonlyMap<string, StoredEntry> {
  if (changes.length === 0) return servers;
  const after = new Map(servers);
  for (const { server, after: entry } of changes) {
    if (server === null) continue;
    if (entry === null) after.delete(server);
    else after.set(server, entry);
  }
  return after;
}
