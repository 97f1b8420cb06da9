/**
 * What a route takes and answers, as data: one description validates requests, types the code, and makes the OpenAPI
 * document.
 */

import type { Context } from 'hono';
import type { z } from 'zod';
import type { ErrorCode } from '../errors.ts';

/** What a token may do, each more than the one before: the gateway only, reading, events and calls, everything. */
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
  /** Codes of the problems it may answer beside those that every route may. */
  readonly problems: readonly ErrorCode[];
}

/** What a request carries from the door to its route. */
export interface HttpEnvironment {
  readonly Variables: { readonly who: string; readonly scope: Scope };
}

export interface RouteRequest<Query, Body> {
  readonly c: Context<HttpEnvironment>;
  readonly param: (name: string) => string;
  readonly query: Query;
  readonly body: Body;
  /** Name of the token, or what the host says. */
  readonly who: string;
  /** Aborts when the client goes away. */
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
