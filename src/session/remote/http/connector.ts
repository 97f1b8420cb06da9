/** Opens sockets to a remote server, within a time and until a signal aborts. */

import { isIP, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { errors } from 'undici';
import { onAbort } from '../../../on-abort.ts';
import type { ProxyChoice } from '../../../specification.ts';
import { openThrough } from './proxy.ts';
import { type Address, hostOf, opened, openTcp } from './sockets.ts';

export interface ConnectorOptions {
  /** The server's origin. */
  readonly origin: string;
  /** Certificates (PEM) to trust. Null: those of the system. */
  readonly ca: string | null;
  /** The proxy to go through. Null: none. */
  readonly proxy: ProxyChoice | null;
  /** Time to open a connection, TLS included, in milliseconds. */
  readonly timeoutMs: number;
}

/** Opens one connection. `signal` destroys it, also when it is open. Rejects with the system's error. */
export type Connect = (signal: AbortSignal) => Promise<Socket>;

export function createConnector({ origin, ca, proxy, timeoutMs }: ConnectorOptions): Connect {
  const url = new URL(origin);
  const isSecure = url.protocol === 'https:';
  const address: Address = { host: hostOf(url), port: Number(url.port) || (isSecure ? 443 : 80) };
  /** Makes the next handshakes with the same server shorter. */
  let ticket: Buffer | undefined;

  async function open(signal: AbortSignal): Promise<Socket> {
    const plain = await (proxy === null ? openTcp(address, signal) : openThrough(proxy, { address, isSecure, signal }));
    if (!isSecure) return plain;
    const secure = connectTls({
      socket: plain,
      host: address.host,
      servername: isIP(address.host) === 0 ? address.host : '',
      ALPNProtocols: ['http/1.1'],
      ...(ca !== null && { ca }),
      ...(ticket !== undefined && { session: ticket }),
    });
    secure.on('session', (session) => {
      ticket = session;
    });
    return opened(secure, 'secureConnect');
  }

  return (signal) => withinTime(open, { timeoutMs, signal, address });
}

async function withinTime(
  open: (signal: AbortSignal) => Promise<Socket>,
  {
    timeoutMs,
    signal,
    address,
  }: { readonly timeoutMs: number; readonly signal: AbortSignal; readonly address: Address },
): Promise<Socket> {
  const lifetime = new AbortController();
  const end = () => lifetime.abort(signal.reason);
  signal.throwIfAborted();
  const forgetSignal = onAbort(signal, end);
  const timer = setTimeout(() => {
    lifetime.abort(
      new errors.ConnectTimeoutError(`${address.host}:${address.port} was not connected within ${timeoutMs} ms`),
    );
  }, timeoutMs);
  try {
    const socket = await open(lifetime.signal);
    socket.once('close', forgetSignal);
    return socket;
  } catch (error) {
    forgetSignal();
    throw lifetime.signal.aborted ? lifetime.signal.reason : error;
  } finally {
    clearTimeout(timer);
  }
}
