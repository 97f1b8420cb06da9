/**
 * Errors of requests to a remote server, as facts: status, code, what the request was. `failure.ts` says what they
 * mean.
 */

import { errors } from 'undici';
import { troubleOf } from '../../../surroundings.ts';
import { systemCodeOf } from '../../../system-error.ts';
import { wordsOf } from '../../../text/error-words.ts';
import type { Bound, BudgetLimits } from '../../budget.ts';
import type { Refused, RefusedError } from '../../link.ts';
import { noRoomFor } from '../../no-room.ts';
import { tlsProblemOf } from './certificate.ts';

export interface Refusal {
  /** For people to read. Shows only origin and path of a URL; ends with the reason that the server gave, if any. */
  readonly message: string;
  /** Null: there was no answer. */
  readonly status: number | null;
  /**
   * The system's code (`ECONNREFUSED`) or one of ours (`BAD_ENDPOINT`, `BUFFER_FULL`, `BUFFERS_FULL`, `INVALID_URL`,
   * `INVALID_HEADER`, `MESSAGE_TOO_LARGE`, `NOT_HTTP`, `NOT_MCP`, `NOT_AN_EVENT_STREAM`, `STREAM_ENDED`).
   */
  readonly code: string | null;
  /** The method of the message that was refused; null: it was no message. */
  readonly method: string | null;
  /** Why, in the server's own words: bounded and cleaned, but it may echo a secret. */
  readonly reason: string | null;
  /** The JSON-RPC error in the body. */
  readonly rpc: RpcError | null;
  /** The header `WWW-Authenticate`. */
  readonly challenge: string | null;
  readonly retryAfterMs: number | null;
  /** Whether the request named a session of the server. */
  readonly session: boolean;
  /** The protocol versions that the server named when it refused ours. */
  readonly supported: readonly string[] | null;
  /** Whether the server may have begun to work on the request. */
  readonly reached: boolean;
}

export interface RpcError {
  /** Of the request that it answers; anything else: it is about the HTTP request. */
  readonly id: unknown;
  readonly code: number;
  readonly message: string;
  readonly data: unknown;
}

/** A request that did not get the answer it asked for. What that means depends on the phase: `remoteFailureOf`. */
export class RemoteError extends Error implements RefusedError {
  override readonly name = 'RemoteError';
  readonly refusal: Refusal;
  /** The HTTP status or, without an answer, the system's code. 400 to 499: nothing was done. */
  readonly code: number | string | null;
  /** False: nothing was done, whatever the code. */
  readonly reached: boolean;
  readonly refused: Refused | null;
  /** The answer came, and there was no room for it. */
  readonly dropped: boolean;

  constructor(refusal: Pick<Refusal, 'message'> & Partial<Refusal>, options?: ErrorOptions) {
    super(refusal.message, options);
    this.refusal = {
      status: null,
      code: null,
      method: null,
      reason: null,
      rpc: null,
      challenge: null,
      retryAfterMs: null,
      session: false,
      supported: null,
      reached: false,
      ...refusal,
    };
    this.code = this.refusal.status ?? this.refusal.code;
    this.reached = this.refusal.reached;
    this.dropped = this.code === 'BUFFER_FULL' || this.code === 'BUFFERS_FULL';
    const { status, reason, rpc, retryAfterMs, challenge } = this.refusal;
    this.refused =
      status === null || status < 300 ? null : { httpStatus: status, refusal: reason, rpc, retryAfterMs, challenge };
  }
}

/** Codes of errors that occur before the first byte of a request is sent, unless the connection was already open. */
const unsentCodes: ReadonlySet<string> = new Set([
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'EADDRNOTAVAIL',
  'UND_ERR_CONNECT_TIMEOUT',
]);

/**
 * Whether the server cannot have read the whole of a request over an open connection: nothing was written, or the
 * system refused to take the rest, so that the end of the body never left.
 */
export function isUnsent(error: unknown, writtenBytes: number): boolean {
  return writtenBytes <= 0 || causesOf(error).some((cause) => 'syscall' in cause && cause.syscall === 'write');
}

/** A request without an answer: refused connection, unknown host, TLS, a connection that broke. */
export function toUnanswered(error: unknown, url: string | URL, via: string | null = null): RemoteError {
  const code = rootCodeOf(error);
  const problem = tlsProblemOf(code);
  const trouble = troubleOf(error);
  const isOurs = trouble?.kind === 'shortage';
  const isUnreached = (isOurs || (code !== null && unsentCodes.has(code))) && !isOfOpenConnection(error);
  const reached = problem === null && !isUnreached;
  const why = isOurs ? trouble.reason : problem === null ? causeIn(error, code) : `${code}: ${problem}`;
  const way = via === null ? '' : ` through ${via}`;
  const message = `${showUrl(url)} cannot be reached${way} (${why}).`;
  return new RemoteError({ message, code, reached }, { cause: error });
}

/** An answer longer than we accept. */
export function toTooLarge(maxMessageBytes: number): RemoteError {
  const message = `The server sent a message larger than ${maxMessageBytes} bytes (maxMessageBytes).`;
  return new RemoteError({ message, code: 'MESSAGE_TOO_LARGE', reached: true });
}

/** An answer that we have not the memory to read. */
export function toTooHeavy({ message }: Error): RemoteError {
  return new RemoteError({ message, code: 'MESSAGE_TOO_LARGE', reached: true });
}

/** An answer that there is no room for. */
export function toNoRoom(bound: Bound, limits: BudgetLimits): RemoteError {
  const { message, code } = noRoomFor(bound, limits);
  return new RemoteError({ message, code, reached: true });
}

/** A request whose answer broke off. */
export function toBroken(error: unknown, url: string | URL): RemoteError {
  const code = rootCodeOf(error);
  return new RemoteError(
    { message: `The answer of ${showUrl(url)} broke off (${causeIn(error, code)}).`, code, reached: true },
    { cause: error },
  );
}

/**
 * An answer with a success status but no MCP in it. `status` null: it is JSON, but no message; the SDK's own error
 * would quote it.
 */
export function notMcp(url: string | URL, status: number | null = null, mediaType: string | null = null): RemoteError {
  const shown = mediaType !== null && /^[a-z0-9.+-]+\/[a-z0-9.+-]+$/.test(mediaType) ? `, ${mediaType}` : '';
  const type = shown === '' && status === 200 ? ', without a type' : shown;
  const what = status === null ? 'JSON that is no message' : `HTTP ${status}${type}`;
  return new RemoteError({
    message: `POST ${showUrl(url)} was answered with something else than MCP (${what}).`,
    status,
    code: 'NOT_MCP',
    reached: true,
  });
}

export function notAnEventStream(url: string | URL, status: number): RemoteError {
  return new RemoteError({
    message: `GET ${showUrl(url)} was answered with something else than an event stream.`,
    status,
    code: 'NOT_AN_EVENT_STREAM',
  });
}

/**
 * A legacy server names the endpoint for messages, which must have the same origin: the configured headers are sent to
 * it. `endpoint` null: what it names is no address.
 */
export function badEndpoint(url: string | URL, endpoint: URL | null): RemoteError {
  const named =
    endpoint === null
      ? 'something that is no address'
      : `${showUrl(endpoint)}, which is at another origin. Nothing is sent there: behind a proxy, a server has to name a path, or its address as it is seen from outside`;
  return new RemoteError({
    message: `${showUrl(url)} names an endpoint for messages: ${named}.`,
    code: 'BAD_ENDPOINT',
  });
}

/** The endpoint that a legacy server named for messages is not there. */
export function missingEndpoint(url: string | URL, { refusal }: RemoteError): RemoteError {
  const message = `${showUrl(url)} speaks SSE, and names an endpoint for messages that is not there: ${refusal.message} Behind a proxy that adds a path, a server has to name its address as it is seen from outside.`;
  return new RemoteError({ ...refusal, message, code: 'BAD_ENDPOINT' });
}

/**
 * Whether what was refused like this may be granted later. 409: the server has not noticed yet that the last stream is
 * gone.
 */
export function mayPass({ status }: Refusal): boolean {
  return status === null || status >= 500 || status === 429 || status === 409;
}

/** When the network fails under an open connection, the codes are the same as when it was never there. */
function isOfOpenConnection(error: unknown): boolean {
  return causesOf(error).some((cause) => 'syscall' in cause && (cause.syscall === 'read' || cause.syscall === 'write'));
}

/**
 * The first string `code` in a chain of causes: fetch wraps the system's errors. Errors about what undici cannot parse
 * have none (7.30).
 */
export function rootCodeOf(error: unknown): string | null {
  for (const cause of causesOf(error)) {
    const code = cause instanceof errors.HTTPParserError ? 'NOT_HTTP' : systemCodeOf(cause);
    if (code !== null) return code;
  }
  return null;
}

/** An error and what it was caused by, so far as anybody nests them. */
function causesOf(error: unknown): readonly Error[] {
  const causes: Error[] = [];
  for (let current = error; current instanceof Error && causes.length < 5; current = current.cause) {
    causes.push(current);
  }
  return causes;
}

/** The code that a person can look up, or else the words: of the HTTP client and of a host's `fetch` alike. */
function causeIn(error: unknown, code: string | null): string {
  return code === null || code.startsWith('UND_ERR_') ? wordsOf(error) : code;
}

/** Origin and path only: the rest of a URL may be secret. */
export function showUrl(url: string | URL): string {
  const { origin, pathname } = new URL(url);
  return `${origin}${pathname}`;
}
