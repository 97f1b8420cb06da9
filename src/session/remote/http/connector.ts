/** Opens sockets to a remote server, within a time and until a signal aborts. */

import { connect as connectTcp, isIP, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { errors } from 'undici';

export interface Address {
  readonly host: string;
  readonly port: number;
}

export interface ConnectorOptions {
  /** The server's origin. */
  readonly origin: string;
  /** Certificates (PEM) to trust. Null: those of the system. */
  readonly ca: string | null;
  /** Time to open a connection, TLS included, in milliseconds. */
  readonly timeoutMs: number;
}

/** Opens one connection. `signal` destroys it, also when it is open. Rejects with the system's error. */
export type Connect = (signal: AbortSignal) => Promise<Socket>;

export function createConnector({ origin, ca, timeoutMs }: ConnectorOptions): Connect {
  const url = new URL(origin);
  const isSecure = url.protocol === 'https:';
  const address: Address = { host: hostOf(url), port: Number(url.port) || (isSecure ? 443 : 80) };
  /** Makes the next handshakes with the same server shorter. */
  let ticket: Buffer | undefined;

  async function open(signal: AbortSignal): Promise<Socket> {
    const plain = await openTcp(address, signal);
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
  signal.addEventListener('abort', end, { once: true });
  const timer = setTimeout(() => {
    lifetime.abort(
      new errors.ConnectTimeoutError(`${address.host}:${address.port} was not connected within ${timeoutMs} ms`),
    );
  }, timeoutMs);
  try {
    const socket = await open(lifetime.signal);
    socket.once('close', () => signal.removeEventListener('abort', end));
    return socket;
  } catch (error) {
    signal.removeEventListener('abort', end);
    throw lifetime.signal.aborted ? lifetime.signal.reason : error;
  } finally {
    clearTimeout(timer);
  }
}

function openTcp({ host, port }: Address, signal: AbortSignal): Promise<Socket> {
  const socket = connectTcp({ host, port, signal, noDelay: true, keepAlive: true, keepAliveInitialDelay: 60_000 });
  return opened(socket, 'connect');
}

function opened<Opening extends Socket>(socket: Opening, event: 'connect' | 'secureConnect'): Promise<Opening> {
  return new Promise((resolve, reject) => {
    const failed = (error: Error) => reject(error);
    const closed = () => reject(new errors.SocketError('The connection was closed while it was opened.'));
    socket.once('error', failed).once('close', closed);
    socket.once(event, () => {
      socket.off('error', failed).off('close', closed);
      resolve(socket);
    });
    // A socket that is given up emits an error that nobody waits for.
    socket.on('error', () => {});
  });
}

/** Without the brackets of IPv6. */
function hostOf({ hostname }: URL): string {
  return hostname.replace(/^\[|\]$/g, '');
}
