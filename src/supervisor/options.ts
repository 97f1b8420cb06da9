/** The options of a supervisor. Everything from outside is a parameter: environment, clock, randomness, sockets. */

import type { Clock } from '../clock.ts';
import type { Environment } from '../config/expand/environment.ts';
import type { ConfigurationInput } from '../config/settings/input.ts';
import type { OwnAlarms } from '../observe/alarms/own-alarms.ts';
import type { Facts } from '../observe/facts/facts.ts';
import type { InspectedEvent } from '../observe/facts/inspected-event.ts';
import type { LogMethods } from '../observe/log/lines.ts';
import type { Redactor } from '../observe/secrets/redact.ts';
import type { AuthProviders, FetchLike, HostedTransports } from '../session/hosted/parts.ts';
import type { Lease, Store } from '../store/contract.ts';
import type { ConfigurationSource } from './desired/source.ts';
import type { Answers, ServerMessage } from './host.ts';

export type Isolation = 'in-process' | 'process';

export interface SupervisorOptions {
  /** The path of an `mcp.json`, or an object with the same content. Default: no servers. */
  readonly config?: string | ConfigurationInput | null;
  /** Whether edits of the configuration file are applied while the supervisor runs. Default true. */
  readonly watch?: boolean;
  /**
   * Folder for `processes.json`, from which the next run ends what this one left behind, for `worked.json`, by which it
   * knows servers that have been connected, and for `logs`, which hold what servers write on stderr. Default: none. Then
   * only the guard ends the servers when this process is killed, and the last `stderrTailBytes` of each server's stderr
   * are kept in memory.
   */
  readonly stateDir?: string;
  /**
   * Address of the store, where everything is kept that outlives this supervisor: configuration versions, what operators
   * wanted, restart counters, last known lists, the journal. `memory:`, `level:DIR`, `lmdb:DIR`, `mongodb://HOST/DATABASE`,
   * or `mongodb:` for the one in `MONGODB_URL`. Default `memory:`: nothing is kept.
   */
  readonly store?: string;
  /**
   * Where sessions are held. `process`: in a process of their own, the client process, which needs a `stateDir`: it
   * outlives this one, and the next one that has the same `stateDir` takes its sessions over. Transports, `fetch` and
   * `authProviders` of the host cannot be used there. Default `in-process`.
   */
  readonly isolation?: Isolation;
  /**
   * Whether servers that come through the HTTP API may run without being approved. Default false: a program that has the
   * API's token cannot run commands with it.
   */
  readonly trustApi?: boolean;
  /** Environment variables for `${…}` and `inheritEnv`. Default `process.env`. */
  readonly env?: Environment;
  /** When it aborts, the supervisor closes. Default: it closes only on `close()`. */
  readonly signal?: AbortSignal;
  /** The client's name and version as servers see them. Default: mcpvisor and its version. */
  readonly clientInfo?: { readonly name: string; readonly version: string };
  /** Answers to requests of servers. A capability is declared only if it has an answer here. Default: none. */
  readonly answers?: Answers;
  /** Called with each notification of a server: log messages, resource updates. Default: they are dropped. */
  readonly onNotification?: (message: ServerMessage) => void;
  /** The host's own transports; an entry names one of them as its `transport`. Default: none. */
  readonly transports?: HostedTransports;
  /** A pino-compatible logger. It gets a line for each fact worth one. Default: none. */
  readonly logger?: LogMethods;
  /**
   * Called with each of XState's inspection events of the live actors, as plain data without secrets, within the step it
   * is about: it should only note it or pass it on. What it throws is dropped. Default: none.
   */
  readonly inspect?: (event: InspectedEvent) => void;
  /** Replaces `fetch` for remote servers. */
  readonly fetch?: FetchLike;
  /** OAuth providers for remote servers; an entry names one of them as its `authProvider`. Default: none. */
  readonly authProviders?: AuthProviders;
  /** How many servers may start automatically at the same time. Default: `max(2, cores)`. */
  readonly startConcurrency?: number;
  /**
   * For tests: the time that everything goes by which only waits, and its timers. What processes, files and sockets do
   * takes its real time all the same. Default: Node's. A virtual one: `mcpvisor/testing`.
   */
  readonly clock?: Clock;
  /** For tests: returns numbers from 0 up to 1. Default `Math.random`. */
  readonly random?: () => number;
}

/** What an entry point may share with the supervisor it opens. */
export interface DoorOptions {
  readonly env: NonNullable<SupervisorOptions['env']>;
  /** The configuration, if it has been read already. Default: read from `config`. */
  readonly source?: ConfigurationSource;
  /** A store that is open already; it is closed with the supervisor. Default: the one at the address `store`. */
  readonly openedStore?: Store;
  /** Whether to resolve while another control plane uses the store, before anything is started. Default false. */
  readonly opensWhileHeld?: boolean;
  /**
   * Called once if the supervisor cannot go on: another control plane has taken its store, or the start failed after
   * `openSupervisor` had resolved. It has to close everything. Default: closes the supervisor.
   */
  readonly onFailed?: (error: unknown) => void;
  /** Default: a new stream, closed with the supervisor. */
  readonly facts?: Facts;
  /** Default: a new one. */
  readonly redactor?: Redactor;
  /** Standing alarms of the control plane. Default: new ones, closed with the supervisor. */
  readonly ownAlarms?: OwnAlarms;
  /** Called with each line a server writes on stderr, redacted. */
  readonly onStderr?: (server: string, line: string) => void;
  /** Called with errors that were caught and are bugs. Default: they are dropped. */
  readonly onError?: (error: unknown) => void;
  /**
   * Called when somebody sends `supervisor.shutdown`. It has to close the supervisor and everything around it. Default:
   * closes the supervisor.
   */
  readonly onShutdown?: () => void;
  /** The same for `supervisor.leave`: it has to call `leave`. Default: leaves. */
  readonly onLeave?: () => void;
}

export type AssemblyOptions = Omit<SupervisorOptions, 'config' | 'env' | 'store'> &
  Omit<DoorOptions, 'source'> & {
    /** Closed with the supervisor. */
    readonly store: Store;
    /** Why it is not the one that was asked for; null: it is. */
    readonly storeTrouble: string | null;
    /** As whom the store is used; null: nobody else can use it. */
    readonly leaseAs: Lease | null;
  };
