/** Sockets that are being opened. */

import { connect as connectTcp, type Socket } from 'node:net';
import { errors } from 'undici';

export interface Address {
  readonly host: string;
  readonly port: number;
}

export function openTcp({ host, port }: Address, signal: AbortSignal): Promise<Socket> {
  const socket = connectTcp({ host, port, signal, noDelay: true, keepAlive: true, keepAliveInitialDelay: 60_000 });
  return opened(socket, 'connect');
}

/** Resolves when the socket is open; rejects with its error. */
export function opened<Opening extends Socket>(socket: Opening, event: 'connect' | 'secureConnect'): Promise<Opening> {
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
export function hostOf({ hostname }: URL): string {
  return hostname.replace(/^\[|\]$/g, '');
}
