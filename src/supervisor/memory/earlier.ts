/**
 * What is known of servers from earlier runs: what people wanted, failures, lists. It is read once, and counts for a
 * server that is new in this run; from then on its actor knows better.
 */

import type { Counters } from '../../../machines/policy/restart.ts';
import type { Wanted } from '../../../machines/server/events.ts';
import type { Lists } from '../../session/contract.ts';
import type { ServerSpecification } from '../../specification.ts';
import type { KeptServer } from '../../store/contract.ts';
import { isRecord } from '../../text/json.ts';
import type { Fingerprints } from './fingerprint.ts';
import { parseLists } from './kept-lists.ts';

export interface Earlier {
  /** Takes what the store has. */
  load(kept: ReadonlyMap<string, KeptServer>): void;
  readonly servers: Iterable<string>;
  /** Null: nobody wanted something else than the configuration. */
  wishOf(server: string): Wanted | null;
  /** Null: there were no failures, or they were of another specification. Given once: they are history then. */
  takeCounters(specification: ServerSpecification): Counters | null;
  /** Null: it never listed anything. */
  listsOf(server: string): Lists | null;
  /** The server was removed: one that gets its name is another one. */
  forget(server: string): void;
}

/** Times that are kept, at most: more than any budget counts. */
const mostTimes = 10_000;

export function createEarlier({ match }: Pick<Fingerprints, 'match'>): Earlier {
  const known = new Map<string, KeptServer>();
  return {
    load(kept) {
      for (const [server, what] of kept) known.set(server, what);
    },
    get servers() {
      return known.keys();
    },
    wishOf(server) {
      const wanted = known.get(server)?.wanted;
      return wanted === 'up' || wanted === 'down' ? wanted : null;
    },
    takeCounters(specification) {
      const kept = known.get(specification.name);
      if (kept === undefined) return null;
      known.set(specification.name, { ...kept, counters: null });
      const counters: unknown = kept.counters;
      return isRecord(counters) && match(specification, counters.specification) ? parseCounters(counters) : null;
    },
    listsOf: (server) => parseLists(known.get(server)?.lists),
    forget: (server) => void known.delete(server),
  };
}

/** Null: it is not what was kept. */
function parseCounters(kept: Readonly<Record<string, unknown>>): Counters | null {
  const { attempt, unreachable, refusedSince, automaticStarts, failureTimes } = kept;
  const isSound =
    isCount(attempt) &&
    isCount(unreachable) &&
    (refusedSince === null || isTime(refusedSince)) &&
    areTimes(automaticStarts) &&
    areTimes(failureTimes);
  return isSound ? { attempt, unreachable, refusedSince, automaticStarts, failureTimes } : null;
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && Number(value) >= 0;
}

function isTime(value: unknown): value is number {
  return typeof value === 'number' && Number.isFinite(value);
}

function areTimes(value: unknown): value is readonly number[] {
  return Array.isArray(value) && value.length <= mostTimes && value.every(isTime);
}
