/**
 * Our own connections to remote servers: without the 300 s limits of plain fetch, and trusting the certificates that
 * the specification names.
 */

import type { FetchLike } from '@modelcontextprotocol/sdk/shared/transport.js';
import { Agent, type RequestInit as UndiciRequestInit, fetch as undiciFetch } from 'undici';

export interface ConnectionsOptions {
  /** The server's origin. */
  readonly origin: string;
  /** Certificates (PEM) to trust for `origin`. For every other origin, and if null: those of the system. */
  readonly ca: string | null;
  /** Time to open a connection, in milliseconds. */
  readonly connectTimeoutMs: number;
  /** Aborts connections that are being opened. */
  readonly signal: AbortSignal;
}

export interface Connections {
  readonly fetch: FetchLike;
  /** Destroys every connection. May be called twice; does not reject. */
  close(): Promise<void>;
}

export function createConnections({ origin, ca, connectTimeoutMs, signal }: ConnectionsOptions): Connections {
  const limits = { headersTimeout: 0, bodyTimeout: 0 };
  const connect = { timeout: connectTimeoutMs, signal };
  const own = new Agent({ ...limits, connect: ca === null ? connect : { ...connect, ca } });
  // The configured certificates do not count for an authorization server elsewhere.
  const others = ca === null ? own : new Agent({ ...limits, connect });
  return {
    fetch(url, init) {
      const dispatcher = new URL(url).origin === origin ? own : others;
      // undici's types of fetch differ from Node's only by version.
      return undiciFetch(url, { ...init, dispatcher } as UndiciRequestInit) as unknown as Promise<Response>;
    },
    async close() {
      await Promise.all([own.destroy(), others.destroy()]);
    },
  };
}
