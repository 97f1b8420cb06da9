/** The control API as one Hono app: who may come in, the routes, and what is said when something goes wrong. */

import { Hono } from 'hono';
import { isMcpvisorError, McpvisorError } from '../errors.ts';
import type { Supervisor } from '../supervisor/contract.ts';
import { createHostCheck, type HostRules } from './origin.ts';
import { toProblemResponse } from './problem.ts';
import { createServerRoutes, type HttpEnvironment, only } from './servers.ts';
import { createAuthentication, type Token } from './token.ts';

export interface HttpAppOptions {
  readonly supervisor: Supervisor;
  /** Each may do everything. */
  readonly tokens: readonly Token[];
  readonly hosts: HostRules;
  /** The largest body taken. Default 4 MiB. */
  readonly maxBodyBytes?: number;
  /** Told of every error that is a bug: its caller learns nothing of it. */
  readonly report: (error: unknown) => void;
  /** The wall clock in milliseconds. */
  readonly now: () => number;
}

/** Builds the app; nothing listens yet, and there is nothing to close. */
export function createHttpApp({ supervisor, tokens, hosts, maxBodyBytes = 4 * 1024 * 1024, report, now }: HttpAppOptions): Hono<HttpEnvironment> {
  const checkHost = createHostCheck(hosts);
  const authenticate = createAuthentication(tokens);
  const app = new Hono<HttpEnvironment>();

  // Before the guards: whoever asks whether we live has neither token nor a name we know.
  app.get('/healthz', (c) => c.json({ status: 'ok' }));
  app.all('/healthz', only('GET'));
  app.use(async (c, next) => {
    checkHost(c.req.header('host'), c.req.header('origin'));
    c.set('who', authenticate(c.req.header('authorization')));
    await next();
  });
  app.route('/api/servers', createServerRoutes({ supervisor, maxBodyBytes }));
  app.notFound((c) => toProblemResponse(new McpvisorError('NOT_FOUND', { path: c.req.path }), now()));
  app.onError((error) => {
    if (!isMcpvisorError(error) || error.code === 'INTERNAL') {
      report(error);
    }
    return toProblemResponse(error, now());
  });
  return app;
}
