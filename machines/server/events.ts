/** What a server's chart is told, what it remembers, and what it tells. */

import type { Failure } from '../failure.ts';
import type { ServerPolicy } from '../policy.ts';
import type { Counters } from '../restart-policy.ts';
import type { Blocker } from './clearance.ts';
import type { CommandKind, OpenCommand, Outcome } from './settlement.ts';

/** Every event from outside carries the time (ms) and a number 0 … 1: the chart has neither clock nor dice. */
export interface Moment {
  readonly at: number;
  readonly random: number;
}

export interface Command extends Moment {
  readonly commandId: string;
}

/** News of one life; of an older generation it changes nothing. */
export interface News extends Moment {
  readonly generation: number;
}

export type CommandEvent = Command & { readonly type: `server.${CommandKind}` };

export type ServerEvent =
  | CommandEvent
  /**
   * A plan: new numbers; `changed` if the process or connection is another one now; `wanted` if the plan adds, enables
   * or disables.
   */
  | (Moment & {
      readonly type: 'server.configure';
      readonly policy: ServerPolicy;
      readonly changed: boolean;
      readonly wanted: Wanted | null;
    })
  /** A call or `ensureConnected` needs a lazy server. */
  | { readonly type: 'server.needed' }
  /** Dependents for which nobody waits need a lazy server: it starts in its turn, like them. */
  | { readonly type: 'dependents.waiting' }
  | (Moment & { readonly type: 'server.remove' })
  | { readonly type: 'server.shutdown' }
  | { readonly type: 'slot.granted' }
  /** Which dependencies are not connected, and which of them does not come by itself. */
  | {
      readonly type: 'dependencies.changed';
      readonly waitingFor: readonly string[];
      readonly blockedBy: Blocker | null;
    }
  /** Whether a dependent needs this lazy server to be awake. */
  | { readonly type: 'dependents.changed'; readonly awake: boolean }
  /** Another member of its group failed: it is stopped, and started again when these are through. */
  | { readonly type: 'round.stop'; readonly heldFor: readonly string[] }
  /** Whom its next start waits for in the round; empty: nobody any more. */
  | { readonly type: 'round.hold'; readonly heldFor: readonly string[] }
  /** The machine was suspended and runs again. */
  | (Moment & { readonly type: 'machine.resumed' })
  | (News & { readonly type: 'session.spawned'; readonly pid: number | null })
  | (News & { readonly type: 'session.initialized' })
  | (News & { readonly type: 'session.ready' })
  | (News & { readonly type: 'session.doubted'; readonly reason: string })
  | (News & { readonly type: 'session.failed'; readonly failure: Failure })
  | (News & { readonly type: 'session.exited'; readonly failure: Failure })
  | (News & { readonly type: 'session.ended'; readonly failure: Failure | null })
  | (News & {
      readonly type: 'session.heard';
      /** The number of the question this answers; any other is out of date. */
      readonly question: number;
      readonly quietForMs: number;
      readonly unusedForMs: number;
      readonly inFlight: number;
      readonly lagMs: number;
      readonly usedCpu: boolean;
    })
  | (News & { readonly type: 'probe.answered'; readonly latencyMs: number })
  /** Raised by the chart itself: a lazy server may have been unused long enough. */
  | { readonly type: 'idle.due' };

/** What the chart asks of the actor that holds the session. */
export type SessionOrder =
  | { readonly type: 'probe'; readonly kind: 'ping' | 'list' }
  | { readonly type: 'end'; readonly kind: 'close' | 'terminate' | 'kill' }
  | { readonly type: 'report'; readonly question: number };

/** What the chart sends to the root; it sends `server.kept` and `server.gone` to its parent. */
export type ServerReport =
  /** It stands elsewhere now; told by related servers only. */
  | { readonly type: 'server.changed'; readonly server: string; readonly standing: Standing }
  /** It left `connected` by a failure of its own that its group may have to act on; told by related servers only. */
  | (Moment & { readonly type: 'server.lost'; readonly server: string; readonly standing: Standing })
  | { readonly type: 'slot.wanted'; readonly server: string }
  | { readonly type: 'slot.returned'; readonly server: string }
  /** The operator wishes otherwise now: a successor of this actor is to know. */
  | { readonly type: 'server.kept'; readonly server: string; readonly wanted: Wanted }
  /** Idle for good: being removed or shut down. */
  | { readonly type: 'server.gone'; readonly server: string };

/** What the chart emits; facts are made of it. */
export type ServerEmitted =
  | { readonly type: 'command.accepted'; readonly command: OpenCommand }
  | {
      readonly type: 'command.settled';
      readonly command: OpenCommand;
      readonly outcome: Outcome;
      readonly reason: string | null;
    }
  | { readonly type: 'server.failed'; readonly failure: Failure }
  | { readonly type: 'probe.sent'; readonly kind: 'ping' | 'list' }
  | { readonly type: 'probe.missed'; readonly misses: number; readonly counted: boolean }
  | {
      readonly type: 'dependencies.changed';
      readonly waitingFor: readonly string[];
      readonly blockedBy: string | null;
    };

/** The operator's wish, apart from the state. */
export type Wanted = 'up' | 'down';

/** What a session that ends leads to. */
export type Next = 'idle' | 'starting' | 'backoff' | 'failed' | 'needs-auth';

/** What a state means to others; each state of the chart says its own. `due`: in `backoff`, its delay is over. */
export type StandingPhase =
  | 'resting'
  | 'waiting'
  | 'starting'
  | 'connected'
  | 'ending'
  | 'stuck'
  | 'delaying'
  | 'due'
  | 'failed'
  | 'needs-auth';

/** Where a server stands: all that those above it decide by. */
export interface Standing {
  readonly phase: StandingPhase;
  readonly generation: number;
  readonly wanted: Wanted;
  /** What comes next when the session has ended. */
  readonly next: Next;
  readonly lazy: boolean;
  /**
   * Lazy, and ended by itself while dependents needed it: to wake it again for the same wish would be a restart without
   * delay or budget.
   */
  readonly hasFinished: boolean;
  /** A person or a caller waits for it. */
  readonly isUrgent: boolean;
  /** What it was last told itself. */
  readonly waitingFor: readonly string[];
  readonly blockedBy: Blocker | null;
  readonly heldFor: readonly string[];
  readonly heldAwake: boolean;
}

export interface ServerContext {
  readonly name: string;
  /** Id of the actor that holds it; null: nobody does. */
  readonly holder: string | null;
  readonly policy: ServerPolicy;
  readonly wanted: Wanted;
  /** What its state means to others, as last told. */
  readonly phase: StandingPhase;
  /** Number of the current or last life. Invariant: it only grows. */
  readonly generation: number;
  /** Lives begun by this actor. */
  readonly starts: number;
  readonly counters: Counters;
  /** First cause of this life's end. Invariant: null after the next life has begun. */
  readonly failure: Failure | null;
  readonly lastFailure: (Failure & { readonly at: number }) | null;
  /** Whether somebody asked for this life's end before it failed. */
  readonly endAsked: boolean;
  readonly next: Next;
  readonly delayMs: number;
  /** In milliseconds. Invariant: not null only in `backoff`. */
  readonly nextRetryAt: number | null;
  /** Idle, but to be started as soon as nothing is waited for and a slot is free. */
  readonly autostart: boolean;
  /** Somebody waits for this lazy server: it takes no slot. */
  readonly called: boolean;
  /** Dependencies that are not connected. */
  readonly waitingFor: readonly string[];
  readonly blockedBy: Blocker | null;
  /** Members of its group for which a round holds its start. */
  readonly heldFor: readonly string[];
  /** Lazy, but a dependent needs it. */
  readonly heldAwake: boolean;
  readonly pid: number | null;
  readonly connectedAt: number | null;
  readonly stable: boolean;
  /** `attempt` before stability forgave it: a hang may prove that it was none. */
  readonly forgivenAttempt: number;
  readonly quietMs: number;
  readonly misses: number;
  /** Number of the last question to the session. */
  readonly question: number;
  readonly latencyMs: number | null;
  readonly open: readonly OpenCommand[];
  readonly removing: boolean;
  readonly shuttingDown: boolean;
}

export interface ServerInput {
  readonly name: string;
  readonly policy: ServerPolicy;
  readonly wanted: Wanted;
  /** Id of the actor that holds it. Default: nobody does. */
  readonly holder?: string;
  /** Highest generation ever used for this name. Default 0. */
  readonly generation?: number;
  /** Born in `failed`: its actor died too often. */
  readonly failure?: Failure & { readonly at: number };
}
