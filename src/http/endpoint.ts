/**
 * What a route takes and answers, as data: one description validates requests, types the handlers, and generates the
 * OpenAPI document.
 */

import type { Context } from 'hono';
import type * as z from 'zod';
import { type ErrorCode, McpvisorError } from '../errors.ts';
import type { Outgoing } from './streams/outgoing.ts';

/** What a token may do; each scope includes the ones before it: the gateway only, reading, events and calls, all. */
export const scopes = ['mcp', 'read', 'operate', 'admin'] as const;

export type Scope = (typeof scopes)[number];

/** What routes are about, in the order the documents show them. */
export const tags = {
  Health: 'For monitoring.',
  'Control plane': 'Status, plan and shutdown.',
  Servers: 'Servers, commands to them, and what they wrote.',
  Catalog: 'What servers offer.',
  Calls: 'Calls and other MCP requests.',
  Actors: 'The tree of live actors, and their charts.',
  Facts: 'What happened, as it happens and from memory.',
  Documents: 'This API, described.',
} as const;

export type Tag = keyof typeof tags;

/** `open`: needs neither a token nor a known Host. */
export type Access = Scope | 'open';

export interface AnswerDescription {
  readonly description: string;
  /** Null: no body. */
  readonly schema: z.ZodType | null;
  /** Default `application/json`. */
  readonly mediaType?: string;
}

/** A header that a route reads, beside those of every route. */
export interface HeaderDescription {
  readonly name: string;
  readonly description: string;
  readonly schema: z.ZodType;
}

export type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';

export interface Endpoint<Query extends z.ZodObject = z.ZodObject, Body extends z.ZodType | null = z.ZodType | null> {
  /** Name of the operation: `getServer`. */
  readonly id: string;
  readonly tag: Tag;
  readonly method: Method;
  /** `/api/servers/{name}`. */
  readonly path: string;
  readonly access: Access;
  readonly summary: string;
  readonly query: Query;
  /** Default: none. */
  readonly headers?: readonly HeaderDescription[];
  readonly body: Body;
  readonly answers: Readonly<Record<number, AnswerDescription | readonly AnswerDescription[]>>;
  /** Codes of the problems it may answer with, beside those common to all routes. */
  readonly problems: readonly ErrorCode[];
}

/** What admission adds to a request for its route. */
export interface HttpEnvironment {
  readonly Variables: {
    readonly who: string;
    readonly scope: Scope;
    /** Takes the answer to its caller. */
    readonly outgoing: Outgoing;
    /** Where clients find the API, if the request does not tell. */
    readonly publicPath?: string;
    /** The request goes on when its client is gone. */
    readonly outlivesClient?: boolean;
  };
}

export interface RouteRequest<Query, Body> {
  readonly c: Context<HttpEnvironment>;
  readonly param: (name: string) => string;
  readonly query: Query;
  readonly body: Body;
  /** Name of the token, or the identity the host gave. */
  readonly who: string;
  /** Aborts when the client disconnects, but for a request that may be repeated under its key. */
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

/** Throws `FORBIDDEN_SCOPE` unless the caller may use a route with this access. */
export function requireScope(c: Context<HttpEnvironment>, access: Access): void {
  const scope = c.get('scope');
  if (!mayUse(scope, access)) throw new McpvisorError('FORBIDDEN_SCOPE', { needed: access, scope });
}
