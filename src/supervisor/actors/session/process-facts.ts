/** The facts about the process of one session: spawned, sent signals, exited. A remote server has none. */

import type { Failure } from '../../../../machines/failure.ts';
import type { ServerEntry } from '../../ledger.ts';
import type { SessionOutlets } from './outlets.ts';

export class ProcessFacts {
  readonly #entry: ServerEntry;
  readonly #outlets: SessionOutlets;
  #process: number | null = null;
  #isExitPublished = false;

  constructor(entry: ServerEntry, outlets: SessionOutlets) {
    this.#entry = entry;
    this.#outlets = outlets;
  }

  /** `pid` null: there is no process. */
  spawned(pid: number | null): void {
    this.#process = pid;
    if (pid !== null) this.#outlets.publish({ type: 'process.spawned', pid, command: commandOf(this.#entry) });
  }

  signalled(signal: string): void {
    if (this.#process !== null) this.#outlets.publish({ type: 'process.killed', pid: this.#process, signal });
  }

  /** Published once, however often it is told. */
  exited({ exitCode, signal }: Pick<Failure, 'exitCode' | 'signal'>): void {
    if (this.#isExitPublished || this.#process === null) return;
    this.#isExitPublished = true;
    this.#outlets.publish({ type: 'process.exited', pid: this.#process, exitCode, signal });
  }
}

/** As it is written in the configuration: what is expanded may be a secret. */
function commandOf({ specification }: ServerEntry): string {
  return specification.transport === 'stdio' ? [specification.command, ...specification.args].join(' ') : '';
}
