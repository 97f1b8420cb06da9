/** Queries over facts, page by page. */

import { McpvisorError, type Problem } from '../../errors.ts';
import { factTypes } from '../log/level.ts';
import type { Fact, FactType } from './fact.ts';
import type { Facts } from './facts.ts';

export interface JournalQuery {
  /** `server:NAME`, `group:NAME` or `supervisor`; more than one: any of them. Default: all. */
  readonly actor?: string | readonly string[];
  readonly type?: FactType | readonly FactType[];
  /** Earliest time, inclusive: UTC ISO 8601, or milliseconds since 1970. */
  readonly since?: string | number;
  /** Latest time, inclusive. */
  readonly until?: string | number;
  /** Facts on a page, at most. Default 1 000, maximum 10 000. */
  readonly limit?: number;
  /** Number of the last fact seen: `next` of the previous page. Default: from the oldest that is kept. */
  readonly after?: number;
  /** Only the last N matching facts, on one page whatever `limit` says: 1 to 100 000. Default: all. */
  readonly tail?: number;
}

export interface JournalPage {
  /** The newest last. */
  readonly facts: readonly Fact[];
  /** `after` of the next page; null: there is none. */
  readonly next: number | null;
  /** Whether all that match and are kept were looked at. */
  readonly complete: boolean;
  /** What is missing, and why; null: nothing is. */
  readonly reason: string | null;
}

/** A query that was checked. */
export interface AskedFacts {
  /** Any of them. Null: all. */
  readonly actors: readonly string[] | null;
  readonly types: readonly string[] | null;
  /** Inclusive, UTC ISO 8601. */
  readonly since: string | null;
  readonly until: string | null;
  readonly limit: number;
  readonly after: number;
  /** Null: a page of those after `after`. */
  readonly tail: number | null;
}

const defaultLimit = 1_000;
const maxLimit = 10_000;
const maxTail = 100_000;

/** Of facts in memory, those that were asked for, the oldest first: one more than fits if there is another page. */
export function selectFacts({ kept }: Pick<Facts, 'kept'>, asked: AskedFacts, lastSeq: number): readonly Fact[] {
  const { since, until, limit, after, tail } = asked;
  const [actors, types] = [asked.actors && new Set(asked.actors), asked.types && new Set(asked.types)];
  const facts: Fact[] = [];
  const candidates = kept({
    after,
    // Mostly few are asked for of many.
    newestFirst: tail !== null,
    isWanted: ({ actor, type }) => actors?.has(actor) !== false && types?.has(type) !== false,
  });
  for (const fact of candidates) {
    if (fact.seq > lastSeq || (since !== null && fact.at < since) || (until !== null && fact.at > until)) continue;
    facts.push(fact);
    if (facts.length === (tail ?? limit + 1)) break;
  }
  return tail === null ? facts : facts.reverse();
}

/** `facts`: the oldest first; more than fit are those of the next page or, with a `tail`, older ones. */
export function toPage(facts: readonly Fact[], { limit, tail }: AskedFacts): Pick<JournalPage, 'facts' | 'next'> {
  if (tail !== null) return { facts: facts.slice(-tail), next: null };
  const fitting = facts.slice(0, limit);
  return { facts: fitting, next: facts.length > limit ? (fitting.at(-1)?.seq ?? null) : null };
}

/** Throws `INVALID_REQUEST` with every problem of the query. */
export function parseJournalQuery(query: JournalQuery): AskedFacts {
  const { actor, type, since, until, limit = defaultLimit, after = 0, tail } = query;
  const problems: Problem[] = [];
  const refuse = (path: string, message: string) => problems.push({ path, message, hint: null, severity: 'error' });
  const timeOf = (path: string, time: string | number | undefined): string | null => {
    if (time === undefined) return null;
    const date = new Date(time);
    if (!Number.isNaN(date.getTime())) return date.toISOString();
    refuse(path, 'is not a time: UTC ISO 8601, or milliseconds since 1970');
    return null;
  };
  const types = listOf(type);
  for (const unknown of (types ?? []).filter((one) => !factTypes.has(one)))
    refuse('type', `"${unknown}" is no type of fact`);
  if (!Number.isInteger(limit) || limit < 1 || limit > maxLimit)
    refuse('limit', `is not a whole number from 1 to ${maxLimit}`);
  if (!Number.isSafeInteger(after) || after < 0) refuse('after', 'is not the number of a fact');
  if (tail !== undefined && (!Number.isInteger(tail) || tail < 1 || tail > maxTail))
    refuse('tail', `is not a whole number from 1 to ${maxTail}`);
  const parsed = {
    actors: listOf(actor),
    types,
    since: timeOf('since', since),
    until: timeOf('until', until),
    limit,
    after,
    tail: tail ?? null,
  };
  if (problems.length > 0) throw new McpvisorError('INVALID_REQUEST', { problems });
  return parsed;
}

function listOf(wanted: string | readonly string[] | undefined): readonly string[] | null {
  if (wanted === undefined) return null;
  return typeof wanted === 'string' ? [wanted] : wanted;
}
