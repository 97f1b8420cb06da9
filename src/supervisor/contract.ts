/** The library's public face: what `createSupervisor` returns. The doors (HTTP, command line) use nothing else. */

import type { Failure, FailureClass } from '../../machines/failure.ts';
import type { Problem } from '../errors.ts';
import type { Fact, FactsMissed } from '../observe/fact.ts';
import type { JournalPage, JournalQuery } from '../observe/journal.ts';
import type { LinesMissed, LogLine } from '../observe/log-line.ts';
import type { ListedItem, ListedTool, Progress, RequestOptions } from '../session/contract.ts';

export const serverStates = ['idle', 'starting', 'connected', 'heartbeat-timeout', 'backoff', 'stopping', 'failed', 'needs-auth'] as const;

export type ServerState = (typeof serverStates)[number];

export const commandTypes = ['server.start', 'server.stop', 'server.restart', 'server.retry', 'server.reset'] as const;

export type CommandType = (typeof commandTypes)[number];

export interface Alarm {
  readonly alarm: string;
  /** UTC ISO 8601 with milliseconds. */
  readonly since: string;
  readonly reason: string;
  /** What clears it. */
  readonly clearedBy: string;
}

/** An alarm, and whose it is: `supervisor`, `group:NAME` or `server:NAME`. */
export interface ActorAlarm extends Alarm {
  readonly actor: string;
}

/** A failure as status shows it. `at` is UTC ISO 8601 with milliseconds. */
export interface LastFailure extends Omit<Failure, 'retryAfterMs'> {
  readonly class: FailureClass;
  readonly at: string;
}

/** One server as it is now. Absent is null; times are UTC ISO 8601 with milliseconds. */
export interface ServerStatus {
  readonly name: string;
  readonly state: ServerState;
  /** Dotted path below `state`, or null. */
  readonly substate: string | null;
  readonly since: string;
  readonly wanted: 'up' | 'down';
  readonly generation: number;
  /** Counted failures in a row. */
  readonly attempt: number;
  readonly nextRetryAt: string | null;
  readonly lastFailure: LastFailure | null;
  readonly pid: number | null;
  readonly transport: string;
  readonly protocolVersion: string | null;
  readonly serverInfo: Readonly<Record<string, unknown>> | null;
  /** Round trip of the last probe. */
  readonly latencyMs: number | null;
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
  readonly alarms: readonly Alarm[];
  /** Whether the server can tell us things unasked; null: not connected. */
  readonly push: boolean | null;
  /** Where the entry came from: `file` or `api`. */
  readonly source: 'file' | 'api';
  readonly lazy: boolean;
  readonly required: boolean;
  readonly group: string;
  readonly dependsOn: readonly string[];
}

export interface Status {
  readonly startedAt: string;
  readonly version: string;
  readonly state: string;
  /** In `running`: `settled`, or `degraded` while a group has spent its rounds. */
  readonly substate: string | null;
  readonly counts: Readonly<Record<ServerState, number>>;
  /** Null while sessions are held in this process. */
  readonly clientProcess: null;
  readonly store: string;
  /** All of them: the supervisor's own, its groups' and its servers'. */
  readonly alarms: readonly ActorAlarm[];
  readonly servers: readonly ServerStatus[];
}

/** A live actor, as it is: nothing of it is secret. */
export interface ActorSnapshot {
  readonly actor: string;
  readonly value: unknown;
  readonly tags: readonly string[];
  readonly context: Readonly<Record<string, unknown>>;
  /** Events a person may send now. */
  readonly allowed: readonly string[];
  readonly timers: readonly { readonly name: string; readonly dueAt: string }[];
}

export interface Readiness {
  /** Every wanted server has come to rest: `connected`, `failed`, `needs-auth`, or `idle` on purpose. */
  readonly settled: boolean;
  readonly notReady: readonly ServerStatus[];
}

export interface CommandOutcome {
  readonly commandId: string;
  readonly outcome: 'done' | 'superseded';
}

/** A command on its way. `settled` rejects with `COMMAND_REJECTED` or `SHUTTING_DOWN`. */
export interface PostedCommand {
  readonly commandId: string;
  readonly settled: Promise<CommandOutcome>;
}

export interface CatalogTool extends ListedTool {
  readonly server: string;
  /** A name every model API takes (`^[a-zA-Z0-9_-]{1,64}$`); `callTool` resolves it. */
  readonly exposedName: string;
  /** Whether the entry's `autoApprove` names it: kept for hosts that ask before a call. */
  readonly autoApprove: boolean;
  /** True while its server is not connected: the list is the last known one. */
  readonly stale: boolean;
}

export interface CatalogItem extends ListedItem {
  readonly server: string;
  readonly stale: boolean;
}

export interface CallOptions extends RequestOptions {
  readonly onProgress?: (progress: Progress) => void;
}

export interface CallRequest {
  readonly server?: string;
  /** The tool's own name, or, without `server`, its `exposedName`. */
  readonly tool: string;
  readonly arguments?: Readonly<Record<string, unknown>>;
  readonly timeoutMs?: number;
}

export type CallOutcome =
  | { readonly status: 'ok'; readonly result: CallToolResult; readonly durationMs: number; readonly generation: number }
  | { readonly status: 'failed'; readonly error: { readonly code: string; readonly message: string; readonly [key: string]: unknown } };

/** A tool's result as the server sent it, unknown fields included. */
export interface CallToolResult {
  readonly content?: readonly unknown[];
  readonly isError?: boolean;
  readonly structuredContent?: unknown;
  readonly [key: string]: unknown;
}

/** What a new configuration does to the servers. */
export interface Plan {
  readonly start: readonly string[];
  readonly stop: readonly string[];
  readonly restart: readonly string[];
  /** Numbers or filters changed: no restart. */
  readonly change: readonly string[];
  readonly keep: readonly string[];
  readonly warnings: readonly Problem[];
}

export interface Supervisor {
  /** Resolves when every wanted server has settled or `timeoutMs` (default: none) is over; never rejects. */
  ready(options?: { readonly timeoutMs?: number; readonly signal?: AbortSignal }): Promise<Readiness>;
  status(): Status;
  /** Throws `SERVER_NOT_FOUND`. */
  status(server: string): ServerStatus;
  /** Throws `SERVER_NOT_FOUND`. */
  snapshot(server: string): ActorSnapshot;
  /** Sends a command and resolves when it has settled. Throws `SERVER_NOT_FOUND`, `EVENT_NOT_ALLOWED`, `COMMAND_REJECTED`, `SHUTTING_DOWN`. */
  send(server: string, event: { readonly type: CommandType }): Promise<CommandOutcome>;
  /** The same without waiting. Throws at once what `send` throws before the command is accepted. */
  post(server: string, event: { readonly type: CommandType; readonly by?: string }): PostedCommand;
  tools(filter?: { readonly servers?: readonly string[] }): readonly CatalogTool[];
  resources(filter?: { readonly servers?: readonly string[] }): readonly CatalogItem[];
  prompts(filter?: { readonly servers?: readonly string[] }): readonly CatalogItem[];
  /** Throws what `Session.request` throws, and `SERVER_NOT_FOUND`, `TOOL_NOT_FOUND`. A tool's own `isError` is a result, not an error. */
  callTool(server: string, tool: string, args?: Readonly<Record<string, unknown>>, options?: CallOptions): Promise<CallToolResult>;
  /** In parallel, in the order asked, each with its own outcome; never rejects. */
  callTools(calls: readonly CallRequest[]): Promise<readonly CallOutcome[]>;
  /** Any MCP request. Throws as `callTool`. */
  request(server: string, method: string, params?: Readonly<Record<string, unknown>>, options?: RequestOptions): Promise<unknown>;
  /** Starts lazy servers if need be and waits until all are connected. Throws `SERVER_NOT_CONNECTED` for the first that will not be. */
  ensureConnected(servers: readonly string[], options?: { readonly signal?: AbortSignal }): Promise<void>;
  /** Adds a server through a plan; entries are as in `mcp.json`. Throws `CONFIG_INVALID`. */
  add(name: string, entry: Readonly<Record<string, unknown>>): Promise<Plan>;
  replace(name: string, entry: Readonly<Record<string, unknown>>): Promise<Plan>;
  remove(name: string): Promise<Plan>;
  /** Replaces the whole configuration in memory. Throws `CONFIG_INVALID` and then changes nothing. */
  apply(config: Readonly<Record<string, unknown>>): Promise<Plan>;
  /** Facts from `since` (a `seq`; default: from now) on, as they come. A slow reader is told what it missed. Ends with `close` or `signal`. */
  facts(options?: { readonly since?: number; readonly signal?: AbortSignal }): AsyncIterable<Fact | FactsMissed>;
  /** The facts that are remembered, chosen and paged, the newest last. Throws `INVALID_REQUEST`. */
  journal(query?: JournalQuery): JournalPage;
  /**
   * The last lines (`tail`; default 100) a server wrote on stderr, and what was odd about what it said on the wire (`protocol`), oldest first. With a state directory
   * those of earlier runs too. Throws `SERVER_NOT_FOUND`.
   */
  logs(server: string, options?: { readonly tail?: number }): Promise<readonly LogLine[]>;
  /**
   * The same lines as they come, after the last `tail` (default 0) of those there are. A slow reader is told what it missed.
   * Ends when the server is removed, with `close`, or `signal`. Throws `SERVER_NOT_FOUND`.
   */
  followLogs(server: string, options?: { readonly tail?: number; readonly signal?: AbortSignal }): AsyncIterable<LogLine | LinesMissed>;
  /** Throws `NOT_AVAILABLE` in this version. */
  httpApp(): never;
  /** Ends every server and releases everything. May be called twice; does not throw. */
  close(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}
