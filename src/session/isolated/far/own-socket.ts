/** Where the client process listens: what one that was killed left there is replaced, and what is ours is removed. */

import { chmodSync, lstatSync, rmSync } from 'node:fs';
import type { Server } from 'node:net';
import { dirname } from 'node:path';
import { type ProcessIdentity, readIdentity, usualSocket } from '../identity-file.ts';

/** Rejects if something is in the way that is no socket, and so not ours to remove, or if another one listens. */
export async function listenOn(path: string, server: Server): Promise<void> {
  const found = lstatSync(path, { throwIfNoEntry: false });
  if (found?.isSocket() === false) throw new Error(`${path} is not a socket: it is in the way of the client process`);
  rmSync(path, { force: true });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject).listen(path, resolve);
  });
  chmodSync(path, 0o600);
}

/** Removes the socket of this process, unless another one has put its own there meanwhile. Does not throw. */
export function removeSocket(stateDir: string, { instance, socket }: ProcessIdentity): void {
  try {
    if (readIdentity(stateDir)?.instance !== instance) return;
    if (socket === usualSocket(stateDir)) rmSync(socket, { force: true });
    else rmSync(dirname(socket), { recursive: true, force: true });
  } catch {
    // What is left there the next start recognises as that of a process which is gone.
  }
}
