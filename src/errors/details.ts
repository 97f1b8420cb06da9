/** What each error tells a program: its code, and the details of that code. */

/** One mistake in an input: where it is, what it is, and how to correct it. */
export interface Problem {
  /** Where it is, as a path with dots: `mcpServers.files.args`. Empty: the whole input. */
  readonly path: string;
  readonly message: string;
  /** What to do about it; null: nothing to say. */
  readonly hint: string | null;
  /** An `error` causes the input to be refused; a `warning` does not. */
  readonly severity: 'error' | 'warning';
  /** Where it is in the text it was read from, if there is one; both from 1. */
  readonly line?: number;
  readonly column?: number;
}

/** What a server said when it refused a request over HTTP; nothing of it is there otherwise. */
export interface HttpRefusal {
  readonly httpStatus?: number;
  /** Why, in the server's own words: at most some 300 characters. Null: it gave no reason. */
  readonly refusal?: string | null;
  /** What it asked to wait (`Retry-After`), in milliseconds. Null: nothing. */
  readonly retryAfterMs?: number | null;
  /** The header `WWW-Authenticate`. Null: there was none. */
  readonly challenge?: string | null;
}

/** The part of a server's status that the text of an error is made of. */
export interface StatusInError {
  readonly state: string;
  readonly attempt: number;
  readonly nextRetryAt: string | null;
  readonly lastFailure: { readonly class: string; readonly message: string } | null;
}

/** Something that a server sent while an answer was waited for. */
export interface Overheard {
  readonly what: string;
  /** The last of it, or its beginning; null: it says nothing. */
  readonly last: string | null;
}

/** The `details` of an error, by its `code`. */
export interface ErrorDetails {
  INVALID_REQUEST: { readonly problems: readonly Problem[] };
  CONFIG_INVALID: { readonly file: string | null; readonly problems: readonly Problem[] };
  /** `reason` null: there is none. */
  CONFIG_UNREADABLE: { readonly file: string; readonly reason: string | null };
  /** `reason`: why it cannot be written, or must not be. */
  CONFIG_READ_ONLY: { readonly file: string; readonly reason: string };
  /** An edit was made for the version `expected`, and `current` is in force. */
  VERSION_CONFLICT: { readonly expected: number; readonly current: number };
  /** `reason`: without credentials. */
  STORE_UNAVAILABLE: { readonly reason: string };
  /** `by`: another control plane, or another process. */
  STORE_IN_USE: { readonly store: string; readonly by: string };
  /** `known`: the names of up to 100 servers. */
  SERVER_NOT_FOUND: { readonly server: string; readonly known: readonly string[] };
  TOOL_NOT_FOUND: { readonly server: string | null; readonly tool: string };
  /** `known`: actors that may have been meant. */
  ACTOR_NOT_FOUND: { readonly actor: string; readonly known?: readonly string[] };
  NOT_FOUND: { readonly path: string };
  METHOD_NOT_ALLOWED: { readonly method: string; readonly allowed: readonly string[] };
  /** `server`: its name; for any other actor, `actor`: its id. */
  EVENT_NOT_ALLOWED: { readonly event: string; readonly state: string; readonly allowed: readonly string[] } & (
    | { readonly server: string }
    | { readonly actor: string }
  );
  COMMAND_REJECTED: {
    readonly server: string;
    readonly command: string;
    readonly reason: string;
    readonly lastFailure: unknown;
  };
  /** `serverStatus`: what `status(server)` returned when the time was over. */
  COMMAND_TIMED_OUT: {
    readonly server: string;
    readonly command: string;
    readonly commandId: string;
    readonly timeoutMs: number;
    readonly serverStatus: StatusInError;
  };
  SERVER_NOT_CONNECTED: {
    readonly server: string;
    readonly state: string;
    readonly nextRetryAt: string | null;
    readonly reason: string | null;
  };
  SERVER_BUSY: { readonly server: string; readonly queued: number };
  /**
   * `state`, `nextRetryAt` and `reason`: of a server that was waited for and is not connected. `heard`: what the server
   * sent meanwhile that was no answer; empty: nothing. Absent: the call was not sent.
   */
  CALL_TIMED_OUT: {
    readonly server: string;
    readonly method: string;
    readonly timeoutMs: number;
    readonly state?: string;
    readonly nextRetryAt?: string | null;
    readonly reason?: string | null;
    readonly heard?: readonly Overheard[];
  };
  CALL_CANCELLED: { readonly server: string; readonly method: string };
  /** `sessionEnded` false: only the answer was lost. */
  OUTCOME_UNKNOWN: {
    readonly server: string;
    readonly method: string;
    readonly reason: string;
    readonly sessionEnded: boolean;
  } & HttpRefusal;
  ANSWER_DROPPED: { readonly server: string; readonly method: string; readonly reason: string };
  /** `rpcCode` and `rpcMessage` null: the server sent no JSON-RPC error, but refused the request over HTTP. */
  UPSTREAM_ERROR: {
    readonly server: string;
    readonly method: string;
    readonly rpcCode: number | null;
    readonly rpcMessage: string | null;
    readonly data: unknown;
  } & HttpRefusal;
  SHUTTING_DOWN: Record<never, never>;
  ALREADY_RUNNING: { readonly pid: number; readonly stateDir: string };
  /** `url` null: none was given, and the state directory names no control plane. */
  NOT_RUNNING: { readonly stateDir: string | null; readonly url: string | null; readonly reason: string | null };
  /** `timeoutMs`: how long it was waited for. */
  NOT_ANSWERING: { readonly url: string; readonly timeoutMs: number };
  UNEXPECTED_ANSWER: { readonly url: string; readonly reason: string };
  START_FAILED: {
    readonly exitCode: number | null;
    readonly signal: string | null;
    readonly log: string;
    readonly lines: readonly string[];
  };
  NOT_STARTED: { readonly pid: number | null; readonly log: string; readonly timeoutMs: number };
  NOT_ENDED: { readonly pid: number | null; readonly url: string; readonly timeoutMs: number };
  PORT_UNAVAILABLE: { readonly host: string; readonly port: number; readonly reason: string };
  STATE_DIRECTORY_UNUSABLE: { readonly stateDir: string; readonly reason: string };
  NOT_AVAILABLE: { readonly what: string; readonly instead: string };
  UNAUTHENTICATED: Record<never, never>;
  FORBIDDEN_HOST: { readonly host: string };
  FORBIDDEN_ORIGIN: { readonly origin: string };
  FORBIDDEN_SCOPE: { readonly scope: string; readonly needed: string };
  BODY_TOO_LARGE: { readonly maxBytes: number };
  UNSUPPORTED_MEDIA_TYPE: { readonly type: string | null };
  IDEMPOTENCY_MISMATCH: { readonly key: string };
  /** The request was carried out before. */
  ANSWER_NOT_KEPT: { readonly key: string };
  /** What was asked for has been done. `bound`: the answers of this server take all that they may, or those of all. */
  ANSWERS_UNREAD: { readonly bound: 'server' | 'process'; readonly maxBytes: number };
  RATE_LIMITED: { readonly retryAfterMs: number };
  INTERNAL: { readonly what: string };
}

export type ErrorCode = keyof ErrorDetails;
