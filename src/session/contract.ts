/**
 * The seam between the charts and whatever holds a session: this process, or one of its own. No chart and no door knows
 * which it is, and only plain JSON crosses: what is asked for (`request.ts`), what is told, results, progress and
 * errors (a `McpvisorError` by its `code` and `details`, of which its words are made anew). A signal and a callback are
 * this side's way to say `cancel` and to hear progress.
 */

import type { Failure } from '../../machines/failure.ts';
import type { CallLimits, SessionRequest } from './request.ts';

/** Opens a session and returns at once; all that happens next is told. Never throws. */
export type OpenSession = (request: SessionRequest, tell: (news: SessionNews) => void) => Session;

/**
 * What a session tells, in this order: `spawned`, `initialized`, `ready`, then `listed`, `notified`, `asked`, `push`
 * and `doubted` as they come, at most one of `failed` and `exited` before the end, and last, exactly once, `ended`.
 * `stderr`, `signalled`, `noted`, `loaded` and `heard` come at any time before it. Words of the server are told as they
 * came and may hold secrets.
 */
export type SessionNews = CarrierNews | ConversationNews;

/** News of what a session stands on. The session adds the phase to a failure and keeps the order; else it hands on. */
export type CarrierNews =
  /** The process runs (a remote session: its transport is set up); `pid` is null without a process. */
  | { readonly type: 'spawned'; readonly pid: number | null; readonly startTime: string | null }
  /** Lines the server wrote on stderr, as they were read; each at most 16 KiB. */
  | { readonly type: 'stderr'; readonly lines: readonly string[] }
  /** A signal was sent to the process group. */
  | { readonly type: 'signalled'; readonly signal: NodeJS.Signals }
  /** Whether the server can tell us things unasked (a remote server's event stream). */
  | { readonly type: 'push'; readonly available: boolean; readonly reason: string | null }
  /** Something happened that makes a probe worth while now: an event stream ended, a request was refused oddly. */
  | { readonly type: 'doubted'; readonly reason: string }
  /** The session is of no use any more, but its process (if any) lives: it waits for `end`. */
  | { readonly type: 'failed'; readonly failure: Failure }
  /** The leader of the process group is gone, the group not yet. */
  | { readonly type: 'exited'; readonly failure: Failure }
  /** Nothing of it is left. `null`: the end was asked for. */
  | { readonly type: 'ended'; readonly failure: Failure | null };

/** News of what is said over it. */
export type ConversationNews =
  | { readonly type: 'initialized'; readonly peer: Peer }
  /** Initialized and listed, and the process is on record: calls may come. */
  | { readonly type: 'ready'; readonly lists: Lists }
  /** The server changed its lists: these are new. */
  | { readonly type: 'listed'; readonly lists: Lists }
  | { readonly type: 'notified'; readonly method: string; readonly params: unknown }
  /** The server asks (sampling, elicitation, roots): answered once by `session.answer(id, …)`. */
  | { readonly type: 'asked'; readonly id: string | number; readonly method: string; readonly params: unknown }
  /** Something that came in was odd, and was passed over: a line that is no message, an answer nobody waits for. */
  | { readonly type: 'noted'; readonly text: string }
  /** There are more or fewer calls than when it was last told; at most every few milliseconds. At first there are none. */
  | ({ readonly type: 'loaded' } & Load)
  /** The answer to `session.report(question)`. */
  | ({ readonly type: 'heard'; readonly question: number } & Heard);

/** Calls sent and not answered, and calls that wait to be sent. */
export interface Load {
  readonly inFlight: number;
  readonly queued: number;
}

/** The other side, as it introduced itself. */
export interface Peer {
  readonly protocolVersion: string;
  readonly serverInfo: { readonly name: string; readonly version: string; readonly [key: string]: unknown };
  readonly capabilities: Readonly<Record<string, unknown>>;
  readonly instructions: string | null;
  /** What the transport turned out to be: `stdio`, `streamable-http`, `sse`, or the host's word. */
  readonly transport: string;
}

/** All pages of all lists, judged item by item. Items are as the server sent them, unknown fields included. */
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
  readonly inputSchema: Readonly<Record<string, unknown>>;
}

export interface ListProblem {
  readonly list: 'tools' | 'resources' | 'resourceTemplates' | 'prompts';
  readonly index: number;
  readonly name: string | null;
  readonly message: string;
}

export interface RequestOptions {
  /**
   * Time to the answer, time in the queue included, reset by progress, in milliseconds. Default, and for what is no
   * time: the server's `callTimeoutMs`.
   */
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal;
  readonly onProgress?: (progress: Progress) => void;
  /** Sent as `_meta`, unchanged but for the progress token. */
  readonly meta?: Readonly<Record<string, unknown>>;
}

export interface Progress {
  readonly progress: number;
  readonly total?: number;
  readonly message?: string;
}

/** `ping` asks whether the loop turns; `list` is the second opinion before anyone is killed. */
export type ProbeKind = 'ping' | 'list';

/** How politely: the end of stdin (HTTP: DELETE), SIGTERM, SIGKILL. */
export type EndKind = 'close' | 'terminate' | 'kill';

export interface Heard {
  /** Time since the last inbound message. */
  readonly quietForMs: number;
  /** Calls sent and not answered, now. */
  readonly inFlight: number;
  /** Time since the last call was made or settled; 0 while one is in flight or queued. */
  readonly unusedForMs: number;
  /** How late the event loop that holds the session was, at worst, since the last probe was sent. */
  readonly lagMs: number;
  /** Whether the process group used CPU since the last probe was sent (Linux; elsewhere false). */
  readonly usedCpu: boolean;
}

export interface Session {
  /**
   * Sends one request and resolves with the result as the server sent it.
   * Rejects, exactly once, with `SERVER_NOT_CONNECTED`, `SERVER_BUSY`, `CALL_TIMED_OUT`, `CALL_CANCELLED`,
   * `OUTCOME_UNKNOWN` or `UPSTREAM_ERROR`, or with `INVALID_REQUEST` if `params` cannot be written as JSON.
   */
  request(
    method: string,
    params: Readonly<Record<string, unknown>> | undefined,
    options?: RequestOptions,
  ): Promise<unknown>;
  /** Sends a notification; one that cannot be sent is dropped. */
  notify(method: string, params?: Readonly<Record<string, unknown>>): void;
  /**
   * Resolves with the round trip in milliseconds when anything answers, an error too; never rejects and never times
   * out: the chart does.
   */
  probe(kind: ProbeKind): Promise<number>;
  /**
   * Calls waiting fail now; with `terminate` and `kill`, calls in flight too, with `OUTCOME_UNKNOWN`. May be called
   * again, more severely.
   */
  end(kind: EndKind): void;
  /** Asks how it has been lately: `heard` is told with this number. */
  report(question: number): void;
  /** New limits, for calls yet to come and those that wait. */
  limit(limits: CallLimits): void;
  /** Answers what was `asked`; a second answer to one id does nothing. */
  answer(id: string | number, answer: Answer): void;
}

export type Answer =
  | { readonly result: Readonly<Record<string, unknown>> }
  | { readonly error: { readonly code: number; readonly message: string; readonly data?: unknown } };
