/** What is remembered, by server and type, to find out who has to make room: always who has the most. */

interface Weighty {
  readonly weight: number;
}

/** Whose something is: what one actor has of one type is a share. */
interface Origin {
  readonly type: string;
  readonly actor: string;
}

/** What one actor has of one type of fact, oldest first. */
interface Share<Item> extends Origin {
  items: Item[];
  /** Index of the oldest one in `items`: shifting a long array would take time in proportion to its length. */
  first: number;
  weight: number;
}

export interface Shares<Item extends Weighty> {
  readonly weight: number;
  add(origin: Origin, item: Item): void;
  /** Takes out the oldest item of the heaviest share; of equal ones, of the one that has been so heavy for longest. */
  takeOldest(): Item | null;
}

/**
 * Both operations take constant time on average: shares of the same weight stand together. They are cheap, too, since
 * every call publishes two facts: no key is put together, and the set of a weight that nobody has is used again.
 */
export function createShares<Item extends Weighty>(): Shares<Item> {
  const byType = new Map<string, Map<string, Share<Item>>>();
  const byWeight: (Set<Share<Item>> | undefined)[] = [];
  let unused: Set<Share<Item>> | null = null;
  let heaviest = 0;
  let total = 0;

  function shareOf({ type, actor }: Origin): Share<Item> {
    let byActor = byType.get(type);
    if (byActor === undefined) {
      byActor = new Map();
      byType.set(type, byActor);
    }
    let share = byActor.get(actor);
    if (share === undefined) {
      share = { type, actor, items: [], first: 0, weight: 0 };
      byActor.set(actor, share);
    }
    return share;
  }

  function weigh(share: Share<Item>, change: number): void {
    const before = byWeight[share.weight];
    before?.delete(share);
    if (before?.size === 0) {
      byWeight[share.weight] = undefined;
      unused = before;
    }
    share.weight += change;
    total += change;
    if (share.weight === 0) {
      byType.get(share.type)?.delete(share.actor);
      return;
    }
    let beside = byWeight[share.weight];
    if (beside === undefined) {
      beside = unused ?? new Set();
      unused = null;
      byWeight[share.weight] = beside;
    }
    beside.add(share);
    if (share.weight > heaviest) heaviest = share.weight;
  }

  return {
    get weight() {
      return total;
    },
    add(origin, item) {
      const share = shareOf(origin);
      share.items.push(item);
      weigh(share, item.weight);
    },
    takeOldest() {
      while (heaviest > 0 && byWeight[heaviest] === undefined) heaviest -= 1;
      const share = byWeight[heaviest]?.values().next().value;
      const oldest = share?.items[share.first];
      if (share === undefined || oldest === undefined) return null;
      share.first += 1;
      if (share.first * 2 > share.items.length) {
        share.items = share.items.slice(share.first);
        share.first = 0;
      }
      weigh(share, -oldest.weight);
      return oldest;
    },
  };
}
