/** The library's public interface: what `createSupervisor` returns. HTTP and the command line use nothing else. */

import type { Plan } from '../config/plan/plan.ts';
import type { ConfigurationInput, ServerEntry, ServerPatch } from '../config/settings/input.ts';
import type { Fact, FactsMissed } from '../observe/facts/fact.ts';
import type { JournalPage, JournalQuery } from '../observe/facts/journal.ts';
import type { LinesMissed, LogLine } from '../observe/server-logs/line.ts';
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
} from './contract/actors.ts';
import type {
  AnswerToolCallsOptions,
  CallCheck,
  CallOptions,
  CallOutcome,
  CallRequest,
  CallToolResult,
  Ensured,
  EnsureOptions,
} from './contract/calls.ts';
import type { CatalogFilter, CatalogItem, ToolsIn, ToolsOptions } from './contract/catalog.ts';
import type { AddedAll, Edited, EditOptions, VersionsPage, VersionsQuery } from './contract/configuration.ts';
import type { AnswerFormat, ToolAnswersIn, ToolCallsIn, ToolFormat } from './contract/model-messages.ts';
import type { Readiness, ReadyNow, ServerStatus, Status, StoreHolder } from './contract/status.ts';

export type { DisabledSteps, Plan } from '../config/plan/plan.ts';
export type { SettingChange, SettingEffect } from '../config/plan/setting-changes.ts';
export * from './contract/actors.ts';
export type * from './contract/calls.ts';
export type * from './contract/catalog.ts';
export type * from './contract/configuration.ts';
export * from './contract/model-messages.ts';
export * from './contract/status.ts';

export interface Supervisor {
  /**
   * Resolves when every wanted server has settled, when `timeoutMs` milliseconds (default: no limit) have passed, or
   * when `signal` aborts. Never rejects.
   */
  ready(options?: { readonly timeoutMs?: number; readonly signal?: AbortSignal }): Promise<Readiness>;
  /** Whether work may be sent now: started, every server settled, every required one connected. */
  readiness(): ReadyNow;
  /** Who uses the store, while this supervisor waits for it and starts nothing; null: nobody is waited for. */
  storeHolder(): StoreHolder | null;
  /** The current status of everything. */
  status(): Status;
  /** The current status of one server. Throws `SERVER_NOT_FOUND`. */
  status(server: string): ServerStatus;
  /** The same as `snapshotOf('server:NAME')`. Throws `SERVER_NOT_FOUND`. */
  snapshot(server: string): ActorSnapshot;
  /**
   * Sends a command to a server and resolves when it has settled. Throws `SERVER_NOT_FOUND`, `EVENT_NOT_ALLOWED`,
   * `COMMAND_REJECTED` and `SHUTTING_DOWN`. Throws `COMMAND_TIMED_OUT`, with the server's status, after `timeoutMs`
   * milliseconds (default: no limit), and `CALL_CANCELLED` when `signal` aborts: then only the waiting ends, the command
   * goes on.
   */
  send(
    server: string,
    event: { readonly type: CommandType },
    options?: { readonly timeoutMs?: number; readonly signal?: AbortSignal },
  ): Promise<CommandOutcome>;
  /**
   * Sends a command without waiting; `by` says who sends it. Throws what `send` throws before the command is accepted.
   */
  post(server: string, event: { readonly type: CommandType; readonly by?: string }): PostedCommand;
  /**
   * Sends a command to many servers without waiting. `servers` has names, `group:NAME` for the servers of a group, or
   * `*` for all. Groups and `*` leave out a server that is disabled and that nobody started, and one that cannot take
   * the command now. Returns an entry for each server, in the order of the configuration, then one for each unknown
   * name. If `post` would throw, the entry has the `error`. Never throws.
   */
  postMany(event: {
    readonly type: CommandType;
    readonly servers: readonly string[];
    readonly by?: string;
  }): readonly PostedToOne[];
  /** Every actor that runs now, parents before their children. */
  actors(): readonly ActorNode[];
  /** The current state of any actor, by its id. Throws `ACTOR_NOT_FOUND`. */
  snapshotOf(actor: string): ActorSnapshot;
  /**
   * Sends an event to any actor, by its id, without waiting: a command to `server:NAME`; `group.reset`, or a command
   * for each of its servers, to `group:NAME`; `supervisor.shutdown`, which is `close()`, to `supervisor`. Throws
   * `ACTOR_NOT_FOUND`, `EVENT_NOT_ALLOWED` with what is allowed, and `SHUTTING_DOWN`.
   */
  postTo(actor: string, event: { readonly type: ActorEventType; readonly by?: string }): PostedToActor;
  /** The charts that run: `supervisor`, `group` and `server`. */
  machines(): readonly Chart[];
  /** One of the charts, by its id. Throws `NOT_FOUND`. */
  machine(id: string): Chart;
  /**
   * The tools of all servers, or of those named. Of a server that is not connected, the last known ones; with
   * `stale: false`, none. The formats of model APIs are what these accept: exposed names, and input schemas that no API
   * refuses. What a schema must not contain there is put into the description.
   */
  tools<Format extends ToolFormat = 'mcp'>(
    options?: ToolsOptions<Format> & { readonly ensure?: false },
  ): ToolsIn[Format];
  /**
   * The same, after waiting for these servers (default: all that are enabled) as `ensureConnected` does. A server that
   * is not connected then is passed over.
   */
  tools<Format extends ToolFormat = 'mcp'>(
    options: ToolsOptions<Format> & { readonly ensure: true } & Omit<EnsureOptions, 'retries'>,
  ): Promise<ToolsIn[Format]>;
  /** The resources, chosen as the tools are. */
  resources(filter?: CatalogFilter): readonly CatalogItem[];
  /** The resource templates, in the same way. */
  resourceTemplates(filter?: CatalogFilter): readonly CatalogItem[];
  /** The prompts, in the same way. */
  prompts(filter?: CatalogFilter): readonly CatalogItem[];
  /**
   * A server's instructions on how to use it; if it is not connected, the last known ones. Null: it gives none, or was
   * never connected. Throws `SERVER_NOT_FOUND`.
   */
  instructions(server: string): string | null;
  /**
   * Calls a tool, by its own name or its exposed name, and starts a lazy server first. A result with `isError` is a
   * result, not an error. Throws `SERVER_NOT_FOUND`, `TOOL_NOT_FOUND`, `SERVER_NOT_CONNECTED`, `SERVER_BUSY`,
   * `CALL_TIMED_OUT`, `CALL_CANCELLED`, `OUTCOME_UNKNOWN`, `ANSWER_DROPPED`, `UPSTREAM_ERROR`, `INVALID_REQUEST` and `SHUTTING_DOWN`.
   */
  callTool(
    server: string,
    tool: string,
    args?: Readonly<Record<string, unknown>>,
    options?: CallOptions,
  ): Promise<CallToolResult>;
  /**
   * Checks arguments (default `{}`) against the tool's input schema. Calls and starts nothing. Throws
   * `SERVER_NOT_FOUND`, `TOOL_NOT_FOUND`, and `SERVER_NOT_CONNECTED` while the server's tools are not known.
   */
  checkCall(server: string, tool: string, args?: Readonly<Record<string, unknown>>): Promise<CallCheck>;
  /**
   * Makes many calls in parallel. Returns an outcome for each, in the same order; never rejects. When `signal` aborts,
   * the calls in progress are cancelled.
   */
  callTools(
    calls: readonly CallRequest[],
    options?: { readonly signal?: AbortSignal },
  ): Promise<readonly CallOutcome[]>;
  /**
   * Makes a model's tool calls in parallel and returns what to send back. For `openai`, `toolCalls` is
   * `message.tool_calls`, and each call gets a message, in order. For `openai-responses`, it is `response.output`, and
   * each `function_call` gets an item. For `anthropic`, it is the content of a message, and one message has a result
   * for each `tool_use` block. If a call fails, its answer says so in words a model can act on. Never rejects.
   */
  answerToolCalls<Format extends AnswerFormat>(
    toolCalls: readonly ToolCallsIn[Format][],
    options: AnswerToolCallsOptions<Format>,
  ): Promise<ToolAnswersIn[Format]>;
  /**
   * Sends a request of MCP: `tools/call` and `tools/list` (both by the entry's `tools` filter), `resources/…`, `prompts/…`,
   * `tasks/…`, `completion/complete`, `logging/setLevel` or `ping`. Throws what `callTool` throws, and `INVALID_REQUEST`
   * for any other method: those are the session's own.
   */
  request(
    server: string,
    method: string,
    params?: Readonly<Record<string, unknown>>,
    options?: CallOptions,
  ): Promise<unknown>;
  /**
   * Starts lazy servers and waits until all these servers are connected: through their starts, and through `backoff`
   * until their next tries. Touches no counter of failures. Throws `SERVER_NOT_FOUND`, `SERVER_NOT_CONNECTED` for the
   * first one that will not be connected by itself, `CALL_TIMED_OUT`, with its state, when the patience is over, and
   * `CALL_CANCELLED` when `signal` aborts.
   */
  ensureConnected(servers: readonly string[], options?: EnsureOptions & { readonly settle?: 'first' }): Promise<void>;
  /** Waits for each of them and returns how each ended, unknown names included; rejects with none of these errors. */
  ensureConnected(
    servers: readonly string[],
    options: EnsureOptions & { readonly settle: 'all' },
  ): Promise<ReadonlyMap<string, Ensured>>;
  /**
   * Adds a server; `entry` is as in `mcp.json`. Resolves to the plan, which is carried out from now on, and to the version
   * of the configuration that it made. Edits take place one after the other, in the order in which they are asked for;
   * none waits for servers. Throws `CONFIG_INVALID` (also when the name is taken), `VERSION_CONFLICT`,
   * `CONFIG_READ_ONLY`, `STORE_UNAVAILABLE` and `SHUTTING_DOWN`; nothing is changed then.
   */
  add(name: string, entry: ServerEntry, options?: EditOptions): Promise<Edited>;
  /**
   * Adds the servers of a fragment that was copied from somewhere, in the same way by one plan: a text with JSON, or an
   * object, with `mcpServers`, another program's key, or names alone. Each is added or refused for itself. `${input:…}`
   * becomes `${secret:…}`. Throws `CONFIG_INVALID` if there are no servers in it.
   */
  addAll(fragment: unknown, options?: EditOptions): Promise<AddedAll>;
  /** Replaces the entry of a server, in the same way. Also throws `SERVER_NOT_FOUND`. */
  replace(name: string, entry: ServerEntry, options?: EditOptions): Promise<Edited>;
  /**
   * Changes the entry of a server by a JSON Merge Patch (RFC 7386), in the same way: null takes a setting away, and a
   * value `{ $kept }` stays what it was. Also throws `SERVER_NOT_FOUND`.
   */
  update(name: string, patch: ServerPatch, options?: EditOptions): Promise<Edited>;
  /**
   * The configuration in force as it was written, a copy. Values of `env`, `headers` and `secrets` are shown as
   * `{ $kept }`; given back to `apply`, `replace` or `update`, these keep the value that is there.
   */
  config(): ConfigurationInput;
  /** The same of one server. Throws `SERVER_NOT_FOUND`. */
  entry(name: string): ServerEntry;
  /** Stops and removes one server, or several by one plan, in the same way. Also throws `SERVER_NOT_FOUND`. */
  remove(names: string | readonly string[], options?: EditOptions): Promise<Edited>;
  /**
   * Replaces the whole configuration in memory, in the same way. With `to: 'store'`, replaces the servers that live in the
   * store: of the others it may have what is in force, or nothing.
   */
  apply(config: ConfigurationInput, options?: EditOptions): Promise<Edited>;
  /** What `apply` would do with this configuration. Changes nothing. Throws `CONFIG_INVALID`. */
  plan(config: ConfigurationInput, options?: Pick<EditOptions, 'to'>): Promise<Plan>;
  /**
   * Undoes what the versions after this one changed, each part in the source where it was, the file included, as a new
   * version. Throws what `add` throws, `NOT_FOUND` for a version that is not kept, and `CONFIG_INVALID` for what cannot be
   * undone: secrets of a file or a host that are no longer there.
   */
  rollback(version: number, options?: Omit<EditOptions, 'to'>): Promise<Edited>;
  /** Number of the newest version of the configuration that is known. 0: there is none yet. */
  configVersion(): number;
  /**
   * A page of the versions of the configuration, the newest first: each edit of any source with who made it and what it
   * changed. Throws `INVALID_REQUEST` and `STORE_UNAVAILABLE`.
   */
  versions(query?: VersionsQuery): Promise<VersionsPage>;
  /**
   * The facts after `since` (a `seq`; default: now), as they happen. A reader that is too slow gets a `facts.missed` in
   * each place where facts are no longer kept. Ends on `close()` or when `signal` aborts.
   */
  facts(options?: { readonly since?: number; readonly signal?: AbortSignal }): AsyncIterable<Fact | FactsMissed>;
  /**
   * A page of the facts that match the query, the newest last: those in the store, and all in memory. While the store
   * cannot be read, those in memory, and `reason` says so. Throws `INVALID_REQUEST`.
   */
  journal(query?: JournalQuery): Promise<JournalPage>;
  /**
   * The last lines (`tail`; default 100) that a server wrote on stderr, and notes on its odd messages (`protocol`),
   * oldest first. With a state directory, lines of earlier runs are included. Throws `SERVER_NOT_FOUND`.
   */
  logs(server: string, options?: { readonly tail?: number }): Promise<readonly LogLine[]>;
  /**
   * The last `tail` lines (default 0), then new ones as they are written. A slow reader is told how many it missed.
   * Ends when the server is removed, on `close()`, or when `signal` aborts. Throws `SERVER_NOT_FOUND`.
   */
  followLogs(
    server: string,
    options?: { readonly tail?: number; readonly signal?: AbortSignal },
  ): AsyncIterable<LogLine | LinesMissed>;
  /** Ends every server and releases everything. May be called twice; does not throw. */
  close(): Promise<void>;
  /** The same as `close()`, for `await using`. */
  [Symbol.asyncDispose](): Promise<void>;
}
