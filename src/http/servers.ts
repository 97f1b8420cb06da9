/** Routes under `/api/servers`: each reads a snapshot, sends an event, or makes a call, and answers. */

import { type Context, type Handler, Hono } from 'hono';
import { McpvisorError } from '../errors.ts';
import type { CommandOutcome, PostedCommand, Supervisor } from '../supervisor/contract.ts';
import { callBody, eventBody, eventQuery, noQuery } from './contract.ts';
import { limitBody, parseBody, parseQuery } from './parse.ts';

/** What a request carries from the door to its route. */
export interface HttpEnvironment {
  readonly Variables: { readonly who: string };
}

export interface ServerRoutesOptions {
  readonly supervisor: Supervisor;
  readonly maxBodyBytes: number;
}

export function createServerRoutes({ supervisor, maxBodyBytes }: ServerRoutesOptions): Hono<HttpEnvironment> {
  const limited = limitBody(maxBodyBytes);
  const routes = new Hono<HttpEnvironment>();
  routes.get('/', (c) => {
    parseQuery(c, noQuery);
    return c.json({ servers: supervisor.status().servers });
  });
  routes.get('/:name', (c) => {
    parseQuery(c, noQuery);
    return c.json(supervisor.status(c.req.param('name')));
  });
  routes.post('/:name/events', limited, (c) => sendEvent(c, supervisor, c.req.param('name')));
  routes.post('/:name/tools/:tool/call', limited, (c) => callTool(c, supervisor, { server: c.req.param('name'), tool: c.req.param('tool') }));
  routes.all('/', only('GET'));
  routes.all('/:name', only('GET'));
  routes.all('/:name/events', only('POST'));
  routes.all('/:name/tools/:tool/call', only('POST'));
  return routes;
}

/** Answers every method that no earlier route took. */
export function only(...allowed: readonly string[]): Handler {
  return (c) => {
    throw new McpvisorError('METHOD_NOT_ALLOWED', { method: c.req.method, allowed });
  };
}

async function sendEvent(c: Context<HttpEnvironment>, supervisor: Supervisor, server: string): Promise<Response> {
  const { wait: waitMs } = parseQuery(c, eventQuery);
  const { type } = await parseBody(c, eventBody);
  const posted = supervisor.post(server, { type, by: c.get('who') });
  const outcome = waitMs === undefined ? unawaited(posted) : await settledWithin(posted, waitMs, c.req.raw.signal);
  if (outcome === null) {
    return c.json({ commandId: posted.commandId }, 202);
  }
  return c.json({ commandId: outcome.commandId, outcome: outcome.outcome, server: supervisor.status(server) });
}

function unawaited(posted: PostedCommand): null {
  // Its rejection is a fact on the stream; this caller asked not to be told.
  posted.settled.catch(() => undefined);
  return null;
}

/** The outcome, or null if it is not there after `waitMs` or when `signal` aborts: the command goes on, only the waiting ends. Rejects as `settled` does. */
function settledWithin({ settled }: PostedCommand, waitMs: number, signal: AbortSignal): Promise<CommandOutcome | null> {
  return new Promise((resolve, reject) => {
    const finish = (end: () => void) => {
      clearTimeout(timer);
      signal.removeEventListener('abort', giveUp);
      end();
    };
    const giveUp = () => finish(() => resolve(null));
    const timer = setTimeout(giveUp, waitMs);
    signal.addEventListener('abort', giveUp, { once: true });
    settled.then(
      (outcome) => finish(() => resolve(outcome)),
      (error: unknown) => finish(() => reject(error)),
    );
  });
}

async function callTool(c: Context<HttpEnvironment>, supervisor: Supervisor, { server, tool }: { server: string; tool: string }): Promise<Response> {
  parseQuery(c, noQuery);
  const { arguments: args, timeoutMs } = await parseBody(c, callBody);
  const startedMs = performance.now();
  const result = await supervisor.callTool(server, tool, args ?? {}, { signal: c.req.raw.signal, ...(timeoutMs !== undefined && { timeoutMs }) });
  return c.json({ result, durationMs: Math.round(performance.now() - startedMs), generation: supervisor.status(server).generation });
}
