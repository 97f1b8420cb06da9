/** How many connections there may be at a time, some of them reserved for health checks. */

import type { IncomingMessage, RequestListener, Server } from 'node:http';
import type { Socket } from 'node:net';

export interface ConnectionLimitOptions {
  /** Open at a time, the reserve included. */
  readonly maxConnections: number;
  /** Whether a request may be answered on a connection of the reserve. */
  readonly mayUseReserve: (request: IncomingMessage) => boolean;
}

export interface ConnectionLimit {
  /** The handler for requests on any connection, those of the reserve included. */
  readonly guard: (handle: RequestListener) => RequestListener;
}

const largestReserve = 64;

/**
 * A connection that arrives when all others are taken belongs to the reserve: it may send one request that is allowed
 * there, and is closed for a newer one when the reserve is full, too. So silent clients cannot keep out a health check
 * that asks at once.
 */
export function limitConnections(
  server: Server,
  { maxConnections, mayUseReserve }: ConnectionLimitOptions,
): ConnectionLimit {
  const reserve = Math.min(largestReserve, Math.floor(maxConnections / 8));
  let taken = 0;
  /**
   * By the address of the client: behind TLS a request has another socket than the connection it came on. Oldest
   * first.
   */
  const reserved = new Map<string, Socket>();

  server.on('connection', (socket: Socket) => {
    if (taken < maxConnections - reserve) {
      taken += 1;
      socket.once('close', () => {
        taken -= 1;
      });
      return;
    }
    const address = addressOf(socket);
    reserved.set(address, socket);
    socket.once('close', () => {
      if (reserved.get(address) === socket) reserved.delete(address);
    });
    if (reserved.size <= reserve) return;
    for (const [oldest, its] of reserved) {
      reserved.delete(oldest);
      its.destroy();
      break;
    }
  });

  return {
    guard: (handle) => (request, response) => {
      // Nearly always empty.
      if (reserved.size > 0 && reserved.has(addressOf(request.socket))) {
        if (!mayUseReserve(request)) {
          request.socket.destroy();
          return;
        }
        response.shouldKeepAlive = false;
      }
      handle(request, response);
    },
  };
}

function addressOf({ remoteAddress, remotePort }: Socket): string {
  return `${remoteAddress} ${remotePort}`;
}
