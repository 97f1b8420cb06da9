/** What a server's chart remembers. */

import type { Failure, LastWords } from '../failure.ts';
import type { ServerPolicy } from '../policy/policy.ts';
import type { Counters } from '../policy/restart.ts';
import type { Blocker } from './clearance.ts';
import type { Crowding, Next, StandingPhase, UnreadList, Wanted } from './events.ts';
import type { OpenCommand } from './settlement.ts';

export interface ServerContext {
  readonly name: string;
  /** Id of the actor that holds it; null: none does. */
  readonly holder: string | null;
  readonly policy: ServerPolicy;
  readonly wanted: Wanted;
  /** What its state means to others. */
  readonly phase: StandingPhase;
  /** Number of the current or last life. Invariant: it only grows. */
  readonly generation: number;
  /** How many lives this actor has begun. */
  readonly starts: number;
  readonly counters: Counters;
  /** The first cause of this life's end. Invariant: null once the next life has begun. */
  readonly failure: Failure | null;
  readonly lastFailure: (Failure & { readonly at: number }) | null;
  /** How the last process ended, asked to or not. Null: there was none. */
  readonly lastEnd: (LastWords & { readonly at: number; readonly asked: boolean }) | null;
  /** Whether this life was asked to end before it failed. */
  readonly endAsked: boolean;
  readonly next: Next;
  readonly delayMs: number;
  /** In milliseconds. Invariant: not null only in `backoff`. */
  readonly nextRetryAt: number | null;
  /** Idle, but to be started as soon as it has nothing to wait for and a slot is free. */
  readonly autostart: boolean;
  /** A caller waits for this lazy server: it starts without a slot. */
  readonly called: boolean;
  /** Dependencies that are not connected. */
  readonly waitingFor: readonly string[];
  readonly blockedBy: Blocker | null;
  /** Members of its group that its start waits for in a round. */
  readonly heldFor: readonly string[];
  /** Lazy, but a dependent needs it. */
  readonly heldAwake: boolean;
  readonly pid: number | null;
  readonly connectedAt: number | null;
  /** Whether it has been connected with this specification, in this run or an earlier one. */
  readonly worked: boolean;
  /** How many starts in a row ran out of time at work: each gave the next one more. Invariant: 0 once it was connected. */
  readonly cutAtWork: number;
  /** Credentials that were renewed have been tried at once, and no life since then was stable. */
  readonly renewed: boolean;
  readonly stable: boolean;
  /** `attempt` before stability reset it: a hang may show that the server was not stable after all. */
  readonly forgivenAttempt: number;
  readonly quietMs: number;
  readonly misses: number;
  /** What was left of the time of calls in flight when the session was asked last, in milliseconds. */
  readonly callLeftMs: number;
  /** The number of the last question to the session. */
  readonly question: number;
  readonly latencyMs: number | null;
  /** Lists of this life that could not be read. */
  readonly unread: readonly UnreadList[];
  /** Null: no request waits long for a connection. */
  readonly crowding: Crowding | null;
  readonly open: readonly OpenCommand[];
  readonly removing: boolean;
  readonly shuttingDown: boolean;
}
