/** The events of a server's chart, what it reports to the actors above it, and what it emits. */

import type { Failure, LastWords } from '../failure.ts';
import type { ServerPolicy } from '../policy/policy.ts';
import type { Counters } from '../policy/restart.ts';
import type { Blocker } from './clearance.ts';
import type { CommandKind, OpenCommand, Outcome } from './settlement.ts';

/** Every event from outside carries the time (ms) and a random number 0 … 1: the chart has neither clock nor dice. */
export interface Moment {
  readonly at: number;
  readonly random: number;
}

export interface Command extends Moment {
  readonly commandId: string;
}

/** News of the session of one life. News of an older generation changes nothing. */
export interface News extends Moment {
  readonly generation: number;
}

/** A list of the server that could not be read, and will be asked again. */
export interface UnreadList {
  readonly list: string;
  readonly reason: string;
}

/** What keeps requests to a remote server waiting for a connection: its own bound, or that of the whole process. */
export interface Crowding {
  readonly bound: 'server' | 'process';
  /** Connections at a time, at most. */
  readonly most: number;
}

export type CommandEvent = Command & { readonly type: `server.${CommandKind}` };

export type ServerEvent =
  | CommandEvent
  /**
   * New settings from a plan. `changed`: they need another process or connection. `wanted`: set if the plan adds,
   * enables or disables the server. `worked`: of changed settings, whether it has been connected with these before.
   */
  | (Moment & {
      readonly type: 'server.configure';
      readonly policy: ServerPolicy;
      readonly changed: boolean;
      readonly wanted: Wanted | null;
      readonly worked?: boolean;
    })
  /** A call or `ensureConnected` needs a lazy server. */
  | { readonly type: 'server.needed' }
  /** Dependents that nobody waits for need this lazy server: it waits for a slot, as they do. */
  | { readonly type: 'dependents.waiting' }
  | (Moment & { readonly type: 'server.remove' })
  | { readonly type: 'server.shutdown' }
  | { readonly type: 'slot.granted' }
  /** Which dependencies are not connected, and which of them does not connect by itself. */
  | {
      readonly type: 'dependencies.changed';
      readonly waitingFor: readonly string[];
      readonly blockedBy: Blocker | null;
      /** When the client process is tried again: a server that went down with it is tried again then. */
      readonly nextRetryAt?: number | null;
    }
  /** Whether a dependent needs this lazy server to be awake. */
  | { readonly type: 'dependents.changed'; readonly awake: boolean }
  /** Other members of its group failed: it is stopped, and started again when those in `heldFor` have settled. */
  | { readonly type: 'round.stop'; readonly heldFor: readonly string[] }
  /** The members that its next start waits for in a round; empty: none any more. */
  | { readonly type: 'round.hold'; readonly heldFor: readonly string[] }
  /** The machine was suspended and runs again. */
  | (Moment & { readonly type: 'machine.resumed' })
  | (News & { readonly type: 'session.spawned'; readonly pid: number | null })
  /** The processes of a server that has not answered yet are at work: they download, compile, read. */
  | (News & { readonly type: 'session.progressed' })
  | (News & { readonly type: 'session.initialized' })
  /** `forMs`: how long it has been ready already, for another control plane. Absent: not at all. */
  | (News & { readonly type: 'session.ready'; readonly forMs?: number })
  /** The lists that could not be read; empty: all could. */
  | (News & { readonly type: 'session.unread'; readonly lists: readonly UnreadList[] })
  /** Requests wait long for a connection; null: none does any more. */
  | (News & { readonly type: 'session.crowded'; readonly crowding: Crowding | null })
  | (News & { readonly type: 'session.doubted'; readonly reason: string })
  /** `renewed`: of `unauthorized`: its credentials are not those any more that were refused. */
  | (News & { readonly type: 'session.failed'; readonly failure: Failure; readonly renewed?: boolean })
  | (News & { readonly type: 'session.exited'; readonly failure: Failure })
  /**
   * `last`: how its process ended, whatever ended it; null: it had none. `heard`: in words, what came while the start
   * waited; null: it had been ready.
   */
  | (News & {
      readonly type: 'session.ended';
      readonly failure: Failure | null;
      readonly renewed?: boolean;
      readonly last?: LastWords | null;
      readonly heard?: string | null;
    })
  | (News & {
      readonly type: 'session.heard';
      /** The number of the question that this answers. Answers to earlier questions are ignored. */
      readonly question: number;
      readonly quietForMs: number;
      readonly unusedForMs: number;
      readonly inFlight: number;
      readonly callLeftMs: number;
      readonly lagMs: number;
      readonly usedCpu: boolean;
    })
  | (News & { readonly type: 'probe.answered'; readonly latencyMs: number })
  /** What the server lacked is there. */
  | (Moment & { readonly type: 'look.found' })
  /** Raised by the chart itself: it is time to look for what the server lacks. */
  | { readonly type: 'look.due' }
  /** Raised by the chart itself: a lazy server may have been unused long enough. */
  | { readonly type: 'idle.due' }
  /** Raised by the chart itself: a server that has not answered did nothing for `startTimeoutMs`. */
  | { readonly type: 'start.due' };

/** What the chart asks of the actor that holds the session. */
export type SessionOrder =
  | { readonly type: 'probe'; readonly kind: 'ping' | 'list' }
  | { readonly type: 'end'; readonly kind: 'close' | 'terminate' | 'kill' }
  | { readonly type: 'report'; readonly question: number };

/** What the chart reports to the root; `server.kept` and `server.gone` go to the actor that holds it. */
export type ServerReport =
  /** Its standing changed; only related servers report this. */
  | { readonly type: 'server.changed'; readonly server: string; readonly standing: Standing }
  /** It left `connected` by a failure that its group may have to act on; only related servers report this. */
  | (Moment & { readonly type: 'server.lost'; readonly server: string; readonly standing: Standing })
  | { readonly type: 'slot.wanted'; readonly server: string }
  /** `isEarly`: it is still starting, and has been for long enough. */
  | { readonly type: 'slot.returned'; readonly server: string; readonly isEarly?: boolean }
  /** The operator's wish changed: a successor of this actor must know it. */
  | { readonly type: 'server.kept'; readonly server: string; readonly wanted: Wanted }
  /** It is idle for good: it is being removed or shut down. */
  | { readonly type: 'server.gone'; readonly server: string };

/** What the chart emits to listeners; facts are made of it. */
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
    }
  | { readonly type: 'lists.unread'; readonly lists: readonly UnreadList[] }
  | { readonly type: 'connections.crowded'; readonly crowding: Crowding | null };

/** The operator's wish, independent of the state. */
export type Wanted = 'up' | 'down';

/** What comes after the end of a session. */
export type Next = 'idle' | 'starting' | 'backoff' | 'failed' | 'needs-auth';

/** What a state means to others. `due`: in `backoff`, and the delay is over. */
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

/** The state of a server as it reports it: the actors above it decide by this alone. */
export interface Standing {
  readonly phase: StandingPhase;
  readonly generation: number;
  readonly wanted: Wanted;
  /** What comes after the end of the session. */
  readonly next: Next;
  readonly lazy: boolean;
  /**
   * It is lazy and ended by itself while dependents needed it. Starting it again for the same dependents would be a
   * restart without delay or budget.
   */
  readonly hasFinished: boolean;
  /** A person or a caller waits for it. */
  readonly isUrgent: boolean;
  /** What it was last told itself. */
  readonly waitingFor: readonly string[];
  readonly blockedBy: Blocker | null;
  readonly heldFor: readonly string[];
  readonly heldAwake: boolean;
  /** False: nothing starts with its specification until a person has approved it. */
  readonly isApproved: boolean;
}

export interface ServerInput {
  readonly name: string;
  readonly policy: ServerPolicy;
  readonly wanted: Wanted;
  /** Id of the actor that holds it. Default: none does. */
  readonly holder?: string;
  /** The highest generation ever used for this name. Default 0. */
  readonly generation?: number;
  /** Whether it has been connected with this specification, in this run or an earlier one. Default false. */
  readonly worked?: boolean;
  /** Its failures in earlier runs, of the same specification. Default: none. */
  readonly counters?: Counters;
  /** Its actors died too often: it starts in `failed`. */
  readonly failure?: Failure & { readonly at: number };
}
