/** The TCP sockets of processes, from `/proc`; none where the system has no `/proc`, or does not tell. */

import { readdirSync, readFileSync, readlinkSync } from 'node:fs';

export interface TcpSocket {
  /** As in `socketsOf`. */
  readonly inode: string;
  /** Its own port, not that of the other side. */
  readonly port: number;
  readonly state: 'established' | 'listening' | 'other';
}

/** The states in the tables of the system. */
const states: ReadonlyMap<string, TcpSocket['state']> = new Map([
  ['01', 'established'],
  ['0A', 'listening'],
]);

/** All that are in the network of this process, of other processes too. */
export function tcpSocketsNear(pid: number): readonly TcpSocket[] {
  return ['tcp', 'tcp6'].flatMap((protocol) =>
    // None: the process is gone, or there is no such protocol here.
    orElse('', () => readFileSync(`/proc/${pid}/net/${protocol}`, 'latin1'))
      .split('\n')
      .slice(1)
      .flatMap(toSocket),
  );
}

function toSocket(row: string): readonly TcpSocket[] {
  const [, local = '', , state = '', , , , , , inode] = row.trim().split(/\s+/);
  if (inode === undefined) return [];
  const port = Number.parseInt(local.slice(local.lastIndexOf(':') + 1), 16);
  return [{ inode, port, state: states.get(state) ?? 'other' }];
}

/** The inodes of the sockets that a process has open, of whatever kind. */
export function socketsOf(pid: number): readonly string[] {
  const folder = `/proc/${pid}/fd`;
  // None: it is gone, or has another user. An empty link: closed meanwhile.
  return orElse<readonly string[]>([], () => readdirSync(folder)).flatMap((fd) => {
    const inode = /^socket:\[(\d+)\]$/.exec(orElse('', () => readlinkSync(`${folder}/${fd}`)))?.[1];
    return inode === undefined ? [] : [inode];
  });
}

function orElse<Value>(instead: Value, read: () => Value): Value {
  try {
    return read();
  } catch {
    // What does not tell has no sockets that we could know of.
    return instead;
  }
}
