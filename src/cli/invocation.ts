/** Everything a command may know about its environment: the command line reads nothing else. */

import type { Readable } from 'node:stream';
import type { ApiClientOptions } from '../http/client/client.ts';
import type { Surroundings } from '../state-directory/directory.ts';
import type { Screen } from './screen/screen.ts';

/** How a person ends a long-running command. */
export interface Endings {
  /** Aborts at the first signal. */
  readonly signal: AbortSignal;
  /** Aborts at the second one: the process exits as soon as the listeners have run. */
  readonly atOnce: AbortSignal;
}

export interface Invocation extends Surroundings {
  /** Without the program's own name. */
  readonly argv: readonly string[];
  /** The command that starts this program again: the runtime, its options, the file. */
  readonly program: readonly string[];
  readonly version: string;
  /** Of the runtime: `v20.19.0`. */
  readonly nodeVersion: string;
  readonly platform: string;
  readonly pid: number;
  readonly stdin: Readable;
  readonly stdout: Screen;
  readonly stderr: Screen;
  /** With a control plane that does not answer. Default: that of the client of the API. */
  readonly patience?: ApiClientOptions['patience'];
  /** For a control plane in the background to answer, in milliseconds. Default 120 000. */
  readonly startMs?: number;
  /**
   * From now on only a signal ends the process: uncaught errors are reported instead.
   */
  readonly stay: (onError: (error: unknown) => void) => Endings;
}
