/** The control API as one Hono app: who may come in, the routes, and what is said when something goes wrong. */

import { type Context, Hono } from 'hono';
import { HTTPException } from 'hono/http-exception';
import { isMcpvisorError, McpvisorError } from '../errors.ts';
import type { Supervisor } from '../supervisor/contract.ts';
import { createHostCheck, type HostRules } from './admission/origin.ts';
import { createRateLimit } from './admission/rate-limit.ts';
import { type Caller, createAuthentication, type Token } from './admission/token.ts';
import { type HttpEnvironment, mayUse } from './endpoint.ts';
import { createIdempotency } from './idempotency.ts';
import { mount } from './mount.ts';
import { isBug, toProblemResponse } from './problem.ts';
import { allRoutes } from './routes/all.ts';
import type { RouteParts } from './routes/parts.ts';

/** How callers are told apart: by our tokens, or by a host that has let them in already. */
export type Admission =
  | { readonly tokens: readonly Token[]; readonly hosts: HostRules }
  | { readonly identity: Identity };

/** Whom a host let in. */
export type Identity = (c: Context) => string;

export interface HttpAppOptions {
  readonly supervisor: Supervisor;
  readonly admission: Admission;
  /** The largest body taken. Default 4 MiB. */
  readonly maxBodyBytes?: number;
  /** Requests a caller may make; null: any number. Default null. */
  readonly requestsPerSecond?: number | null;
  /** A comment line this often tells readers of a stream that it lives, in milliseconds. Default 15 000. */
  readonly heartbeatMs?: number;
  /** Path below which everything is served: `/mcpvisor`. Default: the root. */
  readonly basePath?: string;
  /** Default null: nobody counts. */
  readonly metrics?: RouteParts['metrics'];
  /** Told of every error that is a bug: its caller learns nothing of it. */
  readonly report: (error: unknown) => void;
  /** The wall clock in milliseconds. */
  readonly now: () => number;
}

export type HttpApp = Hono<HttpEnvironment>;

/** Builds the app; nothing listens yet, and there is nothing to close. */
export function createHttpApp(options: HttpAppOptions): HttpApp {
  const { supervisor, admission, maxBodyBytes = 4 * 1024 * 1024, requestsPerSecond = null, report, now } = options;
  const basePath = (options.basePath ?? '').replace(/\/+$/, '');
  const admit = createAdmission(admission);
  const limit = createRateLimit(requestsPerSecond, now);
  const { heartbeatMs = 15_000 } = options;
  const parts: RouteParts = {
    supervisor,
    now,
    metrics: options.metrics ?? null,
    heartbeatMs,
    report,
  };
  const all = allRoutes(parts, { mayRead: (c) => isAdmitted(admit, c) });

  const app = new Hono<HttpEnvironment>().basePath(basePath);
  const answer = (error: unknown): Response => {
    if (isBug(error)) report(error);
    return toProblemResponse(error, now());
  };
  const open = all.filter(({ endpoint }) => endpoint.access === 'open');
  const guarded = all.filter(({ endpoint }) => endpoint.access !== 'open');
  const mountOptions = { maxBodyBytes, idempotency: createIdempotency(now), answer };
  // Before the guards: whoever asks whether we live has neither token nor a name we know.
  mount(app, open, mountOptions);
  app.use(async (c, next) => {
    const { who, scope } = admit(c);
    limit(who);
    c.set('who', who);
    c.set('scope', scope);
    await next();
  });
  mount(app, guarded, mountOptions);
  // A host's app that mounts this one has a word of its own for what is not there: below our path it is ours.
  app.all('*', (c) => answer(new McpvisorError('NOT_FOUND', { path: c.req.path })));
  app.notFound((c) => answer(new McpvisorError('NOT_FOUND', { path: c.req.path })));
  // What a host's identity throws is the host's own answer.
  app.onError((error) => (error instanceof HTTPException ? error.getResponse() : answer(error)));
  return app;
}

/** Who sends a request. Throws `FORBIDDEN_HOST`, `FORBIDDEN_ORIGIN` or `UNAUTHENTICATED`. */
type Admit = (c: Context) => Caller;

function createAdmission(admission: Admission): Admit {
  if ('identity' in admission) return (c) => ({ who: admission.identity(c), scope: 'admin' });
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
