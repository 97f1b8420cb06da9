/**
 * The control API over a real socket, with a real supervisor and real servers; closed when the test file is through.
 */

import { fileURLToPath } from 'node:url';
import type { HostRules } from '../../src/http/admission/origin.ts';
import { createHttpApp, type HttpAppOptions } from '../../src/http/app.ts';
import { type Scope, scopes } from '../../src/http/endpoint.ts';
import { createRequestHandler } from '../../src/http/handler.ts';
import { type ListenerOptions, openListener } from '../../src/http/listener.ts';
import type { ServerEntry } from '../../src/index.ts';
import type { Supervisor } from '../../src/supervisor/contract.ts';
import { openSupervisor } from '../../src/supervisor/supervisor.ts';
import { type Client, createClient } from '../support/doors/client.ts';

export const token = 'a-token-that-only-tests-know';

export interface Api {
  readonly url: string;
  readonly supervisor: Supervisor;
  readonly client: Client;
  /** Errors that were reported as bugs. */
  readonly bugs: readonly unknown[];
  close(): Promise<void>;
}

export interface ApiOptions extends Partial<Omit<HttpAppOptions, 'supervisor' | 'admission' | 'onError' | 'now'>> {
  readonly servers?: Readonly<Record<string, unknown>>;
  readonly settings?: Readonly<Record<string, unknown>>;
  readonly hosts?: Partial<HostRules>;
  readonly limits?: Partial<ListenerOptions>;
  /** Default: the supervisor closes. */
  readonly onShutdown?: () => void;
}

/** The token of a scope. */
export function tokenOf(scope: Scope): string {
  return scope === 'admin' ? token : `a-token-of-scope-${scope}`;
}

export async function openApi({
  servers = {},
  settings = {},
  hosts = {},
  limits = {},
  onShutdown,
  ...extra
}: ApiOptions = {}): Promise<Api> {
  const bugs: unknown[] = [];
  const onError = (error: unknown) => void bugs.push(error);
  const { supervisor } = await openSupervisor({
    config: { mcpServers: servers as Readonly<Record<string, ServerEntry>>, mcpvisor: settings },
    env: process.env,
    ...(onShutdown !== undefined && { onShutdown }),
  });
  const listener = await openListener({ host: '127.0.0.1', port: 0, onError, ...limits });
  const tokens = scopes.map((scope) => ({ name: scope === 'admin' ? 'tests' : scope, value: tokenOf(scope), scope }));
  const app = createHttpApp({
    supervisor,
    admission: { tokens, hosts: { boundHost: '127.0.0.1', ...hosts } },
    onError,
    now: Date.now,
    ...extra,
  });
  listener.serve(createRequestHandler(app, { onError, now: Date.now }));
  return {
    url: listener.url,
    supervisor,
    client: createClient(listener.url, token),
    bugs,
    async close() {
      await supervisor.close();
      await listener.close();
    },
  };
}

/** Entry of a server of `test/servers`. */
export function entryOf(program: string, ...args: readonly string[]): Readonly<Record<string, unknown>> {
  return {
    command: process.execPath,
    args: [fileURLToPath(new URL(`../servers/${program}.mjs`, import.meta.url)), ...args],
  };
}
