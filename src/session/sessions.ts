/** The holder of sessions and of the processes under them: this process, or one of its own. */

import type { OpenSession } from './contract.ts';
import type { HostParts } from './hosted/parts.ts';
import { createOpenSession } from './open.ts';
import { createGuard } from './process/guard.ts';
import { memoryOfGroups } from './process/memory.ts';
import { createProcessRegistry, type ProcessRecord } from './process/registry.ts';
import { createLoopLag } from './protocol/loop-lag.ts';

/** What a control plane needs of it besides opening sessions. */
export interface Sessions {
  readonly open: OpenSession;
  /** False: after a SIGKILL of their owner, our groups would run until the next start. */
  readonly isGuarded: boolean;
  /**
   * Ends the process groups that an earlier run left behind. Call it once, before anything is opened. Rejects if it
   * could not be found out whether one of them still runs: opening its server again might start it twice.
   */
  reap(onReaped: (record: ProcessRecord) => void): Promise<void>;
  /** The highest generation on record, from this run or the one before; 0: none. */
  highestGeneration(server: string): number;
  /** Sends SIGKILL to every group of this run, at once: for the moment before the process ends. */
  killAllNow(): void;
  /** Resident memory in bytes, by group number; groups without a living member are left out. */
  memoryOf(groups: readonly number[]): Promise<ReadonlyMap<number, number>>;
  /** Releases guard and record; the guard ends groups that still live. May be called twice; does not throw. */
  close(): Promise<void>;
}

export interface SessionsOptions {
  /** Where `processes.json` is. Null: no record is kept. */
  readonly stateDir: string | null;
  /** Our name and version for servers. */
  readonly clientInfo: { readonly name: string; readonly version: string };
  /** The parts of the embedding program. Null: it is another process. */
  readonly host: HostParts | null;
  /** Receives problems with the record, a survivor or the guard; none of them is fatal. */
  readonly onError?: (message: string) => void;
  /** A monotonic clock in milliseconds. Default `performance.now`. */
  readonly now?: () => number;
}

export function createSessions({
  stateDir,
  clientInfo,
  host,
  onError = () => {},
  now = () => performance.now(),
}: SessionsOptions): Sessions {
  const registry = createProcessRegistry({ stateDir, onError });
  const guard = createGuard({ onError: onError });
  return {
    open: createOpenSession({ registry, guard, host, clientInfo, loopLag: createLoopLag(now), now }),
    isGuarded: guard.available,
    async reap(onReaped) {
      await registry.reapSurvivors(onReaped);
    },
    highestGeneration: registry.highestGeneration,
    killAllNow: registry.killAllNow,
    memoryOf: memoryOfGroups,
    async close() {
      await guard.close();
      await registry.close();
    },
  };
}
