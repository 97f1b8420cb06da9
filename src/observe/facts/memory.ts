/**
 * The facts that are remembered, by number. All readers share them, so a slow reader costs no more than its cursor.
 * Noise evicts no history: where room is needed, history and chatter may each have half, and within each of them it is
 * taken from the server and type that have the most.
 */

import type { Fact } from './fact.ts';
import { isChatter } from './kinds.ts';
import { createShares } from './shares.ts';

export interface FactMemory {
  /** Number of the newest fact; before the first one, the number before it. */
  readonly lastSeq: number;
  readonly firstSeq: number;
  /** `weight`: a whole number of at least 1. */
  push(fact: Fact, weight: number): void;
  /** Null: not published yet, or no longer remembered. */
  at(seq: number): Fact | null;
  /** The lowest number from `seq` on that is remembered; if there is none, that of the next fact to come. */
  nextFrom(seq: number): number;
  /** The remembered facts with a higher number, oldest first. */
  after(seq: number): readonly Fact[];
}

interface Place {
  readonly seq: number;
  readonly weight: number;
  /** Null: forgotten. */
  fact: Fact | null;
}

/** `capacity` is the sum of all weights; the newest fact is remembered whatever it weighs. */
export function createFactMemory(capacity: number, firstSeq: number): FactMemory {
  if (!Number.isSafeInteger(capacity) || capacity < 1)
    throw new RangeError(`capacity must be a whole number of at least 1, not ${capacity}`);
  const history = createShares<Place>();
  const chatter = createShares<Place>();
  /** In the order of their numbers, with the places of those forgotten since it was last cleared up. */
  let places: Place[] = [];
  let forgotten = 0;
  let lastSeq = firstSeq - 1;

  function makeRoom(weight: number): void {
    while (history.weight + chatter.weight + weight > capacity) {
      const place = (chatter.weight >= history.weight ? chatter : history).takeOldest();
      if (place === null) return;
      place.fact = null;
      forgotten += 1;
    }
    if (forgotten * 2 <= places.length) return;
    places = places.filter(({ fact }) => fact !== null);
    forgotten = 0;
  }

  /** Index of the first place with this number or a higher one. */
  function indexFrom(seq: number): number {
    let low = 0;
    let high = places.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((places[middle]?.seq ?? seq) < seq) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  return {
    firstSeq,
    get lastSeq() {
      return lastSeq;
    },
    push(fact, weight) {
      makeRoom(weight);
      lastSeq += 1;
      const place: Place = { seq: lastSeq, weight, fact };
      places.push(place);
      (isChatter(fact.type) ? chatter : history).add(fact, place);
    },
    at(seq) {
      const newest = places.at(-1);
      const place = newest?.seq === seq ? newest : places[indexFrom(seq)];
      return place?.seq === seq ? place.fact : null;
    },
    nextFrom(seq) {
      let index = indexFrom(seq);
      while (places[index]?.fact === null) index += 1;
      return places[index]?.seq ?? lastSeq + 1;
    },
    after(seq) {
      return places.slice(indexFrom(seq + 1)).flatMap(({ fact }) => (fact === null ? [] : [fact]));
    },
  };
}
