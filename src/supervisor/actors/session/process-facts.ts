/** The facts about the process of one session: spawned, sent signals, exited. A remote server has none. */

import type { Failure } from '../../../../machines/failure.ts';
import type { ServerEntry } from '../../ledger.ts';
import type { SessionOutlets } from './outlets.ts';

export interface ProcessFacts {
  /** `pid` null: there is no process. */
  spawned(pid: number | null): void;
  signalled(signal: string): void;
  /** Published once, however often it is told. */
  exited(how: Pick<Failure, 'exitCode' | 'signal'>): void;
}

export function createProcessFacts(entry: ServerEntry, { publish }: SessionOutlets): ProcessFacts {
  let process: number | null = null;
  let isExitPublished = false;
  return {
    spawned(pid) {
      process = pid;
      if (pid !== null) publish({ type: 'process.spawned', pid, command: commandOf(entry) });
    },
    signalled(signal) {
      if (process !== null) publish({ type: 'process.killed', pid: process, signal });
    },
    exited({ exitCode, signal }) {
      if (isExitPublished || process === null) return;
      isExitPublished = true;
      publish({ type: 'process.exited', pid: process, exitCode, signal });
    },
  };
}

/** As it is written in the configuration: what is expanded may be a secret. */
function commandOf({ specification }: ServerEntry): string {
  return specification.transport === 'stdio' ? [specification.command, ...specification.args].join(' ') : '';
}
