/**
 * Configuration versions in MongoDB. A commit is the insertion of one document, whose id is the version: of writers with
 * the same `expected` the database lets one through. The configuration as of a version is brought up to date afterwards,
 * and read with what the versions since then changed, so that a kill between both loses nothing.
 */

import { randomUUID } from 'node:crypto';
import type { Collection, Db } from 'mongodb';
import { noConfiguration, withVersion } from '../configuration.ts';
import type { ConfigurationStore, ConfigurationVersion, StoredConfiguration } from '../contract.ts';
import { StoreError } from '../error.ts';
import { collectionsOf, parseRecord, toText, type VersionDocument } from './collections.ts';
import type { MongoConnection } from './connection.ts';
import { insertOnce } from './insert-once.ts';
import { parseSnapshot, toSnapshot } from './snapshot.ts';
import { isDuplicate } from './trouble.ts';

/** `maxVersions`: how many are kept. */
export function createMongoConfiguration({ run }: MongoConnection, maxVersions: number): ConfigurationStore {
  let isWriting = false;
  let isOutdated = false;

  /** One at a time; commits in the meantime share the next one. Does not throw. */
  async function keepSnapshot(): Promise<void> {
    isOutdated = true;
    if (isWriting) return;
    isWriting = true;
    while (isOutdated) {
      isOutdated = false;
      try {
        await run(async (database) => {
          const stored = await readConfiguration(database);
          await writeSnapshot(database, stored);
          await collectionsOf(database).versions.deleteMany({ _id: { $lte: stored.version - maxVersions } });
        });
      } catch {
        // It only saves reading old versions: that of the next commit makes up for it.
      }
    }
    isWriting = false;
  }

  return {
    read: () => run(readConfiguration),
    version: () => run(async (database) => await newestVersion(collectionsOf(database).versions)),
    async commit(expected, edit) {
      const version: ConfigurationVersion = { ...edit, version: expected + 1 };
      const document = toDocument(version);
      const isCommitted = await run(async (database, signal) => {
        const { versions } = collectionsOf(database);
        if (expected > 0 && (await versions.findOne({ _id: expected }, { projection: { _id: 1 } })) === null)
          return false;
        return insertOnce(versions, document, signal);
      });
      if (!isCommitted) return null;
      void keepSnapshot();
      return version;
    },
    versions: ({ before, limit }) =>
      run(async (database) => {
        const { versions } = collectionsOf(database);
        const oldest = (await newestVersion(versions)) - maxVersions + 1;
        const found = versions.find({ _id: { $gte: oldest, ...(before !== undefined && { $lt: before }) } });
        return (await found.sort({ _id: -1 }).limit(limit).toArray()).map(versionOf);
      }),
  };
}

function toDocument(version: ConfigurationVersion): VersionDocument {
  const { version: number, at, by, summary } = version;
  return { _id: number, version: number, at, by, summary, text: toText(version), write: randomUUID() };
}

function versionOf({ _id, text }: VersionDocument): ConfigurationVersion {
  const what = `Version ${_id} of the configuration`;
  const parsed = parseRecord(text, what);
  if (parsed.version !== _id || !Array.isArray(parsed.changes))
    throw new StoreError('corrupt', `${what} in MongoDB is not what was written.`);
  // It is the text that `toDocument` made.
  return parsed as unknown as ConfigurationVersion;
}

async function newestVersion(versions: Collection<VersionDocument>): Promise<number> {
  const [newest] = await versions
    .find({}, { projection: { _id: 1 } })
    .sort({ _id: -1 })
    .limit(1)
    .toArray();
  return newest?._id ?? 0;
}

async function readConfiguration(database: Db): Promise<StoredConfiguration> {
  const { versions, snapshots } = collectionsOf(database);
  for (let oldSnapshot = -1; ; ) {
    const snapshot = await snapshots.findOne({ _id: 'configuration' });
    const from = snapshot?.version ?? 0;
    const later = await versions
      .find({ _id: { $gt: from } })
      .sort({ _id: 1 })
      .toArray();
    const missing = later.findIndex(({ _id }, index) => _id !== from + 1 + index);
    if (missing < 0)
      return later.map(versionOf).reduce(withVersion, snapshot === null ? noConfiguration : parseSnapshot(snapshot));
    if (from === oldSnapshot)
      throw new StoreError('corrupt', `Version ${from + 1 + missing} of the configuration is missing in MongoDB.`);
    // There may be a later snapshot by now, and what came before it may have been dropped.
    oldSnapshot = from;
  }
}

async function writeSnapshot(database: Db, configuration: StoredConfiguration): Promise<void> {
  const { snapshots } = collectionsOf(database);
  const { version } = configuration;
  try {
    await snapshots.updateOne(
      { _id: 'configuration', version: { $lt: version } },
      { $set: { version, text: toSnapshot(configuration) } },
      { upsert: true },
    );
  } catch (error) {
    // There is one of the same version or of a later one.
    if (!isDuplicate(error)) throw error;
  }
}
