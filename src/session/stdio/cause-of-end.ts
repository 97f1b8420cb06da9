/**
 * The one story of a link's end: the first cause is told and kept, later news only adds exit code and signal, and an
 * end that was asked for has no cause.
 */

import type { ChildProcess } from 'node:child_process';
import { type Failure, failure } from '../../../machines/failure.ts';
import type { LinkEars } from '../link.ts';

export interface CauseOfEnd {
  /** The end was asked for; nothing that comes later is a failure. */
  asked(): void;
  /** It is of no use any more; told, unless something came before. */
  failed(reason: Failure): void;
  /** The process is gone; not told yet: its group and its last words may follow in a moment. */
  died(process: Pick<ChildProcess, 'exitCode' | 'signalCode'>): void;
  /** The process is gone and something of it is not; told, unless a failure was. */
  lingers(): void;
  /** Nothing is left; told. `reason` is the cause if there was none before. */
  ended(reason?: Failure): void;
}

export function createCauseOfEnd(
  ears: Pick<LinkEars, 'failed' | 'exited' | 'ended'>,
  stderrTail: () => readonly string[],
): CauseOfEnd {
  let isAsked = false;
  let hasFailed = false;
  let cause: Failure | null = null;
  let death: Failure | null = null;
  return {
    asked() {
      isAsked ||= cause === null;
    },
    failed(reason) {
      if (isAsked || cause !== null) return;
      hasFailed = true;
      cause = { ...reason, stderrTail: stderrTail() };
      ears.failed(cause);
    },
    died({ exitCode, signalCode: signal }) {
      const message =
        signal === null ? `The server exited with code ${exitCode}.` : `The server was ended by ${signal}.`;
      death = failure('exited', message, { exitCode, signal });
      if (!isAsked) cause = cause === null ? death : { ...cause, exitCode, signal };
    },
    lingers() {
      if (!hasFailed && death !== null) ears.exited({ ...death, stderrTail: stderrTail() });
    },
    ended(reason) {
      const last = cause ?? reason;
      ears.ended(isAsked || last === undefined ? null : { ...last, stderrTail: stderrTail() });
    },
  };
}
