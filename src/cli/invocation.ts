/** Everything a command may know of the world it was called in: the command line reads nothing else. */

import type { Readable, Writable } from 'node:stream';
import type { Surroundings } from '../state-directory/directory.ts';

/** Something a person or a pipe reads. `columns` and `rows`: of a terminal. */
export type Output = Writable & {
  readonly isTTY?: boolean;
  readonly fd?: number;
  readonly columns?: number;
  readonly rows?: number;
};

/** How a person ends a command that stays. */
export interface Endings {
  /** Aborts when the end is asked for. */
  readonly signal: AbortSignal;
  /** Aborts when it is asked for again, impatiently: the process ends as soon as its listeners are through. */
  readonly atOnce: AbortSignal;
}

export interface Invocation extends Surroundings {
  /** Without the program's own name. */
  readonly argv: readonly string[];
  /** What starts this program again: the runtime, its options, the file. */
  readonly program: readonly string[];
  readonly version: string;
  /** Of the runtime: `v20.19.0`. */
  readonly nodeVersion: string;
  readonly platform: string;
  readonly pid: number;
  readonly stdin: Readable;
  readonly stdout: Output;
  readonly stderr: Output;
  /**
   * From now on the process ends when it is told to, not when it is surprised: bugs that nobody caught are reported
   * instead.
   */
  readonly stay: (report: (error: unknown) => void) => Endings;
}
