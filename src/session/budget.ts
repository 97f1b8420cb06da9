/**
 * Memory for what sessions keep of their servers' words: a limit for each server, and one over all. Whatever is kept
 * until something else happens is taken from it first, by its weight; what finds no room is refused.
 */

import { getHeapStatistics } from 'node:v8';

/** In bytes. */
export interface BudgetLimits {
  readonly each: number;
  readonly all: number;
}

/** Something that is kept. It may grow; it is released as a whole. */
export interface Hold {
  /** False: there is no room. Then nothing was taken. */
  take(bytes: number): boolean;
  release(): void;
}

/** What one session keeps. */
export interface Account {
  hold(): Hold;
  /** Releases everything; nothing can be taken any more. */
  close(): void;
}

export interface Budget {
  open(): Account;
}

/** By the heap that this process may have: half of it is left for everything else. */
export function limitsOfHeap(): BudgetLimits {
  const { heap_size_limit: heap } = getHeapStatistics();
  return { each: heap / 8, all: heap / 4 };
}

export function createBudget({ each, all }: BudgetLimits): Budget {
  let takenByAll = 0;
  return {
    open() {
      let taken = 0;
      let isClosed = false;
      const add = (bytes: number): void => {
        taken += bytes;
        takenByAll += bytes;
      };
      return {
        hold() {
          let held = 0;
          return {
            take(bytes) {
              if (isClosed || taken + bytes > each || takenByAll + bytes > all) return false;
              held += bytes;
              add(bytes);
              return true;
            },
            release() {
              if (!isClosed) add(-held);
              held = 0;
            },
          };
        },
        close() {
          isClosed = true;
          add(-taken);
        },
      };
    },
  };
}
