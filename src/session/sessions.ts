/** The holder of sessions and of the processes under them: this process, or one of its own. */

import { systemClock, type TimerClock } from '../clock.ts';
import type { StopSettings } from '../specification.ts';
import { type Budget, type BudgetLimits, createBudget, limitsOfHeap, type TellRefused } from './budget.ts';
import type { OpenSession, StrayNews } from './contract.ts';
import type { HostParts } from './hosted/parts.ts';
import { createOpenSession } from './open.ts';
import type { Outlet } from './outlet.ts';
import { createGuard } from './process/guard/guard.ts';
import { memoryOfGroups } from './process/memory.ts';
import { createProcessRegistry, type ProcessRecord } from './process/registry.ts';
import { createStrays } from './process/strays/strays.ts';
import { createLoopLag } from './protocol/loop-lag.ts';
import { createSocketBudget } from './remote/socket-budget.ts';

export interface RemoteConnections {
  /** Connections of all remote servers together, at most. */
  readonly most: number;
  readonly servers: readonly {
    readonly server: string;
    readonly open: number;
    /** Requests that wait for one. */
    readonly waiting: number;
  }[];
}

/** What sessions hold of their servers' words, in bytes. */
export interface HeldBytes {
  /** `lists`: lists, and what else stays until something happens. `messages`: those that have begun and not ended. */
  readonly of: 'lists' | 'messages';
  readonly limits: BudgetLimits;
  readonly servers: Budget['uses'];
}

/** What a control plane needs of it besides opening sessions. */
export interface Sessions {
  readonly open: OpenSession;
  /**
   * Ends the process groups that an earlier run left behind, and what their servers left outside of them. Call it once,
   * before anything is opened. Rejects if it could not be found out whether one of the groups still runs: opening its
   * server again might start it twice. `stopOf`: how to end what a server left outside of its group.
   */
  reap(onReaped: (record: ProcessRecord) => void, stopOf: (server: string) => StopSettings): Promise<void>;
  /** The highest generation on record, from this run or the one before; 0: none. */
  highestGeneration(server: string): number;
  /** Sends SIGKILL to every group of this run, at once: for the moment before the process ends. */
  killAllNow(): void;
  /** Resident memory in bytes, by group number; groups without a living member are left out. */
  memoryOf(groups: readonly number[]): Promise<ReadonlyMap<number, number>>;
  /** The connections to remote servers, and how many there may be in all. */
  remoteConnections(): RemoteConnections;
  heldBytes(): readonly HeldBytes[];
  /** Releases guard and record; the guard ends groups that still live. May be called twice; does not throw. */
  close(): Promise<void>;
}

/** Sessions that this process holds. */
export interface OwnSessions extends Sessions {
  /** The highest generation of each server on record. */
  readonly generations: ReadonlyMap<string, number>;
}

export interface SessionsOptions {
  /** Where `processes.json` is. Null: no record is kept. */
  readonly stateDir: string | null;
  /** Our name and version for servers. */
  readonly clientInfo: { readonly name: string; readonly version: string };
  /** The parts of the embedding program. Null: it is another process. */
  readonly host: HostParts | null;
  /** Receives problems with the record, a survivor or a stray; none of them is fatal. */
  readonly onError?: (message: string) => void;
  /** Receives what servers left behind when their groups were gone. Default: nobody is told. */
  readonly onStray?: (news: StrayNews) => void;
  /** Called with the error of each write of the record that failed, and with null once it is up to date again. */
  readonly onRecordTrouble?: (error: unknown) => void;
  /** Called with the reason when there is no guard that works, and with null once there is one again. */
  readonly onGuardTrouble?: (reason: string | null) => void;
  /** Called with the error of each connection to a remote server that could not be opened. */
  readonly onSocketRefused?: (error: Error) => void;
  /** Called for each message of a server that there was no room for. */
  readonly onRefused?: TellRefused;
  /** Where what sessions tell goes on to. Default: it is never full. */
  readonly outlet?: Outlet;
  /** Opens a session in a turn of the event loop in which nothing more urgent waits. Default: in the next one. */
  readonly defer?: (open: () => void) => void;
  /** A monotonic clock in milliseconds. Default: the machine's. */
  readonly now?: () => number;
  /** Default: those of Node. */
  readonly timers?: TimerClock;
}

export function createSessions({
  stateDir,
  clientInfo,
  host,
  onError = () => {},
  onStray = () => {},
  onRecordTrouble = () => {},
  onGuardTrouble = () => {},
  onSocketRefused = () => {},
  onRefused = () => {},
  outlet,
  defer = setImmediate,
  now = systemClock.monotonicNow,
  timers = systemClock,
}: SessionsOptions): OwnSessions {
  const registry = createProcessRegistry({ stateDir, onError, onTrouble: onRecordTrouble });
  const { instance } = registry;
  const guard = createGuard({ instance, onTrouble: onGuardTrouble });
  const strays = createStrays({ instance, guard, tell: onStray, onError, stateDir });
  const sockets = createSocketBudget(undefined, onSocketRefused);
  const limits = limitsOfHeap();
  const kept = createBudget(limits);
  const unfinished = createBudget(limits, onRefused, outlet);
  return {
    open: createOpenSession({
      registry,
      guard,
      strays,
      defer,
      host,
      sockets,
      clientInfo,
      // How late our own loop is, is a matter of real time.
      loopLag: createLoopLag(),
      kept,
      unfinished,
      now,
      timers,
    }),
    async reap(onReaped, stopOf) {
      await registry.reapSurvivors(onReaped);
      registry.keepInstances(await strays.reap(registry.earlierInstances, stopOf));
      await registry.announce();
    },
    highestGeneration: (server) => registry.generations.get(server) ?? 0,
    generations: registry.generations,
    killAllNow() {
      registry.killAllNow();
      strays.killNow();
    },
    memoryOf: memoryOfGroups,
    remoteConnections: () => ({
      most: sockets.most,
      servers: sockets.uses.map(({ server, use: { open, waiting } }) => ({ server, open, waiting })),
    }),
    heldBytes: () => [
      { of: 'lists', limits, servers: kept.uses },
      { of: 'messages', limits, servers: unfinished.uses },
    ],
    async close() {
      await strays.close();
      await guard.close();
      await registry.close();
    },
  };
}
