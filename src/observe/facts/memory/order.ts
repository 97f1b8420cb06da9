/** Where each fact is, in the order of their numbers. */

import type { Share } from './share.ts';

export interface Order {
  /** `seq`: higher than those before. */
  push(seq: number, share: Share): void;
  /** So many of them are no longer in their shares. */
  forget(count: number): void;
  /** Null: there is none with this number, or it was forgotten. */
  shareOf(seq: number): Share | null;
  /** The lowest number from `seq` on; null: there is none. */
  nextFrom(seq: number): number | null;
  /** All from `seq` on that are there now, and some that were forgotten. */
  from(seq: number, newestFirst: boolean): Generator<Place, void, undefined>;
}

export interface Place {
  readonly seq: number;
  readonly share: Share;
}

/** Two flat lists, with those that were forgotten since they were last cleared up: on average they cost nothing. */
export function createOrder(): Order {
  let seqs: number[] = [];
  let shares: Share[] = [];
  let forgotten = 0;

  /** The share in which it is. A share forgets in the order of the numbers. */
  function shareAt(index: number): Share | null {
    const share = shares[index];
    return share !== undefined && share.oldestSeq <= (seqs[index] ?? 0) ? share : null;
  }

  function clearUp(): void {
    const [allSeqs, allShares] = [seqs, shares];
    [seqs, shares, forgotten] = [[], [], 0];
    for (const [index, share] of allShares.entries()) {
      const seq = allSeqs[index] ?? 0;
      if (share.oldestSeq > seq) continue;
      seqs.push(seq);
      shares.push(share);
    }
  }

  /** Index of the first one with this number or a higher one. */
  function indexFrom(seq: number): number {
    let low = 0;
    let high = seqs.length;
    // Mostly the newest is asked for.
    if (seqs[high - 1] === seq) return high - 1;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((seqs[middle] ?? seq) < seq) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  return {
    push(seq, share) {
      seqs.push(seq);
      shares.push(share);
    },
    forget(count) {
      forgotten += count;
      if (forgotten * 2 > seqs.length) clearUp();
    },
    shareOf(seq) {
      const index = indexFrom(seq);
      return seqs[index] === seq ? shareAt(index) : null;
    },
    nextFrom(seq) {
      let index = indexFrom(seq);
      while (index < seqs.length && shareAt(index) === null) index += 1;
      return seqs[index] ?? null;
    },
    *from(seq, newestFirst) {
      // These lists only grow; where some are cleared away, others take their place.
      const [allSeqs, allShares, first] = [seqs, shares, indexFrom(seq)];
      const last = allSeqs.length - 1;
      for (let step = 0; step <= last - first; step += 1) {
        const index = newestFirst ? last - step : first + step;
        const share = allShares[index];
        if (share !== undefined) yield { seq: allSeqs[index] ?? 0, share };
      }
    },
  };
}
