/**
 * Memory for what sessions hold of their servers' words: a limit for each server, and one over all. Whatever is held
 * until something else happens is taken from it first, by its weight; what finds no room is refused.
 */

import { getHeapStatistics } from 'node:v8';

/** In bytes. */
export interface BudgetLimits {
  readonly each: number;
  readonly all: number;
}

/** The limit that leaves no room: of the server, or of all servers together. */
export type Bound = 'server' | 'process';

/** Something that is held. It may grow; it is released as a whole, and may be used again. */
export interface Hold {
  /** Null: it is taken. Otherwise nothing was, for want of room. */
  take(bytes: number): Bound | null;
  release(): void;
}

/** What one session holds. */
export interface Account {
  /** Those of the budget. */
  readonly limits: BudgetLimits;
  /**
   * `giveWay`: called when it was released for somebody who holds less, and what it stood for has to be let go of at
   * once. Absent: it stays until its owner releases it.
   */
  hold(giveWay?: () => void): Hold;
  /** Releases everything; nothing can be taken any more. */
  close(): void;
}

export interface Budget {
  readonly limits: BudgetLimits;
  /** What each session holds now; those that hold nothing are left out. */
  readonly uses: readonly { readonly server: string; readonly bytes: number }[];
  open(server: string): Account;
}

/** Called for each refusal, with the server that was refused. */
export type TellRefused = (server: string, bound: Bound) => void;

interface Holding {
  bytes: number;
  readonly giveWay: (() => void) | undefined;
}

interface Owner {
  readonly server: string;
  taken: number;
  /** What may have to give way, and is not empty. */
  readonly yielding: Set<Holding>;
}

/** By the heap that this process may have: half of it is left for everything else. */
export function limitsOfHeap(): BudgetLimits {
  const { heap_size_limit: heap } = getHeapStatistics();
  return { each: Math.floor(heap / 8), all: Math.floor(heap / 4) };
}

export function createBudget(limits: BudgetLimits, tellRefused: TellRefused = () => {}): Budget {
  const owners = new Set<Owner>();
  let takenByAll = 0;

  function release(owner: Owner, holding: Holding): void {
    owner.taken -= holding.bytes;
    takenByAll -= holding.bytes;
    holding.bytes = 0;
    owner.yielding.delete(holding);
  }

  /** The largest thing of the owner that holds most gives way, unless that is less than `owner` would hold. */
  function makeRoom(owner: Owner, bytes: number): boolean {
    const most = largestOf(owners, ({ taken, yielding }) => (yielding.size === 0 ? 0 : taken));
    const largest = most === null || most.taken <= owner.taken + bytes ? null : largestOf(most.yielding, sizeOf);
    if (most === null || largest === null) return false;
    release(most, largest);
    tellRefused(most.server, 'process');
    largest.giveWay?.();
    return true;
  }

  function take(owner: Owner, holding: Holding, bytes: number): Bound | null {
    if (!owners.has(owner) || owner.taken + bytes > limits.each) return 'server';
    while (takenByAll + bytes > limits.all) if (!makeRoom(owner, bytes)) return 'process';
    owner.taken += bytes;
    takenByAll += bytes;
    holding.bytes += bytes;
    if (holding.giveWay !== undefined && holding.bytes > 0) owner.yielding.add(holding);
    return null;
  }

  return {
    limits,
    get uses() {
      return [...owners].filter(({ taken }) => taken > 0).map(({ server, taken }) => ({ server, bytes: taken }));
    },
    open(server) {
      const owner: Owner = { server, taken: 0, yielding: new Set() };
      owners.add(owner);
      return {
        limits,
        hold(giveWay) {
          const holding: Holding = { bytes: 0, giveWay };
          return {
            take(bytes) {
              const bound = take(owner, holding, bytes);
              if (bound !== null && owners.has(owner)) tellRefused(server, bound);
              return bound;
            },
            release() {
              if (owners.has(owner)) release(owner, holding);
            },
          };
        },
        close() {
          if (owners.delete(owner)) takenByAll -= owner.taken;
          owner.yielding.clear();
        },
      };
    },
  };
}

function sizeOf({ bytes }: Holding): number {
  return bytes;
}

/** Null: all of them are empty. */
function largestOf<Item>(items: Iterable<Item>, size: (item: Item) => number): Item | null {
  let largest: Item | null = null;
  let largestSize = 0;
  for (const item of items) {
    const itemSize = size(item);
    if (itemSize <= largestSize) continue;
    largest = item;
    largestSize = itemSize;
  }
  return largest;
}
