/** A connection on which a test sends what it likes, byte by byte, and sees when it is cut. */

import { connect } from 'node:net';
import { onTestFinished } from 'vitest';

export interface RawConnection {
  send(bytes: string | Uint8Array): void;
  /** What has come back so far. */
  received(): string;
  isClosed(): boolean;
  /** Resolves when the other side has closed it, with all that came. */
  readonly closed: Promise<string>;
}

/** Called within a test: it is gone when that test is over. */
export function openConnection(url: string): Promise<RawConnection> {
  const { hostname, port } = new URL(url);
  const socket = connect({ host: hostname, port: Number(port) });
  let received = '';
  let isClosed = false;
  socket.on('data', (chunk: Buffer) => {
    received += chunk.toString();
  });
  // Cut while we wrote: that is what is looked for.
  socket.on('error', () => undefined);
  const closed = new Promise<string>((resolve) => {
    socket.on('close', () => {
      isClosed = true;
      resolve(received);
    });
  });
  onTestFinished(() => void socket.destroy());
  const connection = {
    send: (bytes: string | Uint8Array) => void socket.write(bytes),
    received: () => received,
    isClosed: () => isClosed,
    closed,
  };
  return new Promise((resolve) => {
    socket.on('connect', () => resolve(connection));
    socket.on('close', () => resolve(connection));
  });
}
