/**
 * Our connections to one remote server, one request at a time on each. How many there may be is bounded, for the server
 * and for the process; who finds none free waits, first come, first served.
 */

import type { Socket } from 'node:net';
import { callbackify } from 'node:util';
import { Client } from 'undici';
import { onAbort } from '../../../on-abort.ts';
import type { BudgetMember, SocketBudget } from '../socket-budget.ts';
import type { Connect } from './connector.ts';
import { createCrowdingWatch, type TellCrowding } from './crowding.ts';
import { passOverInterim } from './interim.ts';
import { createPlaces, type Urgency } from './places.ts';

export interface ConnectionsOptions {
  /** The name of the server. */
  readonly server: string;
  readonly origin: string;
  readonly connect: Connect;
  /** Of the whole process. */
  readonly sockets: SocketBudget;
  /** Calls at a time, at most; there are places beside them for other requests. */
  readonly most: number;
  /** Told when requests wait long for a connection, and when none does any more. */
  readonly tellCrowding: TellCrowding;
}

export interface Connection {
  readonly client: Client;
  /** It has carried a request before: the other side may be about to close it. */
  readonly isReused: boolean;
  /** Bytes given to the system for sending, over all requests. */
  readonly bytesWritten: number;
  /** The request is over: the next one may have the connection. */
  release(): void;
  /** The connection is of no more use. */
  discard(): void;
}

export interface Connections {
  /** Rejects with the reason of `signal` when that aborts. `fresh`: not one that was used before. */
  acquire(urgency: Urgency, signal: AbortSignal, fresh?: boolean): Promise<Connection>;
  /** Destroys every connection. May be called twice; does not reject. */
  close(): Promise<void>;
}

/** An idle connection is closed after this time, in milliseconds: servers and proxies drop idle ones after 5 s or more. */
const idleMs = 4_000;

interface Slot extends Connection {
  isReused: boolean;
  isGone: boolean;
}

interface Waiting {
  readonly urgency: Urgency;
  readonly sinceMs: number;
  wake: () => void;
}

export function createConnections(options: ConnectionsOptions): Connections {
  const { server, origin, connect, sockets, most, tellCrowding } = options;
  const busy = new Map<Slot, Urgency>();
  const places = createPlaces(most);
  /** The one used last is taken first, so that the others become idle and go. */
  const idle: Slot[] = [];
  const waiting = new Set<Waiting>();
  let isClosed = false;
  const openSocket = callbackify(connect);

  const member: BudgetMember = {
    server,
    get use() {
      const [first] = waiting;
      const waitedMs = first === undefined ? 0 : performance.now() - first.sinceMs;
      return { open: busy.size + idle.length, waiting: waiting.size, waitedMs };
    },
    dropIdle() {
      const oldest = idle.shift();
      oldest?.discard();
      return oldest !== undefined;
    },
    roomMade: wakeNext,
  };
  sockets.join(member);
  const crowding = createCrowdingWatch(() => {
    const [first] = waiting;
    if (first === undefined) return null;
    const isOurs = !places.hasRoom(first.urgency);
    return {
      waitedMs: member.use.waitedMs,
      crowding: { bound: isOurs ? 'server' : 'process', most: isOurs ? places.mostFor(first.urgency) : sockets.most },
    };
  }, tellCrowding);

  function occupy(slot: Slot, urgency: Urgency): Slot {
    busy.set(slot, urgency);
    places.take(urgency);
    return slot;
  }

  /** False: it was not in use. */
  function vacate(slot: Slot): boolean {
    const urgency = busy.get(slot);
    if (urgency !== undefined) places.give(urgency);
    return busy.delete(slot);
  }

  function open(): Slot {
    let socket: Socket | null = null;
    let expectAnswer = () => {};
    const lifetime = new AbortController();
    const client = new Client(origin, {
      connect(_, callback) {
        openSocket(lifetime.signal, (error, opened) => {
          socket = opened;
          if (error !== null) {
            sockets.refused(error);
            return callback(error, null);
          }
          expectAnswer = passOverInterim(opened);
          callback(null, opened);
        });
      },
      pipelining: 1,
      keepAliveTimeout: idleMs,
      headersTimeout: 0,
      bodyTimeout: 0,
    });
    const slot: Slot = {
      client,
      isReused: false,
      isGone: false,
      get bytesWritten() {
        return socket?.bytesWritten ?? 0;
      },
      release() {
        if (slot.isGone || !vacate(slot)) return;
        slot.isReused = true;
        expectAnswer();
        idle.push(slot);
        if (isClosed) slot.discard();
        else if (!wakeNext()) sockets.idled();
      },
      discard() {
        if (slot.isGone) return;
        slot.isGone = true;
        vacate(slot);
        const at = idle.indexOf(slot);
        if (at !== -1) idle.splice(at, 1);
        // A request on it is told by this, unless it is over.
        void client.destroy().catch(() => {});
        lifetime.abort();
        sockets.give();
        wakeNext();
      },
    };
    // The other side closed it, or it was idle for too long. One that is busy fails its request, which discards it.
    client.on('disconnect', () => {
      if (idle.includes(slot)) slot.discard();
    });
    return slot;
  }

  function wakeNext(): boolean {
    for (const next of waiting) {
      if (!places.hasRoom(next.urgency)) continue;
      next.wake();
      return true;
    }
    return false;
  }

  /** Nobody overtakes those who wait already, for the same places or for a socket. */
  function isNext(urgency: Urgency): boolean {
    for (const other of waiting) if (other.urgency === urgency || places.hasRoom(other.urgency)) return false;
    return true;
  }

  function take(urgency: Urgency, fresh: boolean): Slot | null {
    if (!places.hasRoom(urgency)) return null;
    const kept = fresh ? undefined : idle.pop();
    if (kept !== undefined) return occupy(kept, urgency);
    return sockets.take() ? occupy(open(), urgency) : null;
  }

  /** Keeps its place in the queue until it has a connection or gives up. */
  async function wait(urgency: Urgency, signal: AbortSignal, fresh: boolean): Promise<Slot> {
    const place: Waiting = { urgency, sinceMs: performance.now(), wake() {} };
    waiting.add(place);
    crowding.began();
    const forgetSignal = onAbort(signal, () => place.wake());
    try {
      for (;;) {
        await new Promise<void>((resolve) => {
          place.wake = resolve;
        });
        signal.throwIfAborted();
        const slot = take(urgency, fresh);
        if (slot !== null) return slot;
      }
    } finally {
      waiting.delete(place);
      forgetSignal();
      wakeNext();
    }
  }

  return {
    async acquire(urgency, signal, fresh = false) {
      // A connection that the other side has closed says so in the next turn of the loop: no request is risked on it.
      if (busy.size + idle.length > 0) await turn();
      signal.throwIfAborted();
      const mayTake = urgency === 'urgent' || isNext(urgency);
      return (mayTake ? take(urgency, fresh) : null) ?? wait(urgency, signal, fresh);
    },
    async close() {
      isClosed = true;
      crowding.close();
      sockets.leave(member);
      for (const slot of [...busy.keys(), ...idle]) slot.discard();
    },
  };
}

function turn(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}
