/**
 * The socket of the control plane, opened before anything is served on it: a port in use is noticed before any server
 * is started.
 */

import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { McpvisorError } from '../errors.ts';
import { type ConnectionLimitOptions, limitConnections } from './admission/connection-limit.ts';

export interface ListenerOptions {
  readonly host: string;
  /** 0: any free one. */
  readonly port: number;
  /** Called when a connection could not be accepted: the others go on. */
  readonly onError: (error: unknown) => void;
  /** Connections at a time; further ones are closed. Default 4 096. */
  readonly maxConnections?: number;
  /**
   * Requests that are answered even when all connections are taken: up to an eighth of the connections, at most 64, is
   * reserved for them. Default: none.
   */
  readonly mayUseReserve?: ConnectionLimitOptions['mayUseReserve'];
  /** Time a client has for the headers of a request. Default 10 000. */
  readonly headersTimeoutMs?: number;
  /** Time a client has for a whole request, body included; no less than for its headers. Default 60 000. */
  readonly requestTimeoutMs?: number;
  /** Certificate chain and private key, PEM. Default null: nothing is encrypted. */
  readonly tls?: { readonly cert: string; readonly key: string } | null;
}

export interface Listener {
  /** For clients on this machine, without a slash at the end. */
  readonly url: string;
  /** Handles the requests that have arrived so far, and all further ones. Called once. */
  serve(handle: RequestListener): void;
  /** Accepts no new connections; open ones go on. */
  stopAccepting(): void;
  /**
   * Gives answers in progress a second to finish, then closes every connection. May be called twice; does not throw.
   */
  close(): Promise<void>;
}

/** Longest interval at which the two timeouts are checked. */
const checkIntervalMs = 2_000;
/** Time for answers in progress at shutdown. */
const lastAnswersMs = 1_000;

/** Throws `PORT_UNAVAILABLE`. */
export async function openListener(options: ListenerOptions): Promise<Listener> {
  const { host, port, onError, headersTimeoutMs = 10_000, requestTimeoutMs = 60_000, tls = null } = options;
  const { maxConnections = 4096, mayUseReserve = () => false } = options;
  const limits = {
    headersTimeout: headersTimeoutMs,
    // Node refuses a request timeout shorter than the headers timeout.
    requestTimeout: Math.max(requestTimeoutMs, headersTimeoutMs),
    // 0 means no limit.
    connectionsCheckingInterval: Math.min(checkIntervalMs, headersTimeoutMs || checkIntervalMs),
  };
  // The TLS handshake has the same time limit as the headers.
  const server =
    tls === null
      ? createServer(limits)
      : (await import('node:https')).createServer({
          ...limits,
          ...tls,
          handshakeTimeout: headersTimeoutMs || checkIntervalMs * 5,
        });
  const { guard } = limitConnections(server, { maxConnections, mayUseReserve });
  const waiting: Parameters<RequestListener>[] = [];
  const wait: RequestListener = (request, response) => void waiting.push([request, response]);
  server.on('request', wait);
  await listen(server, host, port);
  server.on('error', onError);
  let closed: Promise<void> | null = null;
  return {
    url: urlOf(tls === null ? 'http' : 'https', host, portOf(server, port)),
    serve(handle) {
      server.off('request', wait);
      const guarded = guard(handle);
      server.on('request', guarded);
      for (const [request, response] of waiting.splice(0)) {
        guarded(request, response);
      }
    },
    stopAccepting() {
      closed ??= closedOf(server);
    },
    async close() {
      closed ??= closedOf(server);
      server.closeIdleConnections();
      const enough = setTimeout(() => server.closeAllConnections(), lastAnswersMs);
      await closed;
      clearTimeout(enough);
    },
  };
}

function closedOf(server: Server): Promise<void> {
  // `close` fails only if the server is not open, which is fine.
  return new Promise((resolve) => server.close(() => resolve()));
}

function listen(server: Server, host: string, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const refuse = (cause: NodeJS.ErrnoException) =>
      reject(new McpvisorError('PORT_UNAVAILABLE', { host, port, reason: reasonOf(cause) }, { cause }));
    server.once('error', refuse);
    server.listen(port, host, () => {
      server.off('error', refuse);
      resolve();
    });
  });
}

function portOf(server: Server, asked: number): number {
  const address: AddressInfo | string | null = server.address();
  return typeof address === 'object' && address !== null ? address.port : asked;
}

const reasons: ReadonlyMap<string, string> = new Map([
  ['EADDRINUSE', 'another program listens there'],
  ['EACCES', 'that takes more rights'],
  ['EADDRNOTAVAIL', 'this machine has no such address'],
  ['ENOTFOUND', 'there is no such host'],
]);

function reasonOf(cause: NodeJS.ErrnoException): string {
  return reasons.get(cause.code ?? '') ?? cause.message;
}

/** A server that listens on all addresses is reached from this machine by the loopback address. */
function urlOf(scheme: 'http' | 'https', host: string, port: number): string {
  const reachable = host === '0.0.0.0' ? '127.0.0.1' : host === '::' ? '::1' : host;
  return `${scheme}://${reachable.includes(':') ? `[${reachable}]` : reachable}:${port}`;
}
