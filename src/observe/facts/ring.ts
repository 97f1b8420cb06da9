/**
 * The last facts, by number. All readers share it, so a slow reader costs no more than its cursor.
 */

import type { Fact } from './fact.ts';

export interface FactRing {
  /** Number of the newest fact; before the first one, the number before it. */
  readonly lastSeq: number;
  /** Number of the oldest fact still here; `lastSeq + 1` while there is none. */
  readonly oldestSeq: number;
  readonly firstSeq: number;
  push(fact: Fact): void;
  /** Null: not published yet, or no longer kept. */
  at(seq: number): Fact | null;
  /** The kept facts with a higher number, oldest first. */
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
      // Two pieces at most: once the ring has wrapped, the newest fact stands before the oldest.
      const turn = (oldest - firstSeq) % capacity;
      const inOrder = [...facts.slice(turn), ...facts.slice(0, turn)];
      return seq < oldest ? inOrder : inOrder.slice(seq - oldest + 1);
    },
  };
}
