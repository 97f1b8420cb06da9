/** Looks for the bearers of marks; those who ask at about the same time share one pass over all processes. */

import { setTimeout as delay } from 'node:timers/promises';
import { type Bearer, findBearers } from './bearers.ts';
import { type Mark, markOf } from './mark.ts';

/** Resolves with the living processes that bear the mark. Rejects if this process is short of descriptors or memory. */
export type Scan = (mark: Mark) => Promise<readonly Bearer[]>;

/**
 * A pass waits until nobody else has asked for this time, in milliseconds: hundreds of servers may die at the same time,
 * and to read all processes meanwhile would delay that the last of them is told to be gone.
 */
const gatherMs = 25;
/** It waits no longer than this. */
const mostGatherMs = 250;

export function createScan(): Scan {
  const wanted = new Set<string>();
  let next: Promise<ReadonlyMap<string, readonly Bearer[]>> | null = null;

  const pass = async (): Promise<ReadonlyMap<string, readonly Bearer[]>> => {
    for (let waitedMs = 0, known = 0; known < wanted.size && waitedMs < mostGatherMs; waitedMs += gatherMs) {
      known = wanted.size;
      await delay(gatherMs);
    }
    const asked = new Set(wanted);
    wanted.clear();
    next = null;
    const found = new Map<string, Bearer[]>();
    for (const bearer of await findBearers((mark) => asked.has(markOf(mark)))) {
      const text = markOf(bearer.mark);
      found.set(text, [...(found.get(text) ?? []), bearer]);
    }
    return found;
  };

  return async (mark) => {
    const text = markOf(mark);
    wanted.add(text);
    next ??= pass();
    return (await next).get(text) ?? [];
  };
}
