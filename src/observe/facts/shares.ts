/** What is remembered, by server and type, to find out who has to make room: always who has the most. */

/** What one actor has of one type of fact, oldest first. */
interface Share<Item> {
  readonly key: string;
  readonly items: { readonly item: Item; readonly weight: number }[];
  /** Index of the oldest one in `items`: shifting a long array would take time in proportion to its length. */
  first: number;
  weight: number;
}

export interface Shares<Item> {
  readonly weight: number;
  add(key: string, item: Item, weight: number): void;
  /** Takes out the oldest item of the heaviest share; of equal ones, of the one that has been so heavy for longest. */
  takeOldest(): Item | null;
}

/** Both operations take constant time on average: shares of the same weight stand together. */
export function createShares<Item>(): Shares<Item> {
  const shares = new Map<string, Share<Item>>();
  const byWeight = new Map<number, Set<Share<Item>>>();
  let heaviest = 0;
  let total = 0;

  function weigh(share: Share<Item>, change: number): void {
    const before = byWeight.get(share.weight);
    before?.delete(share);
    if (before?.size === 0) byWeight.delete(share.weight);
    share.weight += change;
    total += change;
    if (share.weight === 0) {
      shares.delete(share.key);
      return;
    }
    const beside = byWeight.get(share.weight);
    if (beside === undefined) byWeight.set(share.weight, new Set([share]));
    else beside.add(share);
    heaviest = Math.max(heaviest, share.weight);
  }

  return {
    get weight() {
      return total;
    },
    add(key, item, weight) {
      const share = shares.get(key) ?? { key, items: [], first: 0, weight: 0 };
      shares.set(key, share);
      share.items.push({ item, weight });
      weigh(share, weight);
    },
    takeOldest() {
      while (heaviest > 0 && !byWeight.has(heaviest)) heaviest -= 1;
      const [share] = byWeight.get(heaviest) ?? [];
      const oldest = share?.items[share.first];
      if (share === undefined || oldest === undefined) return null;
      share.first += 1;
      if (share.first * 2 > share.items.length) {
        share.items.splice(0, share.first);
        share.first = 0;
      }
      weigh(share, -oldest.weight);
      return oldest.item;
    },
  };
}
