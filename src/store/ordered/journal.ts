/** The journal in an ordered store: facts by their numbers, and beside them how many there are. */

import type { FactQuery, JournalStore, StoredFact } from '../contract.ts';
import { matching } from '../facts.ts';
import type { KeyRange } from './database.ts';
import { factKey, journalKey, numberOf } from './keys.ts';
import type { Reader, Records, StoredRecord } from './records.ts';

export interface KeptExtent {
  readonly facts: number;
  readonly bytes: number;
  /** Where the facts begin: what lies before was removed, and is slow to pass. 0: there are none. */
  readonly firstSeq: number;
  readonly lastSeq: number;
}

export const emptyJournal: KeptExtent = { facts: 0, bytes: 0, firstSeq: 0, lastSeq: 0 };

/** How many facts are removed in one write, so that others have their turn. */
const trimmedAtOnce = 1_000;

type Part = Pick<FactQuery, 'after' | 'before' | 'newestFirst'>;
type Bounds = Parameters<JournalStore['trim']>[0];

export function createJournal(records: Records): JournalStore {
  return {
    append: (added) =>
      records.update(async (reader) => {
        const before = await extentOf(reader);
        const facts = added.filter(({ seq }) => seq > before.lastSeq);
        const changes = new Map<string, object>(facts.map((fact) => [factKey(fact.seq), fact]));
        const last = facts.at(-1);
        if (last !== undefined) changes.set(journalKey, extended(before, facts, last.seq));
        return { changes, result: undefined };
      }),
    async read(query) {
      const matches = matching(query);
      const found: StoredFact[] = [];
      for await (const page of records.pages(rangeOf(query, await extentOf(records)))) {
        for (const record of page) {
          const fact = record.value() as StoredFact;
          if (matches(fact)) found.push(fact);
          if (found.length >= query.limit) return found;
        }
      }
      return found;
    },
    async extent() {
      const { facts, bytes, lastSeq } = await extentOf(records);
      return { facts, bytes, lastSeq };
    },
    async trim(bounds) {
      let removed = 0;
      for (;;) {
        const more = await records.update((reader) => trimmed(reader, bounds));
        removed += more;
        if (more < trimmedAtOnce) return { removed };
      }
    },
  };
}

async function extentOf(reader: Reader): Promise<KeptExtent> {
  return ((await reader.get(journalKey)) as KeptExtent | null) ?? emptyJournal;
}

function rangeOf({ after, before, newestFirst }: Part, { firstSeq, lastSeq }: KeptExtent): KeyRange {
  const last = before === null ? lastSeq : Math.min(lastSeq, before - 1);
  return { first: factKey(Math.max(firstSeq, after + 1)), last: factKey(Math.max(0, last)), newestFirst };
}

function extended(before: KeptExtent, facts: readonly StoredFact[], lastSeq: number): KeptExtent {
  return {
    facts: before.facts + facts.length,
    bytes: before.bytes + facts.reduce((sum, fact) => sum + JSON.stringify(fact).length, 0),
    firstSeq: before.facts === 0 ? (facts[0]?.seq ?? 0) : before.firstSeq,
    lastSeq,
  };
}

/** Without some of the oldest facts, and without as few of them as the bounds ask for. */
async function trimmed(reader: Reader, bounds: Bounds) {
  const before = await extentOf(reader);
  const changes = new Map<string, KeptExtent | null>();
  let left = before;
  for await (const record of oldestFirst(reader, before)) {
    left = { ...left, firstSeq: numberOf(record.key) };
    if (changes.size === trimmedAtOnce || isWithin(record, left, bounds)) break;
    changes.set(record.key, null);
    left = { ...left, facts: left.facts - 1, bytes: left.bytes - record.length };
  }
  const removed = changes.size;
  if (removed > 0) changes.set(journalKey, left.facts === 0 ? emptyJournal : left);
  return { changes, result: removed };
}

async function* oldestFirst(reader: Reader, extent: KeptExtent): AsyncGenerator<StoredRecord> {
  for await (const page of reader.pages(rangeOf({ after: 0, before: null, newestFirst: false }, extent))) yield* page;
}

function isWithin(oldest: StoredRecord, { bytes }: KeptExtent, { olderThan, maxBytes }: Bounds): boolean {
  return bytes <= maxBytes && !isOlder(oldest, olderThan);
}

/** One that cannot be read is of no use to anybody. */
function isOlder(record: StoredRecord, olderThan: string): boolean {
  try {
    return (record.value() as StoredFact).at < olderThan;
  } catch {
    return true;
  }
}
