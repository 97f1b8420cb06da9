/**
 * What a route takes and answers, as data: one description validates requests, types the handlers, and generates the
 * OpenAPI document.
 */

import type { Context } from 'hono';
import type * as z from 'zod';
import type { ErrorCode } from '../errors.ts';

/** What a token may do; each scope includes the ones before it: the gateway only, reading, events and calls, all. */
export const scopes = ['mcp', 'read', 'operate', 'admin'] as const;

export type Scope = (typeof scopes)[number];

/** `open`: needs neither a token nor a known Host. */
export type Access = Scope | 'open';

export interface AnswerDescription {
  readonly description: string;
  /** Null: no body. */
  readonly schema: z.ZodType | null;
  /** Default `application/json`. */
  readonly mediaType?: string;
}

export interface Endpoint<Query extends z.ZodObject = z.ZodObject, Body extends z.ZodType | null = z.ZodType | null> {
  /** Name of the operation: `getServer`. */
  readonly id: string;
  readonly method: 'GET' | 'POST';
  /** `/api/servers/{name}`. */
  readonly path: string;
  readonly access: Access;
  readonly summary: string;
  readonly query: Query;
  readonly body: Body;
  readonly answers: Readonly<Record<number, AnswerDescription | readonly AnswerDescription[]>>;
  /** Codes of the problems it may answer with, beside those common to all routes. */
  readonly problems: readonly ErrorCode[];
}

/** What admission adds to a request for its route. */
export interface HttpEnvironment {
  readonly Variables: { readonly who: string; readonly scope: Scope };
}

export interface RouteRequest<Query, Body> {
  readonly c: Context<HttpEnvironment>;
  readonly param: (name: string) => string;
  readonly query: Query;
  readonly body: Body;
  /** Name of the token, or the identity the host gave. */
  readonly who: string;
  /** Aborts when the client disconnects. */
  readonly signal: AbortSignal;
}

export interface Route {
  readonly endpoint: Endpoint;
  readonly handle: (c: Context<HttpEnvironment>) => Promise<Response>;
}

/** Whether a token of one scope may use a route that wants another. */
export function mayUse(scope: Scope, access: Access): boolean {
  return access === 'open' || scopes.indexOf(scope) >= scopes.indexOf(access);
}
