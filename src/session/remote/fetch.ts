/**
 * The only way out for a link's requests: over its own connections, with an abort signal per request and the configured
 * headers; redirects only within the origin, and nothing after `close`.
 */

import { setMaxListeners } from 'node:events';
import type { FetchLike } from '@modelcontextprotocol/sdk/shared/transport.js';
import { type BodyEnd, watchBody } from './body.ts';
import { createConnections } from './connections.ts';
import { RemoteError, showUrl, toBroken, toTooLarge } from './error.ts';
import type { RemoteTarget } from './target.ts';

export interface RemoteFetchOptions {
  readonly target: RemoteTarget;
  /** The host's fetch; then connections, their limits and `ca` are up to the host. */
  readonly fetch?: FetchLike;
  /** Time to open a connection, in milliseconds. */
  readonly connectTimeoutMs: number;
  /** Certificates (PEM) to trust for the origin of the target. Null: those of the system. */
  readonly ca: string | null;
  /** Longest message of an answer, decompressed, in bytes. */
  readonly maxMessageBytes: number;
  /** Called for each message that is longer. */
  readonly onTooLarge: (error: RemoteError) => void;
}

export interface Exchange {
  /** Aborts the request; also aborted by `init.signal` and `close`. */
  readonly controller?: AbortController;
  /** Called once per answer that has a body. */
  readonly onEnd?: (end: BodyEnd) => void;
}

export interface RemoteFetch {
  fetch(url: string | URL, init?: RequestInit, exchange?: Exchange): Promise<Response>;
  readonly closed: boolean;
  /** Aborts pending requests and destroys every connection. May be called twice; does not reject. */
  close(): Promise<void>;
}

export function createRemoteFetch(options: RemoteFetchOptions): RemoteFetch {
  const { target, fetch, connectTimeoutMs, ca, maxMessageBytes } = options;
  const lifetime = new AbortController();
  setMaxListeners(0, lifetime.signal);
  const { origin } = target.url;
  const connections =
    fetch === undefined
      ? createConnections({ origin, ca, connectTimeoutMs, signal: lifetime.signal })
      : { fetch, close: async () => {} };

  return {
    get closed() {
      return lifetime.signal.aborted;
    },
    async fetch(url, init = {}, { controller = new AbortController(), onEnd } = {}) {
      const unlink = abortWith(controller, [lifetime.signal, init.signal ?? null]);
      try {
        const headers = withConfigured(target, url, init);
        const response = await withinOrigin(connections.fetch, new URL(url), {
          ...init,
          headers,
          signal: controller.signal,
        });
        return watchBody(response, {
          onEnd(end) {
            unlink();
            onEnd?.(controller.signal.aborted ? 'dropped' : end);
          },
          toError: (error) => (controller.signal.aborted ? error : toBroken(error, url)),
          maxMessageBytes,
          onTooLarge() {
            const error = toTooLarge(maxMessageBytes);
            options.onTooLarge(error);
            return error;
          },
        });
      } catch (error) {
        unlink();
        throw error;
      }
    },
    async close() {
      lifetime.abort();
      await connections.close();
    },
  };
}

/**
 * Aborts `controller` with the first of `signals`, until the returned function is called: on a signal shared by many
 * requests, listeners would pile up that only the garbage collector removes (Node 20).
 */
function abortWith(controller: AbortController, signals: readonly (AbortSignal | null)[]): () => void {
  const abort = () => controller.abort();
  const present = signals.filter((signal) => signal !== null);
  for (const signal of present) {
    if (signal.aborted) {
      abort();
    }
    // One listener per pending request is right, and no leak to warn about.
    setMaxListeners(0, signal);
    signal.addEventListener('abort', abort, { once: true });
  }
  return () => {
    for (const signal of present) {
      signal.removeEventListener('abort', abort);
    }
  };
}

/**
 * Configured headers are sent only to the target's origin, and win over ours there; a foreign authorization server
 * never sees them.
 */
function withConfigured(
  { url: own, headers: configured }: RemoteTarget,
  url: string | URL,
  init: RequestInit,
): Headers {
  const headers = new Headers(init.headers);
  if (new URL(url).origin === own.origin) {
    for (const [name, value] of configured) {
      headers.set(name, value);
    }
  }
  return headers;
}

const maxRedirects = 5;

/**
 * Follows redirects that stay within the origin and keep the method; refuses all others, because the headers are
 * secrets.
 */
async function withinOrigin(carry: FetchLike, url: URL, init: RequestInit): Promise<Response> {
  let from = url;
  for (let followed = 0; followed <= maxRedirects; followed += 1) {
    const response = await carry(from, { ...init, redirect: 'manual' });
    const location = response.status >= 300 && response.status < 400 ? response.headers.get('location') : null;
    if (location === null) {
      return response;
    }
    await response.body?.cancel();
    const to = URL.canParse(location, from.href) ? new URL(location, from) : null;
    const keepsMethod =
      response.status === 307 || response.status === 308 || init.method === undefined || init.method === 'GET';
    if (to === null || to.origin !== from.origin || !keepsMethod) {
      throw refusedRedirect(response.status, from, to);
    }
    to.username = '';
    to.password = '';
    from = to;
  }
  throw new RemoteError({ message: `${showUrl(url)} redirects more than ${maxRedirects} times.`, status: 302 });
}

function refusedRedirect(status: number, from: URL, to: URL | null): RemoteError {
  const where = to === null ? 'to nowhere' : `to ${showUrl(to)}`;
  const message = `${showUrl(from)} redirects ${where} (HTTP ${status}), which is not followed: give the final address.`;
  // 303 says where to see the result of a request that was done; the others send the request itself elsewhere.
  return new RemoteError({ message, status, reached: status === 303 });
}
