/** Whether processes have a connection over TCP that is open, from `/proc`. */

import { readdirSync, readFileSync, readlinkSync } from 'node:fs';

/** The state of an open connection in the tables of sockets. */
const established = '01';

/** False where the system does not say. */
export function hasConnection(pids: readonly number[]): boolean {
  const [first] = pids;
  if (first === undefined) return false;
  // All of them share its network, unless one has made its own.
  const open = new Set([...inodesIn(`/proc/${first}/net/tcp`), ...inodesIn(`/proc/${first}/net/tcp6`)]);
  return open.size > 0 && pids.some((pid) => socketsOf(pid).some((inode) => open.has(inode)));
}

function inodesIn(table: string): readonly string[] {
  try {
    const rows = readFileSync(table, 'latin1').split('\n').slice(1);
    return rows.flatMap((row) => {
      const fields = row.trim().split(/\s+/);
      return fields[3] === established && fields[9] !== undefined ? [fields[9]] : [];
    });
  } catch {
    // The process is gone, or there is no such protocol here.
    return [];
  }
}

function socketsOf(pid: number): readonly string[] {
  try {
    return readdirSync(`/proc/${pid}/fd`).flatMap((fd) => {
      const inode = /^socket:\[(\d+)\]$/.exec(linkOf(`/proc/${pid}/fd/${fd}`))?.[1];
      return inode === undefined ? [] : [inode];
    });
  } catch {
    // It is gone, or has another user.
    return [];
  }
}

function linkOf(path: string): string {
  try {
    return readlinkSync(path);
  } catch {
    // Closed meanwhile.
    return '';
  }
}
