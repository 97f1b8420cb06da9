/** What a supervisor is made of. Everything from outside is a parameter: environment, clock, chance, sockets. */

import type { Environment } from '../config/expand/environment.ts';
import type { Facts } from '../observe/facts/facts.ts';
import type { LogMethods } from '../observe/log/lines.ts';
import type { Redactor } from '../observe/secrets/redact.ts';
import type { AuthProviders, FetchLike, HostedTransports } from '../session/hosted/parts.ts';
import type { TimerClock } from './actors/scheduler.ts';
import type { ConfigurationSource } from './desired/source.ts';
import type { Answers, ServerMessage } from './host.ts';

/** The wall clock for times, and the timers of the charts. */
export interface Clock extends TimerClock {
  now(): number;
}

export interface SupervisorOptions {
  /** A path of an `mcp.json`, or an object like its content. Default: no servers. */
  readonly config?: string | Readonly<Record<string, unknown>> | null;
  /** Whether edits of the configuration file are carried out as they come. Default true. */
  readonly watch?: boolean;
  /**
   * Folder of `processes.json`, from which the next life learns what this one left behind, and of `logs`, what
   * servers write on stderr. Default: none; then the guard alone ends what a SIGKILL of this process leaves, and the
   * last `stderrTailBytes` of each server are kept in memory.
   */
  readonly stateDir?: string;
  /** Default `memory:`; there is no other in this version. */
  readonly store?: string;
  /** Default `in-process`; there is no other in this version. */
  readonly isolation?: string;
  /** For `${…}` and `inheritEnv`. Default `process.env`. */
  readonly env?: Environment;
  /** When it aborts, the supervisor closes. */
  readonly signal?: AbortSignal;
  /** How we introduce ourselves to servers. Default: mcpvisor and its version. */
  readonly clientInfo?: { readonly name: string; readonly version: string };
  /** What servers may ask back. A capability is declared only if its answer is given. */
  readonly answers?: Answers;
  /** Hears what servers tell unasked: log messages, resource updates. */
  readonly onNotification?: (message: ServerMessage) => void;
  /** A host's own transports, by the word `transport` says in a specification. */
  readonly transports?: HostedTransports;
  /** A pino-compatible logger that gets a line for each fact worth one. Default: none. */
  readonly logger?: LogMethods;
  /** Replaces the fetch of remote servers. */
  readonly fetch?: FetchLike;
  /** By the name `authProvider` says in a specification. */
  readonly authProviders?: AuthProviders;
  /** Servers that may be starting at a time on our own account. Default: `max(2, cores)`. */
  readonly startConcurrency?: number;
  /** For tests: time and the charts' timers. */
  readonly clock?: Clock;
  /** For tests: 0 … 1. Default `Math.random`. */
  readonly random?: () => number;
}

/** What a door may share with the supervisor it opens. */
export interface DoorOptions {
  readonly env: NonNullable<SupervisorOptions['env']>;
  /** The configuration, where the door has read it already. Default: what `config` names is read. */
  readonly source?: ConfigurationSource;
  /** Default: a stream of its own. */
  readonly facts?: Facts;
  /** Default: one of its own. */
  readonly redactor?: Redactor;
  /** Each line a server writes on stderr, redacted. */
  readonly onStderr?: (server: string, line: string) => void;
  /** Told of bugs that were contained. Default: they are dropped. */
  readonly onBug?: (error: unknown) => void;
  /**
   * Somebody sent `supervisor.shutdown`: whoever opened the supervisor ends it, with everything around it. Default: it
   * closes.
   */
  readonly onShutdown?: () => void;
}

export type AssemblyOptions = Omit<SupervisorOptions, 'config' | 'env'> & Omit<DoorOptions, 'source'>;
