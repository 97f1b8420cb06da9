/** What is read of the journal: from the store, from what is not written yet, and from what is remembered. */

import type { TimerClock } from '../../clock.ts';
import type { Fact } from '../../observe/facts/fact.ts';
import type { Facts } from '../../observe/facts/facts.ts';
import { type AskedFacts, type JournalPage, selectFacts, toPage } from '../../observe/facts/journal.ts';
import { sizeOf } from '../../observe/facts/memory/size.ts';
import type { FactQuery, Store, StoredFact } from '../../store/contract.ts';
import { StoreError } from '../../store/error.ts';
import { wordsOf } from '../../text/error-words.ts';
import { createWaiters } from './waiters.ts';
import type { WriteBehind } from './write-behind.ts';

export interface JournalReaderOptions {
  readonly facts: Pick<Facts, 'kept' | 'lastSeq'>;
  readonly store: Pick<Store, 'kind' | 'journal'>;
  readonly memory: Pick<
    WriteBehind,
    'isAllowed' | 'keepFact' | 'unwritten' | 'opened' | 'state' | 'noteTrouble' | 'noteSuccess'
  >;
  readonly timers: TimerClock;
}

export interface JournalReader {
  /** Never rejects. */
  read(asked: AskedFacts): Promise<JournalPage>;
}

/** What a store has of what was asked for. */
interface Stored {
  /** The oldest first. */
  readonly facts: readonly StoredFact[];
  /** There is more, but so much is enough. */
  readonly isCut: boolean;
}

/** How long a caller waits for the store, in milliseconds: for one that is known to be away, less. */
const [patienceMs, degradedPatienceMs] = [5_000, 1_000];
/** Facts that are read at once. */
const partFacts = 1_000;
/** On one page, about. */
const mostBytes = 32 * 1024 * 1024;

export function createJournalReader({ facts, store, memory, timers }: JournalReaderOptions): JournalReader {
  const waiters = createWaiters(timers);
  /** Since when the store is degraded, if it was asked in vain since then: nobody waits for it again. */
  let inVainSince: string | null = null;

  async function askStore(asked: AskedFacts): Promise<Stored> {
    if (!memory.isAllowed) throw new StoreError('unavailable', 'another control plane uses it');
    const { state, since, reason } = memory.state;
    const isDegraded = state === 'degraded';
    if (isDegraded && inVainSince === since) throw new StoreError('unavailable', reason ?? 'it is away');
    const withinMs = isDegraded ? degradedPatienceMs : patienceMs;
    const limit = waiters.until(withinMs);
    try {
      return await Promise.race([readStore(asked), limit.over.then(() => tooLate(withinMs))]);
    } catch (error) {
      memory.noteTrouble(error);
      inVainSince = memory.state.since;
      throw error;
    } finally {
      limit.forget();
    }
  }

  /** Facts of this run are numbered after those of the store only when it has been opened. */
  async function readStore(asked: AskedFacts): Promise<Stored> {
    if (!(await memory.opened(patienceMs))) throw new StoreError('unavailable', 'it has not answered yet');
    return await readParts(store, asked);
  }

  return {
    async read(asked) {
      // What is written meanwhile is in one of them at least, and what is new in none.
      const [lastSeq, unwritten] = [facts.lastSeq, memory.unwritten()];
      let stored: Stored = { facts: [], isCut: false };
      let reason: string | null = null;
      if (store.kind !== 'memory')
        try {
          stored = await askStore(asked);
        } catch (error) {
          reason = `the store cannot be read, and these are the facts in memory: ${wordsOf(error)}`;
        }
      const near = [...unwritten.filter(isAskedFor(asked)), ...selectFacts(facts, asked, lastSeq)];
      if (stored.isCut && asked.tail !== null) reason = 'there are more than fit on a page: read them in pages';
      const page = toPage(merged({ stored, near, lastSeq }, asked.tail), asked);
      const next = stored.isCut && asked.tail === null ? (page.facts.at(-1)?.seq ?? null) : page.next;
      return { ...page, next, complete: reason === null, reason };
    },
  };
}

function tooLate(ms: number): never {
  throw new StoreError('unavailable', `no answer within ${ms / 1_000} s`);
}

async function readParts({ journal }: Pick<Store, 'journal'>, asked: AskedFacts): Promise<Stored> {
  const { actors, types, since, until, limit, after, tail } = asked;
  const most = tail ?? limit + 1;
  const found: StoredFact[] = [];
  let bytes = 0;
  let place: Pick<FactQuery, 'after' | 'before'> = { after, before: null };
  while (found.length < most) {
    if (bytes > mostBytes) return { facts: tail === null ? found : found.reverse(), isCut: true };
    const wanted = Math.min(partFacts, most - found.length);
    const chosen = { actors, types, since, until, ...place };
    const part = await journal.read({ ...chosen, newestFirst: tail !== null, limit: wanted });
    for (const fact of part) {
      bytes += sizeOf(fact);
      found.push(fact);
    }
    const last = part.at(-1);
    if (last === undefined || part.length < wanted) break;
    place = tail === null ? { after: last.seq, before: null } : { after, before: last.seq };
  }
  return { facts: tail === null ? found : found.reverse(), isCut: false };
}

interface Found {
  readonly stored: Stored;
  /** What is not written, and what is remembered. */
  readonly near: readonly StoredFact[];
  /** What is newer is for another page. */
  readonly lastSeq: number;
}

function merged({ stored: { facts: stored, isCut }, near, lastSeq }: Found, tail: number | null): readonly Fact[] {
  const [oldest, newest] = [stored.at(0)?.seq ?? 0, stored.at(-1)?.seq ?? 0];
  const isWithin = (seq: number) => !isCut || (tail === null ? seq <= newest : seq >= oldest);
  const bySeq = new Map<number, StoredFact>();
  for (const fact of near) if (isWithin(fact.seq)) bySeq.set(fact.seq, fact);
  for (const fact of stored) if (fact.seq <= lastSeq) bySeq.set(fact.seq, fact);
  // Whatever wrote them was a control plane.
  return [...bySeq.values()].toSorted((one, other) => one.seq - other.seq) as readonly StoredFact[] as readonly Fact[];
}

function isAskedFor({ actors, types, since, until, after }: AskedFacts): (fact: StoredFact) => boolean {
  const [ofActors, ofTypes] = [actors && new Set(actors), types && new Set(types)];
  return (fact) =>
    fact.seq > after &&
    ofActors?.has(fact.actor) !== false &&
    ofTypes?.has(fact.type) !== false &&
    (since === null || fact.at >= since) &&
    (until === null || fact.at <= until);
}
