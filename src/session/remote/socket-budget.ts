/** How many sockets all remote servers together may hold, so that descriptors are left for everything else. */

import { readFileSync } from 'node:fs';

export interface ConnectionUse {
  readonly open: number;
  /** Requests that wait for a connection. */
  readonly waiting: number;
  /** How long the first of them has waited, in milliseconds. */
  readonly waitedMs: number;
}

/** The connections to one server. */
export interface BudgetMember {
  readonly server: string;
  readonly use: ConnectionUse;
  /** Closes the connection that has been idle longest. False: none is idle. */
  dropIdle(): boolean;
  /** A socket may be had now. Returns whether anybody waited for it. */
  roomMade(): boolean;
}

export interface SocketBudget {
  readonly most: number;
  /** What each server uses of it; those without a connection or a session are left out. */
  readonly uses: readonly BudgetMember[];
  /** Takes one socket, an idle one of another server if there is no other. False: none is to be had. */
  take(): boolean;
  /** Gives one back. */
  give(): void;
  /** A connection has become idle: a request that waits for another server may have it. */
  idled(): void;
  /** The system refused one: for want of descriptors or memory, or for another reason. */
  refused(error: Error): void;
  /** Whether so many are left that a server may hold one for nothing but news. */
  hasRoomForStreams(): boolean;
  join(member: BudgetMember): void;
  leave(member: BudgetMember): void;
}

/** `onRefused`: called with the error of each socket that the system refused. */
export function createSocketBudget(most = mostSockets(), onRefused: (error: Error) => void = () => {}): SocketBudget {
  const members = new Set<BudgetMember>();
  let used = 0;

  const wakeAny = (): void => {
    for (const member of members) {
      if (!member.roomMade()) continue;
      // The next one in need may be another: the turn goes round.
      members.delete(member);
      members.add(member);
      return;
    }
  };

  return {
    most,
    get uses() {
      return [...members];
    },
    take() {
      if (used >= most) for (const member of members) if (member.dropIdle()) break;
      if (used >= most) return false;
      used += 1;
      return true;
    },
    give() {
      used -= 1;
      wakeAny();
    },
    idled() {
      if (used >= most) wakeAny();
    },
    refused: onRefused,
    hasRoomForStreams: () => used < most / 2,
    join: (member) => void members.add(member),
    leave: (member) => void members.delete(member),
  };
}

/** Where the limit cannot be read: a quarter of what Node can have on most systems. */
const mostElsewhere = 1_024;

/** Half of the descriptors that this process may have: the rest is for stdio servers, callers and files. */
function mostSockets(): number {
  try {
    const soft = /^Max open files\s+(\d+)/m.exec(readFileSync('/proc/self/limits', 'utf8'))?.[1];
    return Math.max(16, Math.min(Math.floor(Number(soft) / 2) || mostElsewhere, 8_192));
  } catch {
    // Not Linux, or hidden from us.
    return mostElsewhere;
  }
}
