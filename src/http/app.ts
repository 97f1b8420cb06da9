/** The control API as one Hono app: admission, the routes, and the answers to errors. */

import { type Context, type Env, Hono } from 'hono';
import { HTTPException } from 'hono/http-exception';
import { systemClock, type TimerClock } from '../clock.ts';
import { isMcpvisorError, McpvisorError } from '../errors.ts';
import { type Budget, createBudget, limitsOfHeap } from '../session/budget.ts';
import type { Supervisor } from '../supervisor/contract.ts';
import { createHostCheck, type HostRules } from './admission/origin.ts';
import { createRateLimit } from './admission/rate-limit.ts';
import { type Caller, createAuthentication, type Token } from './admission/token.ts';
import { type HttpEnvironment, mayUse, type Scope } from './endpoint.ts';
import { createIdempotency } from './idempotency.ts';
import { mount } from './mount.ts';
import { isBug, toProblemAnswer, toProblemResponse } from './problem.ts';
import { baseOf } from './route.ts';
import { allRoutes } from './routes/all.ts';
import type { DocumentedSecurity, RouteParts } from './routes/parts.ts';
import { createOutgoing } from './streams/outgoing.ts';

/** How callers are identified: by our tokens, or by a host that has authenticated them already. */
export type Admission =
  | { readonly tokens: readonly Token[]; readonly hosts: HostRules }
  | { readonly identity: Identity };

/**
 * The name of a caller whom a host let in, and what it may do (a name alone: everything). `Environment` is that of the
 * host's own Hono app.
 */
export type Identity<Environment extends Env = Env> = (
  c: Context<Environment>,
) => string | { readonly name: string; readonly scope: Scope };

export interface HttpAppOptions {
  readonly supervisor: Supervisor;
  readonly admission: Admission;
  /** Largest body accepted, in bytes. Default 4 MiB. */
  readonly maxBodyBytes?: number;
  /** Room for answers on their way to callers; all apps of a process should share it. Default: one of its own. */
  readonly unread?: Budget;
  /** Requests a caller may make each second; null: any number. Default null. */
  readonly requestsPerSecond?: number | null;
  /** Interval of the comment line that shows a stream is alive, in milliseconds. Default 15 000. */
  readonly heartbeatMs?: number;
  /** Path below which everything is served: `/mcpvisor`. Default: the root. */
  readonly basePath?: string;
  /** Where clients find the API. Default: where the request was routed to. */
  readonly publicPath?: string;
  /** What the OpenAPI document says of security. Default: our token, or nothing where a host lets callers in. */
  readonly security?: DocumentedSecurity;
  /** Default null: there are no metrics. */
  readonly metrics?: RouteParts['metrics'];
  /** Called with every error that is a bug; the caller of the API does not see it. */
  readonly onError: (error: unknown) => void;
  /** The wall clock in milliseconds. */
  readonly now: () => number;
  /** Default: Node's. */
  readonly timers?: TimerClock | undefined;
}

export type HttpApp = Hono<HttpEnvironment>;

export type { DocumentedSecurity, Env, Scope };

const byToken: DocumentedSecurity = {
  security: [{ token: [] }],
  securitySchemes: { token: { type: 'http', scheme: 'bearer' } },
};

const byHost: DocumentedSecurity = { security: [], securitySchemes: {} };

/** Builds the app; nothing listens yet, and there is nothing to close. */
export function createHttpApp(options: HttpAppOptions): HttpApp {
  const { supervisor, admission, maxBodyBytes = 4 * 1024 * 1024, requestsPerSecond = null, onError, now } = options;
  const basePath = (options.basePath ?? '').replace(/\/+$/, '');
  const admit = createAdmission(admission);
  const limit = createRateLimit(requestsPerSecond, now);
  const { heartbeatMs = 15_000, timers = systemClock, unread = createBudget(limitsOfHeap()) } = options;
  const outgoing = createOutgoing(unread, timers);
  const parts: RouteParts = {
    supervisor,
    security: options.security ?? ('tokens' in admission ? byToken : byHost),
    now,
    timers,
    metrics: options.metrics ?? null,
    heartbeatMs,
    onError,
  };
  const all = allRoutes(parts, { mayRead: (c) => isAdmitted(admit, c) });

  const app = new Hono<HttpEnvironment>().basePath(basePath);
  const { publicPath } = options;
  if (publicPath !== undefined)
    app.use(async (c, next) => {
      c.set('publicPath', publicPath);
      await next();
    });
  const answer = (error: unknown, c: Context): Response => {
    if (isBug(error)) onError(error);
    // What is kept under a key is sent when it has been kept.
    if (c.get('outlivesClient') === true) return toProblemResponse(error, now(), baseOf(c));
    try {
      // It may have as much in it as a result.
      return outgoing.send(c, toProblemAnswer(error, now(), baseOf(c)));
    } catch (refusal) {
      return toProblemResponse(refusal, now(), baseOf(c));
    }
  };
  /** Nothing has been started, and what is kept is another's: one may look, and end this one. */
  const refuseWhileHeld = (c: Context): void => {
    if (
      c.req.method === 'GET' ||
      c.req.method === 'HEAD' ||
      /\/api\/(?:shutdown|actors\/supervisor\/events)$/.test(c.req.path)
    )
      return;
    const holder = supervisor.storeHolder();
    if (holder === null) return;
    const by = `the control plane on ${holder.host} (pid ${holder.pid})`;
    throw new McpvisorError('STORE_IN_USE', { store: supervisor.status().store.address, by });
  };
  const open = all.filter(({ endpoint }) => endpoint.access === 'open');
  const guarded = all.filter(({ endpoint }) => endpoint.access !== 'open');
  const mountOptions = { maxBodyBytes, idempotency: createIdempotency(now), outgoing, answer };
  // Before the guards: health checks have neither a token nor a known Host.
  mount(app, open, mountOptions);
  app.use(async (c, next) => {
    const { who, scope } = admit(c);
    limit(who);
    c.set('who', who);
    c.set('scope', scope);
    refuseWhileHeld(c);
    await next();
  });
  mount(app, guarded, mountOptions);
  // The app of a host has its own 404; below our path it is ours.
  app.all('*', (c) => answer(new McpvisorError('NOT_FOUND', { path: c.req.path }), c));
  app.notFound((c) => answer(new McpvisorError('NOT_FOUND', { path: c.req.path }), c));
  // An HTTPException thrown by the host's `identity` is the host's answer.
  app.onError((error, c) => (error instanceof HTTPException ? error.getResponse() : answer(error, c)));
  return app;
}

/** Who sends a request. Throws `FORBIDDEN_HOST`, `FORBIDDEN_ORIGIN` or `UNAUTHENTICATED`. */
type Admit = (c: Context) => Caller;

function createAdmission(admission: Admission): Admit {
  if ('identity' in admission) {
    return (c) => {
      const caller = admission.identity(c);
      return typeof caller === 'string' ? { who: caller, scope: 'admin' } : { who: caller.name, scope: caller.scope };
    };
  }
  const checkHost = createHostCheck(admission.hosts);
  const authenticate = createAuthentication(admission.tokens);
  return (c) => {
    checkHost(c.req.header('host'), c.req.header('origin'));
    return authenticate(c.req.header('authorization'));
  };
}

function isAdmitted(admit: Admit, c: Context): boolean {
  try {
    return mayUse(admit(c).scope, 'read');
  } catch (error) {
    if (isMcpvisorError(error) || error instanceof HTTPException) return false;
    throw error;
  }
}
