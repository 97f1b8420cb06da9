/** Authentication: bearer tokens, compared in constant time. */

import { createHash, timingSafeEqual } from 'node:crypto';
import { McpvisorError } from '../../errors.ts';
import type { Scope } from '../endpoint.ts';

export interface Token {
  /** The `by` of the commands that are sent with it. */
  readonly name: string;
  readonly value: string;
  readonly scope: Scope;
}

/** Who sent a request, and what it may do. */
export interface Caller {
  readonly who: string;
  readonly scope: Scope;
}

/** Returns a function that gives the caller of an `Authorization` header, or throws `UNAUTHENTICATED`. */
export function createAuthentication(tokens: readonly Token[]): (authorization: string | undefined) => Caller {
  const known = tokens.map(({ name, value, scope }) => ({ caller: { who: name, scope }, digest: digestOf(value) }));
  return (authorization) => {
    const presented = /^Bearer +([^ ]+) *$/i.exec(authorization ?? '')?.[1];
    if (presented === undefined) throw new McpvisorError('UNAUTHENTICATED', {});
    // Digests have the same length whatever was sent, and every token is compared: timing reveals neither.
    const digest = digestOf(presented);
    const match = known.reduce<Caller | null>(
      (found, token) => (timingSafeEqual(token.digest, digest) ? token.caller : found),
      null,
    );
    if (match === null) throw new McpvisorError('UNAUTHENTICATED', {});
    return match;
  };
}

function digestOf(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
