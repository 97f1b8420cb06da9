/** Versions of the configuration in HTTP: as an `ETag`, and the one that an edit is made for. */

import type { Context } from 'hono';
import { McpvisorError } from '../errors.ts';

/** `"12"`. */
export function tagOf(version: number): string {
  return `"${version}"`;
}

/** One version, as we wrote it, or as a proxy made it weak. What follows the number tells an edit that has none yet. */
const tagPattern = /^(?:W\/)?"(\d{1,15})(?:\.[\w-]{1,64})?"$/;

/** More than anybody lists. */
const mostTags = 100;

export interface Expected {
  /** Of the query or the body. */
  readonly given: number | undefined;
  /** The version in force. */
  readonly current: number;
}

/**
 * The version that an edit is made for, from `If-Match` (one `ETag`, several, or `*`), or as it was given otherwise; none:
 * any. Throws `INVALID_REQUEST` for what is no version, and for two that differ.
 */
export function expectedVersion(c: Context, { given, current }: Expected): { readonly version?: number } {
  const header = c.req.header('if-match')?.trim();
  if (header === undefined || header === '*') return given === undefined ? {} : { version: given };
  const versions = header
    .split(',', mostTags)
    .map((tag) => tagPattern.exec(tag.trim())?.[1])
    .map((version) => (version === undefined ? null : Number(version)));
  if (versions.includes(null)) throw invalid('must be * or the ETag of an earlier answer: "12"');
  const [first] = versions;
  // Of a list, one that matches is enough.
  const expected = versions.includes(current) ? current : (first ?? current);
  if (given !== undefined && given !== expected) throw invalid(`is for another version than ${given}`);
  return { version: expected };
}

function invalid(message: string): McpvisorError {
  return new McpvisorError('INVALID_REQUEST', {
    problems: [{ path: 'If-Match', message, hint: 'read the configuration again', severity: 'error' }],
  });
}

/**
 * The `ETag` of what is in force. A hand edit may be in force before it has a version: until then its own digest stands
 * beside the number.
 */
export function createTags(): (version: number, digest: string) => string {
  let known: { readonly version: number; readonly digest: string } | null = null;
  return (version, digest) => {
    if (known?.version !== version) known = { version, digest };
    return known.digest === digest ? tagOf(version) : `"${version}.${digest}"`;
  };
}
