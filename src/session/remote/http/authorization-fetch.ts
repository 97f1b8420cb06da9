/** The fetch with which authorization servers are asked, which may be elsewhere than the server that needs them. */

import type { FetchLike } from '@modelcontextprotocol/sdk/shared/transport.js';
import { Agent, ProxyAgent, type RequestInit as UndiciRequestInit, fetch as undiciFetch } from 'undici';
import type { ProxyChoice } from '../../../specification.ts';
import { withinOrigin } from './redirects.ts';
import type { RemoteTarget } from './target.ts';

export interface AuthorizationFetchOptions {
  readonly target: RemoteTarget;
  /** The host's fetch. */
  readonly fetch?: FetchLike | undefined;
  readonly connectTimeoutMs: number;
  /** Certificates (PEM) to trust for the origin of the target, and for no other. */
  readonly ca: string | null;
  /** The proxy to go through. Null: none. */
  readonly proxy: ProxyChoice | null;
}

export interface AuthorizationFetch {
  readonly fetch: FetchLike;
  close(): Promise<void>;
}

export function createAuthorizationFetch(options: AuthorizationFetchOptions): AuthorizationFetch {
  const { target, connectTimeoutMs: timeout, ca } = options;
  // SOCKS proxies are for the server itself.
  const proxy = options.proxy?.url.startsWith('http') === true ? options.proxy.url : null;
  const create = (tls: { readonly ca?: string }) =>
    proxy === null
      ? new Agent({ connect: { timeout, ...tls } })
      : new ProxyAgent({ uri: proxy, requestTls: { timeout, ...tls } });
  const own = create(ca === null ? {} : { ca });
  const others = ca === null ? own : create({});

  /** Configured headers are sent only to the target's origin; a foreign authorization server never sees them. */
  async function ask(url: URL, init: RequestInit): Promise<Response> {
    const isOwn = url.origin === target.url.origin;
    const headers = new Headers(init.headers);
    if (isOwn) for (const [name, value] of Object.entries(target.headers)) headers.set(name, value);
    const request = { ...init, headers, redirect: 'manual' as const };
    if (options.fetch !== undefined) return options.fetch(url, request);
    const dispatcher = isOwn ? own : others;
    // undici's types of fetch differ from Node's only by version.
    return (await undiciFetch(url, { ...request, dispatcher } as unknown as UndiciRequestInit)) as unknown as Response;
  }

  return {
    async fetch(url, init = {}) {
      const { response } = await withinOrigin(init.method ?? 'GET', new URL(url), async (to) => {
        const answered = await ask(to, init);
        return {
          response: answered,
          status: answered.status,
          header: (name) => answered.headers.get(name),
          drop: () => void answered.body?.cancel(),
        };
      });
      return response;
    },
    async close() {
      await Promise.all([own.destroy(), others.destroy()]);
    },
  };
}
