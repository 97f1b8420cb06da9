/** Facts that are to be kept and are not yet, in order and within bounds. What there is no room for is counted. */

import type { StoredFact } from '../../store/contract.ts';

/** Stands in the journal in the place of facts that were given up. */
export interface JournalGap extends StoredFact {
  readonly type: 'journal.gap';
  /** Numbers of the first and the last of them. */
  readonly from: number;
  readonly to: number;
  /** How many of those numbers were to be kept. */
  readonly count: number;
}

export interface FactQueueOptions {
  readonly mostFacts: number;
  /** As `bytesOf` counts them. */
  readonly mostBytes: number;
  /** About the size of a fact. */
  readonly bytesOf: (fact: StoredFact) => number;
  /** So many facts were given up. */
  readonly lose: (count: number) => void;
}

export interface FactQueue {
  /** Facts that wait or are being written. */
  readonly size: number;
  /** Ticket of the oldest of them; null: there is none. */
  readonly oldestTicket: number | null;
  /** A fact with a higher number than those before. Takes constant time, and may give up the oldest that wait. */
  push(fact: StoredFact, ticket: number): void;
  /**
   * The next ones to write: the same until they are settled or abandoned, because a write that failed may have been
   * carried out. They are not given up for want of room either.
   */
  batch(most: { readonly facts: number; readonly bytes: number }): readonly StoredFact[];
  /** The batch is kept. */
  settle(): void;
  /** The batch is given up. */
  abandon(): void;
  /** Gives up those that wait up to this number; the gap is told under the number `place`. */
  giveUpTo(seq: number, place: number): void;
  /** All that are not settled, the oldest first. */
  all(): readonly StoredFact[];
}

interface Waiting {
  readonly fact: StoredFact;
  readonly bytes: number;
  readonly ticket: number;
}

export function createFactQueue({ mostFacts, mostBytes, bytesOf, lose }: FactQueueOptions): FactQueue {
  let waiting: Waiting[] = [];
  /** Those before it are gone: to move all that wait with each one that goes would take long. */
  let first = 0;
  let bytes = 0;
  let taken: readonly StoredFact[] = [];
  let takenTicket: number | null = null;
  let gap: JournalGap | null = null;

  const count = () => waiting.length - first;

  function shift(): StoredFact | null {
    const next = waiting[first];
    if (next === undefined) return null;
    first += 1;
    bytes -= next.bytes;
    if (first * 2 > waiting.length) {
      waiting = waiting.slice(first);
      first = 0;
    }
    return next.fact;
  }

  function giveUp(fact: StoredFact, place = fact.seq): void {
    gap = gapOf(fact, place, gap);
    lose(1);
  }

  return {
    get size() {
      return count() + taken.length;
    },
    get oldestTicket() {
      return takenTicket ?? waiting[first]?.ticket ?? null;
    },
    push(fact, ticket) {
      const size = bytesOf(fact);
      waiting.push({ fact, bytes: size, ticket });
      bytes += size;
      while (count() > 1 && (count() > mostFacts || bytes > mostBytes)) {
        const oldest = shift();
        if (oldest !== null) giveUp(oldest);
      }
    },
    batch(most) {
      if (taken.length > 0) return taken;
      const facts: StoredFact[] = gap === null ? [] : [gap];
      gap = null;
      takenTicket = waiting[first]?.ticket ?? null;
      for (const enough = bytes - most.bytes; facts.length < most.facts && bytes > enough; ) {
        const next = shift();
        if (next === null) break;
        facts.push(next);
      }
      taken = facts;
      return taken;
    },
    settle() {
      taken = [];
      takenTicket = null;
    },
    abandon() {
      const [given, newer] = [taken, gap];
      [taken, takenTicket, gap] = [[], null, null];
      for (const fact of given) {
        if (isGap(fact)) gap = fact;
        else giveUp(fact);
      }
      if (newer !== null) gap = { ...newer, from: gap?.from ?? newer.from, count: (gap?.count ?? 0) + newer.count };
    },
    giveUpTo(seq, place) {
      for (let next = waiting[first]; next !== undefined && next.fact.seq <= seq; next = waiting[first]) {
        shift();
        giveUp(next.fact, place);
      }
    },
    all: () => [...taken, ...waiting.slice(first).map(({ fact }) => fact)],
  };
}

/** A gap that ends with this fact, and goes on from another one. `place`: its own number in the journal. */
export function gapOf(fact: StoredFact, place: number, before: JournalGap | null = null): JournalGap {
  return {
    seq: place,
    at: before?.at ?? fact.at,
    type: 'journal.gap',
    actor: 'supervisor',
    from: before?.from ?? fact.seq,
    to: fact.seq,
    count: (before?.count ?? 0) + 1,
  };
}

function isGap(fact: StoredFact): fact is JournalGap {
  return fact.type === 'journal.gap';
}
