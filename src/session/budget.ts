/**
 * Memory for what sessions hold of their servers' words: a limit for each server, and one over all. Whatever is held
 * until something else happens is taken from it first, by its weight; what finds no room is refused.
 */

import { getHeapStatistics } from 'node:v8';
import { freeOutlet, type Outlet } from './outlet.ts';

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
  /** That of the budget. */
  readonly outlet: Outlet;
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
  /** What is held of each server now; those of which nothing is are left out. */
  readonly uses: readonly { readonly server: string; readonly bytes: number }[];
  open(server: string): Account;
}

/** Called for each refusal, with the server that was refused. */
export type TellRefused = (server: string, bound: Bound) => void;

/** By the heap that this process may have: half of it is left for everything else. */
export function limitsOfHeap(): BudgetLimits {
  const { heap_size_limit: heap } = getHeapStatistics();
  return { each: Math.floor(heap / 8), all: Math.floor(heap / 4) };
}

/** `outlet`: where what finds room goes on to. Default: it is never full. */
export function createBudget(
  limits: BudgetLimits,
  tellRefused: TellRefused = () => {},
  outlet: Outlet = freeOutlet,
): Budget {
  const pool = new Pool(limits, tellRefused, outlet);
  return {
    limits,
    get uses() {
      const uses = new Map<string, number>();
      for (const { server, taken } of pool.owners) if (taken > 0) uses.set(server, (uses.get(server) ?? 0) + taken);
      return [...uses].map(([server, bytes]) => ({ server, bytes }));
    },
    open(server) {
      const owner = new Owner(pool, server);
      pool.owners.add(owner);
      return owner;
    },
  };
}

/** What all owners share. */
class Pool {
  readonly limits: BudgetLimits;
  readonly tellRefused: TellRefused;
  readonly outlet: Outlet;
  readonly owners = new Set<Owner>();
  taken = 0;

  constructor(limits: BudgetLimits, tellRefused: TellRefused, outlet: Outlet) {
    this.limits = limits;
    this.outlet = outlet;
    this.tellRefused = tellRefused;
  }

  take(owner: Owner, bytes: number): Bound | null {
    if (!this.owners.has(owner) || owner.taken + bytes > this.limits.each) return 'server';
    while (this.taken + bytes > this.limits.all) if (!this.#makeRoom(owner, bytes)) return 'process';
    owner.taken += bytes;
    this.taken += bytes;
    return null;
  }

  release(owner: Owner, bytes: number): void {
    owner.taken -= bytes;
    this.taken -= bytes;
  }

  /** The largest thing of the owner that holds most gives way, unless that is less than `owner` would hold. */
  #makeRoom(owner: Owner, bytes: number): boolean {
    const most = largestOf(this.owners, ({ taken, yielding }) => ((yielding?.size ?? 0) === 0 ? 0 : taken));
    const largest = most === null || most.taken <= owner.taken + bytes ? null : largestOf(most.yielding ?? [], sizeOf);
    if (most === null || largest === null) return false;
    largest.release();
    this.tellRefused(most.server, 'process');
    largest.giveWay?.();
    return true;
  }
}

class Owner implements Account {
  readonly server: string;
  taken = 0;
  /** What may have to give way, and is not empty. Most owners never have any. */
  yielding: Set<Holding> | null = null;
  readonly pool: Pool;

  constructor(pool: Pool, server: string) {
    this.pool = pool;
    this.server = server;
  }

  get limits(): BudgetLimits {
    return this.pool.limits;
  }

  get outlet(): Outlet {
    return this.pool.outlet;
  }

  hold(giveWay?: () => void): Hold {
    return new Holding(this, giveWay);
  }

  mayYield(holding: Holding): void {
    this.yielding ??= new Set();
    this.yielding.add(holding);
  }

  close(): void {
    if (this.pool.owners.delete(this)) this.pool.taken -= this.taken;
    this.yielding = null;
  }
}

class Holding implements Hold {
  bytes = 0;
  readonly giveWay: (() => void) | undefined;
  readonly #owner: Owner;

  constructor(owner: Owner, giveWay: (() => void) | undefined) {
    this.#owner = owner;
    this.giveWay = giveWay;
  }

  take(bytes: number): Bound | null {
    const owner = this.#owner;
    const bound = owner.pool.take(owner, bytes);
    if (bound === null) {
      this.bytes += bytes;
      if (this.giveWay !== undefined && this.bytes > 0) owner.mayYield(this);
    } else if (owner.pool.owners.has(owner)) owner.pool.tellRefused(owner.server, bound);
    return bound;
  }

  release(): void {
    const owner = this.#owner;
    if (!owner.pool.owners.has(owner)) return;
    owner.pool.release(owner, this.bytes);
    this.bytes = 0;
    owner.yielding?.delete(this);
  }
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
