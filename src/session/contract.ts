/**
 * The seam between the charts and the session's holder: this process, or one of its own. No chart and no API knows
 * which it is, and only plain JSON crosses: the request (`request.ts`), news, results, progress and errors (a
 * `McpvisorError` as its `code` and `details`; its message is made again from them). On this side, a signal stands for
 * `cancel` and a callback receives progress.
 */

import type { ContentBlock, ToolAnnotations } from '@modelcontextprotocol/sdk/types.js';
import type { Failure, LastWords } from '../../machines/failure.ts';
import type { Overheard } from '../errors.ts';
import type { StrayPolicy } from '../specification.ts';
import type { CallLimits, SessionRequest } from './request.ts';

export type { ContentBlock, ToolAnnotations };

/** Opens a session and returns at once; everything after that is news. Never throws. */
export type OpenSession = (request: SessionRequest, tell: (news: SessionNews) => void) => Session;

/**
 * The news of a session, in this order: `spawned`, `initialized`, `ready`, then `listed`, `notified`, `asked`, `push`
 * and `doubted` as they occur, at most one of `failed` and `exited` before the end, and last, exactly once, `ended`.
 * `stderr`, `signalled`, `crowded`, `noted`, `loaded` and `heard` come at any time before it, `gone` once if there was a
 * process, `progressed` between `spawned` and `initialized`. The server's text is passed on unchanged and may hold secrets.
 */
export type SessionNews = CarrierNews | ConversationNews;

/**
 * News of the link under a session. The session adds the phase to failures and keeps the order; it passes the rest on
 * unchanged.
 */
export type CarrierNews =
  /** The process runs (a remote session: its transport is set up); `pid` is null without a process. */
  | { readonly type: 'spawned'; readonly pid: number | null; readonly startTime: string | null }
  /** Lines the server wrote on stderr, as they were read; each at most 16 KiB. */
  | { readonly type: 'stderr'; readonly lines: readonly string[] }
  /** A signal was sent to the process group. */
  | { readonly type: 'signalled'; readonly signal: NodeJS.Signals }
  /** Whether the server can send messages unasked (a remote server's event stream). */
  | { readonly type: 'push'; readonly available: boolean; readonly reason: string | null }
  /** Requests wait long for a connection, because as many are in use as there may be; null: none does any more. */
  | { readonly type: 'crowded'; readonly crowding: Crowding | null }
  /** A reason to probe now: an event stream ended, or a request was refused in an unusual way. */
  | { readonly type: 'doubted'; readonly reason: string }
  /** The session is unusable, but its process (if any) lives: it waits for `end`. */
  | { readonly type: 'failed'; readonly failure: Failure }
  /**
   * The system told that the process has exited. What it wrote last is still being read, and its group may live: what
   * this means comes with `exited` or `ended`.
   */
  | { readonly type: 'gone'; readonly exitCode: number | null; readonly signal: NodeJS.Signals | null }
  /** The leader of the process group is gone, the group not yet. */
  | { readonly type: 'exited'; readonly failure: Failure }
  /**
   * Nothing of it is left. `null`: the end was asked for. `last`: how its process ended, whatever ended it; absent: it
   * had none. `heard`: what it sent while an answer was waited for that never came.
   */
  | {
      readonly type: 'ended';
      readonly failure: Failure | null;
      readonly last?: LastWords;
      readonly heard?: readonly Overheard[];
    };

/** News of the MCP conversation over the link. */
export type ConversationNews =
  /** Not initialized yet, but the server's processes are at work: perhaps they download it. */
  | { readonly type: 'progressed' }
  | { readonly type: 'initialized'; readonly peer: Peer }
  /** Initialized and listed, and the process is on record: calls are accepted. */
  /** `forMs`: for how long it has been so, if it is taken over; absent: not before. */
  | { readonly type: 'ready'; readonly lists: Lists; readonly forMs?: number }
  /** The server changed its lists, or they came late; these are the new ones. */
  | { readonly type: 'listed'; readonly lists: Lists }
  /** Other lists than before could not be read, or all could (then it is empty). Before `ready` or later. */
  | { readonly type: 'unread'; readonly lists: readonly UnreadList[] }
  | { readonly type: 'notified'; readonly method: string; readonly params: unknown }
  /** The server asks (sampling, elicitation, roots). Answered once, by `session.answer(id, …)`. */
  | { readonly type: 'asked'; readonly id: string | number; readonly method: string; readonly params: unknown }
  /** An inbound line was skipped: it is no message, or an answer nobody waits for. */
  | { readonly type: 'noted'; readonly text: string }
  /**
   * The number of calls waiting to be sent changed since the last `loaded`; at most once every few milliseconds. It
   * starts at 0. How many calls are open is counted where they are made.
   */
  | { readonly type: 'loaded'; readonly queued: number }
  /** The answer to `session.report(question)`. */
  | ({ readonly type: 'heard'; readonly question: number } & Heard);

/** What the server said of itself. */
export interface Peer {
  readonly protocolVersion: string;
  readonly serverInfo: { readonly name: string; readonly version: string; readonly [key: string]: unknown };
  readonly capabilities: Readonly<Record<string, unknown>>;
  readonly instructions: string | null;
  /** The transport in use: `stdio`, `streamable-http`, `sse`, or the host's name for its own. */
  readonly transport: string;
}

export type ListName = 'tools' | 'resources' | 'resourceTemplates' | 'prompts';

/**
 * All pages of all lists, checked item by item. Items are as the server sent them, unknown fields included. Of a list
 * that cannot be read, the last good one of the session; empty if there is none.
 */
export interface Lists {
  readonly tools: readonly ListedTool[];
  readonly resources: readonly ListedItem[];
  readonly resourceTemplates: readonly ListedItem[];
  readonly prompts: readonly ListedItem[];
  /** Items left out, each with its reason. */
  readonly problems: readonly ListProblem[];
}

export interface ListedItem {
  readonly name: string;
  readonly [key: string]: unknown;
}

export interface ListedTool extends ListedItem {
  readonly title?: string;
  readonly description?: string;
  /** Hints about its behaviour: `readOnlyHint`, `destructiveHint` … */
  readonly annotations?: ToolAnnotations;
  readonly inputSchema: Readonly<Record<string, unknown>>;
}

/** A list that could not be read: an error, no answer in time, or something else than a list. It is asked again. */
export interface UnreadList {
  readonly list: ListName;
  readonly reason: string;
}

/** The bound that keeps requests waiting: of the server's own connections, or of those of all remote servers. */
export interface Crowding {
  readonly bound: 'server' | 'process';
  /** Connections at a time, at most. */
  readonly most: number;
}

export interface ListProblem {
  readonly list: ListName;
  readonly index: number;
  readonly name: string | null;
  readonly message: string;
}

export interface RequestOptions {
  /**
   * Time to the answer, including time in the queue, reset by progress, in milliseconds. Default, and if the value is
   * not a time: the server's `callTimeoutMs`.
   */
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal;
  readonly onProgress?: (progress: Progress) => void;
  /** Sent as `_meta`, unchanged except for the progress token. */
  readonly meta?: Readonly<Record<string, unknown>>;
}

export interface Progress {
  readonly progress: number;
  readonly total?: number;
  readonly message?: string;
}

/** `ping` checks whether the server's loop runs; `list` is the second opinion before a server is killed. */
export type ProbeKind = 'ping' | 'list';

/** How gracefully: the end of stdin (HTTP: DELETE), SIGTERM, SIGKILL. */
export type EndKind = 'close' | 'terminate' | 'kill';

export interface Heard {
  /** Time since the last inbound message. */
  readonly quietForMs: number;
  /** Calls sent and not answered, now. */
  readonly inFlight: number;
  /** What is left of the time that calls in flight were given, of the one that has most left; 0: none is in flight. */
  readonly callLeftMs: number;
  /** Time since the last call was made or settled; 0 while one is in flight or queued. */
  readonly unusedForMs: number;
  /** The worst delay, since the last probe was sent, of the event loop that holds the session. */
  readonly lagMs: number;
  /** Whether the process group used CPU since the last probe was sent (Linux; elsewhere false). */
  readonly usedCpu: boolean;
}

export interface Session {
  /**
   * Sends one request and resolves with the result as the server sent it.
   * Rejects, exactly once, with `SERVER_NOT_CONNECTED`, `SERVER_BUSY`, `CALL_TIMED_OUT`, `CALL_CANCELLED`,
   * `OUTCOME_UNKNOWN`, `ANSWER_DROPPED` or `UPSTREAM_ERROR`, or with `INVALID_REQUEST` if `params` cannot be written as JSON.
   */
  request(
    method: string,
    params: Readonly<Record<string, unknown>> | undefined,
    options?: RequestOptions,
  ): Promise<unknown>;
  /** Sends a notification; one that cannot be sent is dropped. */
  notify(method: string, params?: Readonly<Record<string, unknown>>): void;
  /**
   * Resolves with the round trip in milliseconds when anything answers, even with an error; never rejects and never
   * times out: the chart limits it.
   */
  probe(kind: ProbeKind): Promise<number>;
  /**
   * Waiting calls fail now; with `terminate` and `kill`, calls in flight fail too, with `OUTCOME_UNKNOWN`. May be
   * called again, with a more severe kind.
   */
  end(kind: EndKind): void;
  /** Asks for the state of the session: the news `heard` repeats this number. */
  report(question: number): void;
  /** New limits, for later calls and those that wait. */
  limit(limits: CallLimits): void;
  /** Answers a request of the server (`asked`); a second answer to the same id does nothing. */
  answer(id: string | number, answer: Answer): void;
}

export type Answer =
  | { readonly result: Readonly<Record<string, unknown>> }
  | { readonly error: { readonly code: number; readonly message: string; readonly data?: unknown } };

/** A process that a server left behind was found, or has gone. */
export type StrayNews = StrayFound | { readonly type: 'gone'; readonly server: string; readonly pid: number };

export interface StrayFound {
  readonly type: 'found';
  readonly server: string;
  readonly generation: number;
  readonly pid: number;
  /** Of an earlier run only the program: its secrets are not known. */
  readonly command: string;
  readonly policy: StrayPolicy;
  /** Values to blank in the command. */
  readonly secrets: readonly string[];
}
