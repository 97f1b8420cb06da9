/** What `mutation.ts` and the processes that try mutants write to each other, as files. */

export interface Job {
  /** Mutants to try; null: run the tests once as things are, and note which mutants each passes by. */
  readonly ids: readonly string[] | null;
  /** The exploration of the whole chart takes half a minute for each mutant: only when asked. */
  readonly thorough: boolean;
  readonly coverageFile: string;
  readonly resultFile: string;
}

export interface Coverage {
  /** Milliseconds that each test took. */
  readonly ms: readonly number[];
  /** By mutant, the tests that pass it by. */
  readonly tests: Readonly<Record<string, readonly number[]>>;
  /** Mutants that have their say when the sources are loaded. */
  readonly loading: readonly string[];
}

export interface Result {
  readonly id: string;
  /** The test that noticed; null: none did; undefined: it is being tried. */
  readonly caughtBy?: string | null;
}
