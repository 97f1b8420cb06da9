/**
 * The last facts, each under its number: what all readers share, so that a slow one costs a cursor and nothing else.
 */

import type { Fact } from './fact.ts';

export interface FactRing {
  /** Number of the newest fact; before the first one, the number before it. */
  readonly lastSeq: number;
  /** Number of the oldest fact still here; `lastSeq + 1` while there is none. */
  readonly oldestSeq: number;
  readonly firstSeq: number;
  push(fact: Fact): void;
  /** Null: not come yet, or gone already. */
  at(seq: number): Fact | null;
  /** Those still here with a higher number, oldest first. */
  after(seq: number): readonly Fact[];
}

export function createFactRing(capacity: number, firstSeq: number): FactRing {
  if (!Number.isSafeInteger(capacity) || capacity < 1)
    throw new RangeError(`capacity must be a whole number of at least 1, not ${capacity}`);
  const facts: Fact[] = [];
  let lastSeq = firstSeq - 1;

  const oldestSeq = (): number => Math.max(firstSeq, lastSeq - capacity + 1);

  return {
    firstSeq,
    get lastSeq() {
      return lastSeq;
    },
    get oldestSeq() {
      return oldestSeq();
    },
    push(fact) {
      lastSeq += 1;
      facts[(lastSeq - firstSeq) % capacity] = fact;
    },
    at(seq) {
      const fact = facts[(seq - firstSeq) % capacity];
      return fact?.seq === seq ? fact : null;
    },
    after(seq) {
      const oldest = oldestSeq();
      // In two pieces at most: the newest fact stands before the oldest one when the ring has been round.
      const turn = (oldest - firstSeq) % capacity;
      const inOrder = [...facts.slice(turn), ...facts.slice(0, turn)];
      return seq < oldest ? inOrder : inOrder.slice(seq - oldest + 1);
    },
  };
}
