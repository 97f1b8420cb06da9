/** What is remembered, by actor and type, to find out who has to make room: always who has the most. */

import type { FactBody, FactType } from '../fact.ts';
import { type Origin, Share } from './share.ts';

export interface Shares {
  readonly weight: number;
  /** Returns the share that it belongs to. */
  add(body: FactBody, seq: number, atMs: number): Share;
  /**
   * Forgets facts of about this weight, but none from `seq` on: the oldest of the heaviest shares, until those have no
   * more than others. Returns how many facts went.
   */
  free(weight: number, seq: number): number;
}

/** `add` takes constant time. `free` looks at all shares several times: it is called for many facts at once. */
export function createShares(): Shares {
  const byType = new Map<FactType, Map<string, Share>>();
  const all = new Set<Share>();
  let total = 0;

  function shareOf(origin: Origin): Share {
    const ofType = byType.get(origin.type) ?? new Map<string, Share>();
    const known = ofType.get(origin.actor);
    if (known !== undefined) return known;
    const share = new Share(origin);
    byType.set(origin.type, ofType.set(origin.actor, share));
    all.add(share);
    return share;
  }

  function drop(share: Share): void {
    byType.get(share.type)?.delete(share.actor);
    all.delete(share);
  }

  /** Of equal ones, the one gives next that has not given for longest. */
  function moveToEnd(share: Share): void {
    all.delete(share);
    all.add(share);
  }

  /** The most that each share may weigh if what is above it is to be at least `weight`. */
  function levelFor(weight: number): number {
    let low = 0;
    let high = 0;
    for (const share of all) if (share.weight > high) high = share.weight;
    while (low < high) {
      const middle = (low + high + 1) >>> 1;
      let above = 0;
      for (const share of all) if (share.weight > middle) above += share.weight - middle;
      if (above >= weight) low = middle;
      else high = middle - 1;
    }
    return low;
  }

  return {
    get weight() {
      return total;
    },
    add(body, seq, atMs) {
      const share = shareOf(body);
      total -= share.weight;
      share.push(body, seq, atMs);
      total += share.weight;
      return share;
    },
    free(weight, seq) {
      if (weight <= 0) return 0;
      const level = levelFor(weight);
      const goal = total - weight;
      let forgotten = 0;
      for (const share of all) {
        if (total <= goal) break;
        if (share.weight <= level) continue;
        total -= share.weight;
        // Of several above the level, the last one need not go down to it.
        const count = share.cut(Math.max(level, goal - total), seq);
        total += share.weight;
        forgotten += count;
        if (share.weight === 0) drop(share);
        else if (count > 0) moveToEnd(share);
      }
      return forgotten;
    },
  };
}
