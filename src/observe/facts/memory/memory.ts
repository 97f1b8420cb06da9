/**
 * The facts that are remembered, by number. All readers share them, so a slow reader costs no more than its cursor.
 * Noise evicts no history: where room is needed, history and chatter may each have half, and within each of them it is
 * taken from the server and type that have the most.
 */

import type { Fact, FactBody } from '../fact.ts';
import { isChatter } from './kinds.ts';
import { createOrder } from './order.ts';
import type { Origin } from './share.ts';
import { createShares } from './shares.ts';

export interface FactMemory {
  /** Number of the newest fact; before the first one, the number before it. */
  readonly lastSeq: number;
  readonly firstSeq: number;
  /** From now on numbers are higher than this one. */
  continueAfter(seq: number): void;
  /** Gives the fact the next number. `atMs`: the wall clock. */
  push(body: FactBody, atMs: number): void;
  /** Null: not published yet, or no longer remembered. */
  at(seq: number): Fact | null;
  /** The lowest number from `seq` on that is remembered; if there is none, that of the next fact to come. */
  nextFrom(seq: number): number;
  kept(selection: Selection): Generator<Fact, void, undefined>;
}

/** Which of the facts, and in which order. */
export interface Selection {
  /** Only facts with a higher number. Default 0: all. */
  readonly after?: number;
  /** Default: those of every origin. */
  readonly isWanted?: (origin: Origin) => boolean;
  /** Default: the oldest first. */
  readonly newestFirst?: boolean;
}

/** So many of the facts that were put together last are held: readers that keep up all ask for the same ones. */
const mostBuilt = 256;

/** `capacity` is the sum of all weights; the newest fact is remembered whatever it weighs. */
export function createFactMemory(capacity: number, beginsAt: number): FactMemory {
  if (!Number.isSafeInteger(capacity) || capacity < 1)
    throw new RangeError(`capacity must be a whole number of at least 1, not ${capacity}`);
  const half = Math.floor(capacity / 2);
  /** So much is free after room was made: to find out who gives it costs as much for one fact as for many. */
  const spare = Math.floor(capacity / 64);
  const history = createShares();
  const chatter = createShares();
  const order = createOrder();
  const built: (Fact | undefined)[] = [];
  let firstSeq = beginsAt;
  let lastSeq = beginsAt - 1;

  function makeRoom(): void {
    const missing = () => history.weight + chatter.weight + spare - capacity;
    const forgotten =
      history.free(Math.min(missing(), history.weight - half), lastSeq) +
      chatter.free(missing(), lastSeq) +
      history.free(missing(), lastSeq);
    order.forget(forgotten);
  }

  return {
    get firstSeq() {
      return firstSeq;
    },
    get lastSeq() {
      return lastSeq;
    },
    continueAfter(seq) {
      if (seq <= lastSeq) return;
      if (lastSeq < firstSeq) firstSeq = seq + 1;
      lastSeq = seq;
    },
    push(body, atMs) {
      lastSeq += 1;
      const share = (isChatter(body.type) ? chatter : history).add(body, lastSeq, atMs);
      order.push(lastSeq, share);
      if (history.weight + chatter.weight > capacity) makeRoom();
    },
    at(seq) {
      const share = order.shareOf(seq);
      if (share === null || !share.isPacked) return share?.fact(seq) ?? null;
      const known = built[seq % mostBuilt];
      if (known?.seq === seq) return known;
      const fact = share.fact(seq);
      if (fact !== null) built[seq % mostBuilt] = fact;
      return fact;
    },
    nextFrom: (seq) => order.nextFrom(seq) ?? lastSeq + 1,
    *kept({ after = 0, isWanted, newestFirst = false }) {
      for (const { seq, share } of order.from(after + 1, newestFirst)) {
        const fact = isWanted === undefined || isWanted(share) ? share.fact(seq) : null;
        if (fact !== null) yield fact;
      }
    },
  };
}
