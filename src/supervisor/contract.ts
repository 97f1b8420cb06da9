/** The library's public face: what `createSupervisor` returns. The doors (HTTP, command line) use nothing else. */

import type { Failure, FailureClass } from '../../machines/failure.ts';
import type { Plan } from '../config/plan/plan.ts';
import type { Problem } from '../errors.ts';
import type { Fact, FactsMissed } from '../observe/facts/fact.ts';
import type { JournalPage, JournalQuery } from '../observe/facts/journal.ts';
import type { LinesMissed, LogLine } from '../observe/server-logs/line.ts';
import type { ListedItem, ListedTool, Progress, RequestOptions } from '../session/contract.ts';
import type {
  ActorEventType,
  ActorNode,
  ActorSnapshot,
  Chart,
  CommandOutcome,
  CommandType,
  PostedCommand,
  PostedToActor,
  PostedToOne,
} from './actor-contract.ts';
import type {
  AnthropicContentBlock,
  AnthropicTool,
  AnthropicToolMessage,
  OpenAiTool,
  OpenAiToolCall,
  OpenAiToolMessage,
  ToolFormat,
} from './model-messages.ts';

export type { Plan } from '../config/plan/plan.ts';
export type { SettingChange, SettingEffect } from '../config/plan/setting-changes.ts';
export * from './actor-contract.ts';
export * from './model-messages.ts';

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
  /** `inFlight` and `queued` are as they were some milliseconds ago. */
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

export interface Readiness {
  /** Every wanted server has come to rest: `connected`, `failed`, `needs-auth`, or `idle` on purpose. */
  readonly settled: boolean;
  readonly notReady: readonly ServerStatus[];
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

export interface ToolsOptions {
  /** Default: all. */
  readonly servers?: readonly string[];
  /** Default `mcp`. */
  readonly format?: ToolFormat;
  /** Whether descriptions begin with the tool's server. Default false. */
  readonly describeOrigin?: boolean;
}

export interface AnswerToolCallsOptions {
  /** Only tools of these servers may be called. Default: all. */
  readonly servers?: readonly string[];
  /** Of each call, as for `callTool`. */
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal;
}

export interface CallOptions extends RequestOptions {
  readonly onProgress?: (progress: Progress) => void;
  /** Called once, just before the promise resolves; not when it rejects. */
  readonly onAnswered?: (answered: Answered) => void;
}

/** How long a call took, and who answered it. */
export interface Answered {
  /** From the call to its answer, in whole milliseconds, with the time a lazy server took to start. */
  readonly durationMs: number;
  /** Generation of the server that answered. */
  readonly generation: number;
}

export interface CallRequest {
  readonly server?: string;
  /** The tool's own name, or, without `server`, its `exposedName`. */
  readonly tool: string;
  readonly arguments?: Readonly<Record<string, unknown>>;
  readonly timeoutMs?: number;
}

export type CallOutcome =
  | ({ readonly status: 'ok'; readonly result: CallToolResult } & Answered)
  | {
      readonly status: 'failed';
      readonly error: { readonly code: string; readonly message: string; readonly [key: string]: unknown };
    };

/** Whether a call's arguments are what the tool's input schema asks for. */
export type CallCheck =
  /** `problems` holds warnings only: the schema says nothing that can be checked. */
  | { readonly valid: true; readonly problems: readonly Problem[] }
  /** Every problem, with its path in the arguments. */
  | { readonly valid: false; readonly problems: readonly Problem[] };

/** A tool's result as the server sent it, unknown fields included. */
export interface CallToolResult {
  readonly content?: readonly unknown[];
  readonly isError?: boolean;
  readonly structuredContent?: unknown;
  readonly [key: string]: unknown;
}

export interface ReadyNow {
  /** Booted, every server at rest, every required one connected. */
  readonly ready: boolean;
  readonly notReady: readonly { readonly name: string; readonly state: ServerState; readonly reason: string }[];
}

export interface Supervisor {
  /** Resolves when every wanted server has settled or `timeoutMs` (default: none) is over; never rejects. */
  ready(options?: { readonly timeoutMs?: number; readonly signal?: AbortSignal }): Promise<Readiness>;
  /** Whether to send work here: booted, every server at rest, every required one connected; and which are not. */
  readiness(): ReadyNow;
  status(): Status;
  /** Throws `SERVER_NOT_FOUND`. */
  status(server: string): ServerStatus;
  /** Throws `SERVER_NOT_FOUND`. */
  snapshot(server: string): ActorSnapshot;
  /**
   * Sends a command and resolves when it has settled. Throws `SERVER_NOT_FOUND`, `EVENT_NOT_ALLOWED`,
   * `COMMAND_REJECTED`, `SHUTTING_DOWN`.
   */
  send(server: string, event: { readonly type: CommandType }): Promise<CommandOutcome>;
  /** The same without waiting. Throws at once what `send` throws before the command is accepted. */
  post(server: string, event: { readonly type: CommandType; readonly by?: string }): PostedCommand;
  /**
   * Sends a command to many without waiting: names of servers, `group:NAME` for a group's, `*` for all. A server that
   * the configuration disables and that nobody started is meant by its name only; so is one that is neither in
   * `backoff` nor in `needs-auth`, if the command is `server.retry`. One entry for each server, in the order of the configuration, then one for each
   * name that is nobody's; what `post` would throw is the entry's `error`. Never throws.
   */
  postMany(event: {
    readonly type: CommandType;
    readonly servers: readonly string[];
    readonly by?: string;
  }): readonly PostedToOne[];
  /** Every actor there is now, each after the one that holds it. */
  actors(): readonly ActorNode[];
  /** Any actor by its id, as it is. Throws `ACTOR_NOT_FOUND`. */
  snapshotOf(actor: string): ActorSnapshot;
  /**
   * Sends an event to any actor by its id, without waiting: a command to `server:NAME`; `group.reset` to
   * `group:NAME`, or a command for each of its servers; `supervisor.shutdown` to `supervisor`, which is `close()`.
   * Throws `ACTOR_NOT_FOUND`, `EVENT_NOT_ALLOWED` with what is allowed, `SHUTTING_DOWN`.
   */
  postTo(actor: string, event: { readonly type: ActorEventType; readonly by?: string }): PostedToActor;
  /** The charts that run: `supervisor`, `group`, `server`. */
  machines(): readonly Chart[];
  /** One of them. Throws `NOT_FOUND`. */
  machine(id: string): Chart;
  /**
   * The tools of all servers, the last known ones of those that are not connected. `openai` and `anthropic` give them
   * as these APIs take them: under their exposed names, with input schemas that neither refuses; what a schema may
   * not say there is said in the description.
   */
  tools(options: ToolsOptions & { readonly format: 'openai' }): OpenAiTool[];
  tools(options: ToolsOptions & { readonly format: 'anthropic' }): AnthropicTool[];
  tools(options?: ToolsOptions & { readonly format?: 'mcp' }): readonly CatalogTool[];
  tools(options: ToolsOptions): readonly CatalogTool[] | OpenAiTool[] | AnthropicTool[];
  resources(filter?: { readonly servers?: readonly string[] }): readonly CatalogItem[];
  resourceTemplates(filter?: { readonly servers?: readonly string[] }): readonly CatalogItem[];
  prompts(filter?: { readonly servers?: readonly string[] }): readonly CatalogItem[];
  /**
   * What a server says about how to use it; of one that is not connected, what it said last. Null: it says nothing, or
   * was never connected. Throws `SERVER_NOT_FOUND`.
   */
  instructions(server: string): string | null;
  /**
   * Throws what `Session.request` throws, and `SERVER_NOT_FOUND`, `TOOL_NOT_FOUND`. A tool's own `isError` is a result,
   * not an error.
   */
  callTool(
    server: string,
    tool: string,
    args?: Readonly<Record<string, unknown>>,
    options?: CallOptions,
  ): Promise<CallToolResult>;
  /**
   * Checks arguments against the tool's input schema, without calling it and without starting anything. Throws
   * `SERVER_NOT_FOUND`, `TOOL_NOT_FOUND`, and `SERVER_NOT_CONNECTED` while the server's tools are not known.
   */
  checkCall(server: string, tool: string, args?: Readonly<Record<string, unknown>>): Promise<CallCheck>;
  /**
   * In parallel, in the order asked, each with its own outcome; never rejects. `signal` cancels those that have none
   * yet.
   */
  callTools(
    calls: readonly CallRequest[],
    options?: { readonly signal?: AbortSignal },
  ): Promise<readonly CallOutcome[]>;
  /**
   * Makes a model's tool calls, in parallel, and gives the messages to send back: for `openai` (`message.tool_calls`)
   * one for each call, in order; for `anthropic` (the content of a message, of which the `tool_use` blocks count) one
   * message with a result for each. Whatever goes wrong with a call is its answer, in words a model can act on; never
   * rejects.
   */
  answerToolCalls(
    toolCalls: readonly OpenAiToolCall[],
    options: AnswerToolCallsOptions & { readonly format: 'openai' },
  ): Promise<OpenAiToolMessage[]>;
  answerToolCalls(
    blocks: readonly AnthropicContentBlock[],
    options: AnswerToolCallsOptions & { readonly format: 'anthropic' },
  ): Promise<AnthropicToolMessage>;
  /** Any MCP request. Throws as `callTool`. */
  request(
    server: string,
    method: string,
    params?: Readonly<Record<string, unknown>>,
    options?: CallOptions,
  ): Promise<unknown>;
  /**
   * Starts lazy servers if need be and waits until all are connected. Throws `SERVER_NOT_CONNECTED` for the first that
   * will not be. With `timeoutMs` it also waits for the next tries of a server in `backoff`, and throws
   * `CALL_TIMED_OUT` when the time is over; without, such a server is an error at once.
   */
  ensureConnected(
    servers: readonly string[],
    options?: { readonly timeoutMs?: number; readonly signal?: AbortSignal },
  ): Promise<void>;
  /** Adds a server through a plan; entries are as in `mcp.json`. Throws `CONFIG_INVALID`. */
  add(name: string, entry: Readonly<Record<string, unknown>>): Promise<Plan>;
  replace(name: string, entry: Readonly<Record<string, unknown>>): Promise<Plan>;
  remove(name: string): Promise<Plan>;
  /** Replaces the whole configuration in memory. Throws `CONFIG_INVALID` and then changes nothing. */
  apply(config: Readonly<Record<string, unknown>>): Promise<Plan>;
  /** What `apply` would do with this configuration; changes nothing. Throws `CONFIG_INVALID`. */
  plan(config: Readonly<Record<string, unknown>>): Promise<Plan>;
  /**
   * Facts from `since` (a `seq`; default: from now) on, as they come. A slow reader is told what it missed. Ends with
   * `close` or `signal`.
   */
  facts(options?: { readonly since?: number; readonly signal?: AbortSignal }): AsyncIterable<Fact | FactsMissed>;
  /** The facts that are remembered, chosen and paged, the newest last. Throws `INVALID_REQUEST`. */
  journal(query?: JournalQuery): JournalPage;
  /**
   * The last lines (`tail`; default 100) a server wrote on stderr, and what was odd about what it said on the wire
   * (`protocol`), oldest first. With a state directory those of earlier runs too. Throws `SERVER_NOT_FOUND`.
   */
  logs(server: string, options?: { readonly tail?: number }): Promise<readonly LogLine[]>;
  /**
   * The same lines as they come, after the last `tail` (default 0) of those there are. A slow reader is told what it
   * missed. Ends when the server is removed, with `close`, or `signal`. Throws `SERVER_NOT_FOUND`.
   */
  followLogs(
    server: string,
    options?: { readonly tail?: number; readonly signal?: AbortSignal },
  ): AsyncIterable<LogLine | LinesMissed>;
  /** Ends every server and releases everything. May be called twice; does not throw. */
  close(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}
