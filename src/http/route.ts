/** An endpoint and its handler become a route: the request is parsed first, and all problems are reported at once. */

import type { Context } from 'hono';
import { basePath } from 'hono/route';
import type { ContentfulStatusCode } from 'hono/utils/http-status';
import type * as z from 'zod';
import { toJsonText } from '../text/json-text.ts';
import type { Endpoint, HttpEnvironment, Route, RouteRequest } from './endpoint.ts';
import { parseBody, parseQuery } from './parse.ts';
import { jsonHeaders } from './status-text.ts';
import type { WholeAnswer } from './streams/outgoing.ts';

/** Where clients find the API: `/mcpvisor`; empty at the root. */
export function baseOf(c: Context<HttpEnvironment>): string {
  return (c.get('publicPath') ?? basePath(c)).replace(/\/+$/, '');
}

type BodyOf<Body extends z.ZodType | null> = Body extends z.ZodType ? z.output<Body> : null;

/**
 * Answers with what servers sent: their numbers as they wrote them. Throws `ANSWERS_UNREAD`, but for an answer that is
 * kept under its key: that is sent when it has been kept.
 */
export function carry(c: Context<HttpEnvironment>, value: object): Response {
  return send(c, { status: 200, headers: jsonHeaders, body: toJsonText(value) });
}

/** Answers with what this program says. Throws as `carry` does. */
export function reply(c: Context<HttpEnvironment>, value: object, status = 200): Response {
  return replyText(c, { status, headers: jsonHeaders, body: JSON.stringify(value) });
}

/** A few small answers are always given, probes among them: the request itself takes as much memory as one of them. */
const longestSmall = 4_096;

/** The same with a text that is there already. */
export function replyText(c: Context<HttpEnvironment>, answer: Text): Response {
  return answer.body.length > longestSmall ? send(c, answer) : whole(c, answer);
}

type Text = WholeAnswer & { readonly body: string };

function send(c: Context<HttpEnvironment>, answer: Text): Response {
  return c.get('outlivesClient') === true ? whole(c, answer) : c.get('outgoing').send(c, answer);
}

function whole(c: Context<HttpEnvironment>, { status, headers, body }: Text): Response {
  return c.body(body, status as ContentfulStatusCode, { ...headers });
}

/** `handle` answers with `carry`, `reply`, a stream, or throws. */
export function route<Query extends z.ZodObject, Body extends z.ZodObject | null>(
  endpoint: Endpoint<Query, Body>,
  handle: (request: RouteRequest<z.output<Query>, BodyOf<Body>>) => Response | Promise<Response>,
): Route {
  return {
    endpoint,
    async handle(c: Context<HttpEnvironment>) {
      const query = parseQuery(c, endpoint.query) as z.output<Query>;
      const body = (endpoint.body === null ? null : await parseBody(c, endpoint.body)) as BodyOf<Body>;
      // Always defined unless the handler names a parameter its path does not have.
      const param = (name: string) => c.req.param(name) ?? '';
      return await handle({
        c,
        query,
        body,
        param,
        who: c.get('who'),
        // Created on demand: it is expensive, and most reads do not need it.
        get signal() {
          return c.get('outlivesClient') === true ? new AbortController().signal : c.req.raw.signal;
        },
      });
    },
  };
}
