/** How many connections there may be at a time, some of them kept for those who ask whether we live. */

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
 * A connection that comes when all others are taken is one of the reserve: it is good for one request that may use
 * it, and gives way to a newer one when that is full, too. Whoever says nothing can so keep out everybody but those
 * who ask at once.
 */
export function limitConnections(
  server: Server,
  { maxConnections, mayUseReserve }: ConnectionLimitOptions,
): ConnectionLimit {
  const reserve = Math.min(largestReserve, Math.floor(maxConnections / 8));
  let taken = 0;
  /**
   * By the address of the other side: behind TLS a request has another socket than the connection it came on. Oldest
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
      // Nearly always there are none.
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
