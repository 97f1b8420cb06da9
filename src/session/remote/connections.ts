/**
 * Our own connections to remote servers: without the 300 s limits of a plain fetch, and trusting whom the specification
 * says.
 */

import type { FetchLike } from '@modelcontextprotocol/sdk/shared/transport.js';
import { Agent, type RequestInit as UndiciRequestInit, fetch as undiciFetch } from 'undici';

export interface ConnectionsOptions {
  /** Of the server. */
  readonly origin: string;
  /** Certificates (PEM) that `origin` is trusted by. Every other origin, and null: those of the system. */
  readonly ca: string | null;
  /** Time to open a connection, in milliseconds. */
  readonly connectTimeoutMs: number;
  /** Ends connections that are being opened. */
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
  // An authorization server elsewhere is not vouched for by the authority of this one.
  const others = ca === null ? own : new Agent({ ...limits, connect });
  return {
    fetch(url, init) {
      const dispatcher = new URL(url).origin === origin ? own : others;
      // undici's types of fetch and Node's own differ by version only.
      return undiciFetch(url, { ...init, dispatcher } as UndiciRequestInit) as unknown as Promise<Response>;
    },
    async close() {
      await Promise.all([own.destroy(), others.destroy()]);
    },
  };
}
