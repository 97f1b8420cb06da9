/** Queries over the facts that are kept, page by page. */

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
}

const defaultLimit = 1_000;
const maxLimit = 10_000;
/** More than are ever kept. */
const maxTail = 100_000;

/** Throws `INVALID_REQUEST` with every problem of the query. */
export function selectFacts({ kept }: Pick<Facts, 'kept'>, query: JournalQuery): JournalPage {
  const { actors, types, since, until, limit, after, tail } = parseQuery(query);
  const facts: Fact[] = [];
  const candidates = kept({
    after,
    // Mostly few are asked for of many.
    newestFirst: tail !== null,
    isWanted: ({ actor, type }) => (actors === null || actors.has(actor)) && (types === null || types.has(type)),
  });
  for (const fact of candidates) {
    if ((since !== null && fact.at < since) || (until !== null && fact.at > until)) continue;
    // One more than fits, so there is another page.
    if (tail === null && facts.length === limit) return { facts, next: facts.at(-1)?.seq ?? null };
    facts.push(fact);
    if (facts.length === tail) break;
  }
  return { facts: tail === null ? facts : facts.reverse(), next: null };
}

function parseQuery({ actor, type, since, until, limit = defaultLimit, after = 0, tail }: JournalQuery) {
  const problems: Problem[] = [];
  const refuse = (path: string, message: string) => problems.push({ path, message, hint: null, severity: 'error' });
  const timeOf = (path: string, time: string | number | undefined): string | null => {
    if (time === undefined) return null;
    const date = new Date(time);
    if (!Number.isNaN(date.getTime())) return date.toISOString();
    refuse(path, 'is not a time: UTC ISO 8601, or milliseconds since 1970');
    return null;
  };
  const types = setOf(type);
  for (const unknown of [...(types ?? [])].filter((one) => !factTypes.has(one)))
    refuse('type', `"${unknown}" is no type of fact`);
  if (!Number.isInteger(limit) || limit < 1 || limit > maxLimit)
    refuse('limit', `is not a whole number from 1 to ${maxLimit}`);
  if (!Number.isSafeInteger(after) || after < 0) refuse('after', 'is not the number of a fact');
  if (tail !== undefined && (!Number.isInteger(tail) || tail < 1 || tail > maxTail))
    refuse('tail', `is not a whole number from 1 to ${maxTail}`);
  const parsed = {
    actors: setOf(actor),
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

function setOf(wanted: string | readonly string[] | undefined): ReadonlySet<string> | null {
  if (wanted === undefined) return null;
  return new Set(typeof wanted === 'string' ? [wanted] : wanted);
}
