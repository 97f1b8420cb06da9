/** Whether a store is whole: everything in it is read. Only in a process that may die of it. */

import { wordsOf } from '../../text/error-words.ts';
import { StoreError, type StoreTrouble } from '../error.ts';
import type { KeptExtent } from '../ordered/journal.ts';
import { emptyJournal } from '../ordered/journal.ts';
import {
  configurationKey,
  everyKey,
  journalKey,
  newestVersionKey,
  numberOf,
  schemaKey,
  versionKey,
} from '../ordered/keys.ts';
import { createRecords, keptWrites, type Records } from '../ordered/records.ts';
import { schemaOf } from '../ordered/schema.ts';
import { readAcknowledged } from './acknowledged.ts';
import type { EmbeddedKind } from './adapter.ts';
import { loadAdapter } from './load.ts';

/** What is wrong with it; null: nothing. */
export type CheckOutcome = { readonly trouble: StoreTrouble; readonly message: string } | null;

/** Never rejects, but the process may be killed by a signal. */
export async function checkStore(kind: EmbeddedKind, folder: string): Promise<CheckOutcome> {
  try {
    const adapter = await loadAdapter(kind);
    const records = createRecords({ database: await adapter.openUntouched(folder), onWritten: () => {} });
    try {
      // What is arranged in another way cannot be judged.
      await schemaOf(records);
      await refuseLosses(records, await readAcknowledged(folder));
    } finally {
      await records.close();
    }
    return null;
  } catch (error) {
    const trouble = error instanceof StoreError ? error.trouble : 'unavailable';
    return { trouble, message: wordsOf(error) };
  }
}

interface Found {
  readonly writes: Run;
  readonly facts: Run & { bytes: number };
}

/** Numbers that were read one after another. */
interface Run {
  count: number;
  first: number;
  last: number;
}

/** Throws `StoreError` if anything that was acknowledged is not there, or is not as it was written. */
async function refuseLosses(records: Records, acknowledged: number): Promise<void> {
  const { writes, facts } = await readWhole(records);
  if (writes.last < acknowledged) throw lost(`the last ${acknowledged - writes.last} writes`);
  const isWithoutGap = writes.last - writes.first + 1 === writes.count;
  if (!isWithoutGap || writes.count !== Math.min(writes.last, keptWrites)) throw lost('some writes');
  if (writes.last > 0 && (await records.get(schemaKey)) === null) throw lost('the number of its arrangement');

  const extent = ((await records.get(journalKey)) as KeptExtent | null) ?? emptyJournal;
  if (facts.count !== extent.facts || facts.bytes !== extent.bytes || facts.last !== extent.lastSeq)
    throw lost('facts of the journal');

  const version = ((await records.get(newestVersionKey)) as number | null) ?? 0;
  if (version === 0) return;
  const configuration = (await records.get(configurationKey)) as { readonly version: number } | null;
  if (configuration?.version !== version || (await records.get(versionKey(version))) === null)
    throw lost('the newest version of the configuration');
}

async function readWhole(records: Records): Promise<Found> {
  const writes = { count: 0, first: 0, last: 0 };
  const facts = { count: 0, first: 0, last: 0, bytes: 0 };
  for await (const page of records.pages(everyKey)) {
    for (const record of page) {
      record.value();
      if (record.key.startsWith('write/')) count(writes, record.key);
      if (!record.key.startsWith('fact/')) continue;
      count(facts, record.key);
      facts.bytes += record.length;
    }
  }
  return { writes, facts };
}

function count(run: Run, key: string): void {
  const number = numberOf(key);
  if (run.count === 0) run.first = number;
  run.last = number;
  run.count += 1;
}

function lost(what: string): StoreError {
  return new StoreError('corrupt', `${what} that it had acknowledged are not there any more`);
}
