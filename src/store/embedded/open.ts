/** Opens a store in a folder, once it has proved to be whole. */

import { wordsOf } from '../../text/error-words.ts';
import { defaultMaxVersions } from '../bounds.ts';
import type { Store } from '../contract.ts';
import { StoreError } from '../error.ts';
import { createRecords } from '../ordered/records.ts';
import { migrate } from '../ordered/schema.ts';
import { createOrderedStore } from '../ordered/store.ts';
import { type Acknowledged, openAcknowledged } from './acknowledged.ts';
import type { EmbeddedKind } from './adapter.ts';
import { checkInChild } from './checking.ts';
import { prepareFolder } from './folder.ts';
import { loadAdapter } from './load.ts';

export interface EmbeddedOptions {
  /** The wall clock in milliseconds. */
  readonly now: () => number;
  /** How many versions of the configuration are kept. Default 10 000. */
  readonly maxVersions?: number;
}

/**
 * The folder is made if it does not exist. Throws `StoreError` for a store that cannot be opened, or is not whole;
 * nothing of it is changed then.
 */
export async function openEmbedded(kind: EmbeddedKind, folder: string, options: EmbeddedOptions): Promise<Store> {
  const { now, maxVersions = defaultMaxVersions } = options;
  const adapter = await loadAdapter(kind);
  const { isFresh } = await prepareFolder(kind, folder);
  if (!isFresh) {
    await adapter.refuseIfInUse(folder);
    await checkInChild(kind, folder);
  }
  const database = await adapter.open(folder);
  const acknowledged = await openedBeside(folder, () => database.close());
  const records = createRecords({ database, onWritten: acknowledged.note });
  const close = async () => {
    await records.close();
    await acknowledged.close();
  };
  try {
    await migrate(records);
  } catch (error) {
    await close();
    throw error;
  }
  return createOrderedStore({ kind, address: `${kind}:${folder}`, records, maxVersions, now, close });
}

async function openedBeside(folder: string, closeOther: () => Promise<void>): Promise<Acknowledged> {
  try {
    return await openAcknowledged(folder);
  } catch (error) {
    await closeOther().catch(() => undefined);
    throw new StoreError('unavailable', `its folder cannot be written: ${wordsOf(error)}`, { cause: error });
  }
}
