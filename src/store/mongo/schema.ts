/** What has to be there before anything is kept: indexes, and the version of how things are kept. */

import type { Db, IndexSpecification } from 'mongodb';
import { StoreError } from '../error.ts';
import { collectionsOf } from './collections.ts';
import { isCutOff, isDuplicate, toStoreError } from './trouble.ts';

/** How things are kept now. */
const currentVersion = 1;

/**
 * What leads from one version of the schema to the next; each may run twice, and be broken off. The first version is
 * what an empty database becomes.
 */
const migrations: ReadonlyMap<number, (database: Db) => Promise<void>> = new Map([[1, async () => {}]]);

/**
 * Facts that nobody trims any more, because their control plane is gone for good, are not kept for ever. In seconds: 400
 * days, more than a journal reaches back.
 */
const journalEndsAfterSeconds = 400 * 24 * 3_600;

/** Throws `StoreError` if a later mcpvisor has written to it. */
export async function prepareSchema(database: Db, onNotice: (notice: string) => void): Promise<void> {
  const { schemas } = collectionsOf(database);
  const found = (await schemas.findOne({ _id: 'schema' }))?.version ?? 0;
  if (found > currentVersion)
    throw new StoreError(
      'refused',
      `The database was written by a later mcpvisor (schema ${found}, this one knows ${currentVersion}).`,
    );
  for (let version = found + 1; version <= currentVersion; version += 1) await migrations.get(version)?.(database);
  await createIndexes(database, onNotice);
  if (found === currentVersion) return;
  try {
    const older = { _id: 'schema', version: { $lt: currentVersion } } as const;
    await schemas.updateOne(older, { $set: { version: currentVersion } }, { upsert: true });
  } catch (error) {
    // Another control plane has just done the same.
    if (!isDuplicate(error)) throw error;
  }
}

/** Unique is the `_id` everywhere, which needs no index of ours. What is left makes reading faster, and is not vital. */
async function createIndexes(database: Db, onNotice: (notice: string) => void): Promise<void> {
  const { facts } = collectionsOf(database);
  const wanted: readonly (readonly [IndexSpecification, { readonly expireAfterSeconds?: number }])[] = [
    [{ at: 1 }, {}],
    [{ actor: 1, _id: 1 }, {}],
    [{ storedAt: 1 }, { expireAfterSeconds: journalEndsAfterSeconds }],
  ];
  for (const [keys, options] of wanted) {
    try {
      await facts.createIndex(keys, options);
    } catch (error) {
      if (isCutOff(error)) throw error;
      onNotice(
        `MongoDB has no index on ${Object.keys(keys).join(', ')} of the journal: ${toStoreError(error).message}`,
      );
    }
  }
}
