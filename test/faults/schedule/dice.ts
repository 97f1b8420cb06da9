/** Random choices that a seed repeats. */

export interface Dice {
  /** A whole number from 0 to `count` - 1. */
  below(count: number): number;
  pick<Item>(items: readonly Item[]): Item;
  /** So many of them, each once, in their order. */
  some<Item>(items: readonly Item[], count: number): readonly Item[];
  /** True in this share of all cases. */
  chance(share: number): boolean;
}

/** The generator mulberry32: 32 bits of state are enough for schedules, and few lines are easy to trust. */
export function createDice(seed: number): Dice {
  let state = seed >>> 0;
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  const below = (count: number): number => Math.floor(next() * count);
  return {
    below,
    pick(items) {
      const item = items[below(items.length)];
      if (item === undefined) throw new Error('there is nothing to pick from');
      return item;
    },
    some(items, count) {
      const left = items.map((_, index) => index);
      const taken = Array.from({ length: Math.min(count, items.length) }, () => left.splice(below(left.length), 1)[0]);
      return items.filter((_, index) => taken.includes(index));
    },
    chance: (share) => next() < share,
  };
}
