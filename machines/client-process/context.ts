/** What the chart of the client process remembers. */

import type { Failure } from '../failure.ts';
import type { ClientProcessPolicy } from '../policy/policy.ts';
import type { ClientNext } from './events.ts';
import type { ClientState } from './standing.ts';

export interface ClientProcessContext {
  readonly policy: ClientProcessPolicy;
  readonly stopMs: number;
  /** Number of the current or last try to have a process. Invariant: it only grows. */
  readonly generation: number;
  /** Counted failures in a row; a stable life or a person resets them. */
  readonly attempt: number;
  /** The first cause of the end of this try. Invariant: null once the next one has begun. */
  readonly failure: Failure | null;
  readonly lastFailure: (Failure & { readonly at: number }) | null;
  readonly next: ClientNext;
  readonly delayMs: number;
  /** In milliseconds. Invariant: not null only in `backoff`. */
  readonly nextRetryAt: number | null;
  readonly pid: number | null;
  /** When the process started, in milliseconds. */
  readonly startedAt: number | null;
  /** Since when it has held sessions of ours, in milliseconds. Invariant: null if it holds none. */
  readonly connectedAt: number | null;
  readonly adopted: boolean;
  readonly sessions: number;
  /** How late its event loop was when it spoke last, in milliseconds. */
  readonly lagMs: number | null;
  /** When the connection alone broke last, in milliseconds. */
  readonly disconnectedAt: number | null;
  /** When one of another version was last replaced, in milliseconds. */
  readonly replacedAt: number | null;
  /** When a process with sessions was lost: the last times, in milliseconds. */
  readonly losses: readonly number[];
  readonly isCareful: boolean;
  /** What the root was last told. */
  readonly told: ClientState;
  readonly shuttingDown: boolean;
}
