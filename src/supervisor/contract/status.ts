/** The public interface to what is so now: servers, alarms, readiness. */

import type { Failure, FailureClass, LastWords } from '../../../machines/failure.ts';
import type { EntrySource } from './configuration.ts';

export const serverStates = [
  'idle',
  'starting',
  'connected',
  'heartbeat-timeout',
  'backoff',
  'stopping',
  'failed',
  'needs-auth',
] as const;

export type ServerState = (typeof serverStates)[number];

/** Something a person should look at while everything goes on. */
export interface Alarm {
  /** Its name: `flapping`, `stuck` … */
  readonly alarm: string;
  /** When it was raised: UTC, ISO 8601 with milliseconds. */
  readonly since: string;
  /** Why it was raised, as a sentence. */
  readonly reason: string;
  /** What clears it. */
  readonly clearedBy: string;
}

/** An alarm with the actor that raised it: `supervisor`, `group:NAME` or `server:NAME`. */
export interface ActorAlarm extends Alarm {
  readonly actor: string;
}

/** A failure as the status shows it. */
export interface LastFailure extends Omit<Failure, 'retryAfterMs'> {
  readonly class: FailureClass;
  /** When it happened: UTC, ISO 8601 with milliseconds. */
  readonly at: string;
}

/** How a server's process ended, whatever ended it. */
export interface LastEnd extends LastWords {
  /** When nothing of it was left: UTC, ISO 8601 with milliseconds. */
  readonly at: string;
  /** Whether it was told to end and had not failed before. */
  readonly asked: boolean;
}

/** A specification that waits for approval, because it came through the API. */
export interface PendingApproval {
  /** `sha256:…`, for `mcpvisor.approved`. */
  readonly hash: string;
  /** What would run, without secrets. */
  readonly commandLine: string;
}

/** The current status of one server. What is absent is null; times are UTC, ISO 8601 with milliseconds. */
export interface ServerStatus {
  /** Its name in the configuration. */
  readonly name: string;
  /** One of the eight states. */
  readonly state: ServerState;
  /** Dotted path below `state`; null: there is none. */
  readonly substate: string | null;
  /** When it entered `state`. */
  readonly since: string;
  /** Whether a person or the configuration wants the server up or down. */
  readonly wanted: 'up' | 'down';
  /** Number of the current session, or of the last one; 0: there was none. */
  readonly generation: number;
  /** Counted failures in a row. */
  readonly attempt: number;
  /** When it will be started again; null: no retry is planned. */
  readonly nextRetryAt: string | null;
  /** The last failure; null: there was none. */
  readonly lastFailure: LastFailure | null;
  /** How its last process ended, asked to or not, with the last lines it wrote on stderr; null: none has ended yet. */
  readonly lastEnd: LastEnd | null;
  /** Id of its process; null: no process runs. */
  readonly pid: number | null;
  /** `stdio`, `streamable-http`, `sse`, or the name of a host's transport. */
  readonly transport: string;
  /** MCP version that was negotiated; null: not connected. */
  readonly protocolVersion: string | null;
  /** Name and version as the server gave them; null: not connected. */
  readonly serverInfo: Readonly<Record<string, unknown>> | null;
  /** Round trip of the last probe in milliseconds; null: not connected, or not probed yet. */
  readonly latencyMs: number | null;
  /**
   * Sizes of its lists, and counts since it was added. Which open calls are `queued` and which `inFlight` may be some
   * milliseconds old.
   */
  readonly counts: {
    readonly tools: number;
    readonly resources: number;
    readonly prompts: number;
    readonly restarts: number;
    readonly calls: number;
    readonly callErrors: number;
    readonly inFlight: number;
    readonly queued: number;
  };
  /** Its alarms. */
  readonly alarms: readonly Alarm[];
  /** What a person has to approve before it starts, or starts again; null: nothing. */
  readonly approval: PendingApproval | null;
  /** Whether the server can send messages on its own; null: not connected, or not known yet. */
  readonly push: boolean | null;
  /** Where its entry lives: in the configuration file, in the store, or with the program that embeds mcpvisor. */
  readonly source: EntrySource;
  /** Whether it is started by its first call. */
  readonly lazy: boolean;
  /** Whether readiness waits until it is connected. */
  readonly required: boolean;
  /** Name of its group. */
  readonly group: string;
  /** Names of the servers that must be connected before it starts. */
  readonly dependsOn: readonly string[];
}

/** The client process, which holds the sessions. Times are UTC, ISO 8601 with milliseconds. */
export interface ClientProcessStatus {
  readonly state: string;
  readonly substate: string | null;
  /** When it entered `state`. */
  readonly since: string;
  /** Null: there is none. */
  readonly pid: number | null;
  /** When that process started. */
  readonly startedAt: string | null;
  /** Failures in a row. */
  readonly attempt: number;
  readonly nextRetryAt: string | null;
  readonly lastFailure: LastFailure | null;
  /** Whether an earlier control plane started it. */
  readonly adopted: boolean;
  /** How many sessions it holds. */
  readonly sessions: number;
  /** How late its event loop was when it spoke last, in milliseconds; null: it has not spoken. */
  readonly lagMs: number | null;
  /** Path of its log. */
  readonly log: string;
}

/** Where what outlives a control plane is kept, and whether it is. */
export interface StoreStatus extends StoreState {
  readonly kind: 'memory' | 'level' | 'lmdb' | 'mongodb';
  /** Without credentials. */
  readonly address: string;
}

export interface StoreState {
  /** `degraded`: it does not keep what it is given. Everything goes on, and what is to be kept waits. */
  readonly state: 'ok' | 'degraded';
  /** When it became so: UTC, ISO 8601 with milliseconds. */
  readonly since: string;
  /** Why it is degraded; null: it is not. */
  readonly reason: string | null;
  /** What waits to be written. */
  readonly queued: { readonly servers: number; readonly facts: number };
  readonly lost: Lost;
}

/** What was given up in this run, because there was no room for it or the store refused it. */
export interface Lost {
  readonly servers: number;
  readonly facts: number;
  /** UTC, ISO 8601 with milliseconds: when the first was; null: nothing was. */
  readonly since: string | null;
}

/** The current status of the supervisor and of every server. Times are UTC, ISO 8601 with milliseconds. */
export interface Status {
  readonly startedAt: string;
  /** Version of mcpvisor. */
  readonly version: string;
  /** State of the supervisor: `running` … */
  readonly state: string;
  /** In `running`: `settled`, or `degraded` while a group has used up its budget of rounds. */
  readonly substate: string | null;
  /** How many servers are in each state. */
  readonly counts: Readonly<Record<ServerState, number>>;
  /** Null while sessions are held in this process. */
  readonly clientProcess: ClientProcessStatus | null;
  readonly store: StoreStatus;
  /** Number of the newest version of the configuration that is known. 0: there is none yet. */
  readonly configVersion: number;
  /** All alarms: those of the supervisor, its groups and its servers. */
  readonly alarms: readonly ActorAlarm[];
  readonly servers: readonly ServerStatus[];
}

export interface Readiness {
  /** Whether every wanted server has settled: `connected`, `failed`, `needs-auth`, or `idle` on purpose. */
  readonly settled: boolean;
  /** The servers that are wanted and not ready. */
  readonly notReady: readonly ServerStatus[];
}

/** Another control plane, and until when it has the store unless it goes on: UTC, ISO 8601 with milliseconds. */
export interface StoreHolder {
  readonly host: string;
  readonly pid: number;
  readonly expiresAt: string;
}

export interface ReadyNow {
  /** True: the supervisor has started, every server has settled, and every required one is connected. */
  readonly ready: boolean;
  /** The servers that stand in the way, each with the reason. */
  readonly notReady: readonly { readonly name: string; readonly state: ServerState; readonly reason: string }[];
  /** Who uses the store, while this one waits for it and starts nothing; null: nobody is waited for. */
  readonly heldBy: StoreHolder | null;
}
