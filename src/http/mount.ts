/** Mounts routes: checks scope and size of the body, and answers every other method. */

import type { Context, Hono, MiddlewareHandler } from 'hono';
import { McpvisorError } from '../errors.ts';
import { type HttpEnvironment, type Route, requireScope } from './endpoint.ts';
import type { Idempotency } from './idempotency.ts';
import { limitBody } from './parse.ts';
import type { Outgoing } from './streams/outgoing.ts';

export interface MountOptions {
  readonly maxBodyBytes: number;
  readonly idempotency: Idempotency;
  readonly outgoing: Outgoing;
  /** Turns what a handler threw into a response. */
  readonly answer: (error: unknown, c: Context) => Response;
}

export function mount(
  app: Hono<HttpEnvironment>,
  routes: readonly Route[],
  { maxBodyBytes, idempotency, outgoing, answer }: MountOptions,
): void {
  const limited = limitBody(maxBodyBytes);
  for (const { endpoint, handle } of routes) {
    const { method, path, access } = endpoint;
    // A GET has no body, and looking for one creates a full `Request`: a third of the cost of a read.
    const guard: MiddlewareHandler = method === 'GET' ? (_c, next) => next() : limited;
    app.on(method, toPattern(path), guard, async (c) => {
      requireScope(c, access);
      c.set('outgoing', outgoing);
      if (method === 'GET') return await handle(c);
      return await idempotency.once(
        c,
        () => handle(c).catch((error: unknown) => answer(error, c)),
        (kept) => outgoing.send(c, kept),
      );
    });
  }
  for (const path of new Set(routes.map(({ endpoint }) => endpoint.path))) {
    const allowed = routes.filter(({ endpoint }) => endpoint.path === path).map(({ endpoint }) => endpoint.method);
    app.all(toPattern(path), (c) => {
      throw new McpvisorError('METHOD_NOT_ALLOWED', { method: c.req.method, allowed });
    });
  }
}

/** `/api/servers/{name}` in Hono's syntax. */
function toPattern(path: string): string {
  return path.replaceAll(/\{(\w+)\}/g, ':$1');
}
