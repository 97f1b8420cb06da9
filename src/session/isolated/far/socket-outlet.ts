/** The connection to the control plane, as what servers say goes over it. */

import type { Socket } from 'node:net';
import type { Outlet } from '../../outlet.ts';

/** What may wait for a control plane that reads slower than servers speak, in bytes. */
const mostWaiting = 16 * 1024 * 1024;

export class SocketOutlet implements Outlet {
  readonly #socket: () => Socket | null;
  #waiting: (() => void)[] = [];

  constructor(socket: () => Socket | null) {
    this.#socket = socket;
  }

  /** Without a control plane nothing waits. */
  get isFull(): boolean {
    const socket = this.#socket();
    return socket !== null && !socket.destroyed && socket.writableLength > mostWaiting;
  }

  whenFree(): Promise<void> {
    if (!this.isFull) return Promise.resolve();
    return new Promise((resolve) => void this.#waiting.push(resolve));
  }

  /** Called with each new connection. */
  watch(socket: Socket): void {
    const free = () => {
      for (const resolve of this.#waiting.splice(0)) resolve();
    };
    socket.on('drain', free).on('close', free);
  }
}
