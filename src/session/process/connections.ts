/** Whether processes have a connection over TCP that is open. */

import { socketsOf, tcpSocketsNear } from '../../tcp-sockets.ts';

/** False where the system does not say. */
export function hasConnection(pids: readonly number[]): boolean {
  const [first] = pids;
  if (first === undefined) return false;
  // All of them share its network, unless one has made its own.
  const open = new Set(
    tcpSocketsNear(first)
      .filter(({ state }) => state === 'established')
      .map(({ inode }) => inode),
  );
  return open.size > 0 && pids.some((pid) => socketsOf(pid).some((inode) => open.has(inode)));
}
