/**
 * Errors of requests to a remote server, as facts: status, code, what the request was. `failure.ts` says what they
 * mean.
 */

import { errors } from 'undici';
import { isRecord } from '../../json.ts';
import { systemCodeOf } from '../../system-error.ts';
import { supportedIn } from '../protocol/versions.ts';
import { tlsProblemOf } from './certificate.ts';

export interface Refusal {
  /** For people to read. Shows only origin and path of a URL, and never what the server wrote: it may echo a secret. */
  readonly message: string;
  /** Null: there was no answer. */
  readonly status: number | null;
  /**
   * The system's code (`ECONNREFUSED`) or one of ours (`BAD_ENDPOINT`, `INVALID_URL`, `INVALID_HEADER`,
   * `MESSAGE_TOO_LARGE`, `NOT_HTTP`, `NOT_MCP`, `NOT_AN_EVENT_STREAM`, `STREAM_ENDED`).
   */
  readonly code: string | null;
  readonly retryAfterMs: number | null;
  /** Whether the request named a session of the server. */
  readonly session: boolean;
  /** The protocol versions that the server named when it refused ours. */
  readonly supported: readonly string[] | null;
  /** Whether the server may have begun to work on the request. */
  readonly reached: boolean;
}

/** A request that did not get the answer it asked for. What that means depends on the phase: `remoteFailureOf`. */
export class RemoteError extends Error {
  override readonly name = 'RemoteError';
  readonly refusal: Refusal;
  /** The HTTP status or, without an answer, the system's code. 400 to 499: nothing was done. */
  readonly code: number | string | null;
  /** False: nothing was done, whatever the code. */
  readonly reached: boolean;

  constructor(refusal: Pick<Refusal, 'message'> & Partial<Refusal>, options?: ErrorOptions) {
    super(refusal.message, options);
    this.refusal = {
      status: null,
      code: null,
      retryAfterMs: null,
      session: false,
      supported: null,
      reached: false,
      ...refusal,
    };
    this.code = this.refusal.status ?? this.refusal.code;
    this.reached = this.refusal.reached;
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

/** A request without an answer: refused connection, unknown host, TLS, a connection that broke. */
export function toUnanswered(error: unknown, url: string | URL): RemoteError {
  const code = rootCodeOf(error);
  const problem = tlsProblemOf(code);
  const reached = problem === null && (code === null || !unsentCodes.has(code) || isOfOpenConnection(error));
  const why = `${code ?? 'no system code'}${problem === null ? '' : `: ${problem}`}`;
  return new RemoteError({ message: `${showUrl(url)} cannot be reached (${why}).`, code, reached }, { cause: error });
}

/** An answer longer than we accept. */
export function toTooLarge(maxMessageBytes: number): RemoteError {
  const message = `The server sent a message larger than ${maxMessageBytes} bytes (maxMessageBytes).`;
  return new RemoteError({ message, code: 'MESSAGE_TOO_LARGE', reached: true });
}

/** A request whose answer broke off. */
export function toBroken(error: unknown, url: string | URL): RemoteError {
  const code = rootCodeOf(error);
  return new RemoteError(
    { message: `The answer of ${showUrl(url)} broke off (${code ?? 'no system code'}).`, code, reached: true },
    { cause: error },
  );
}

/**
 * An answer with a success status but no MCP in it. `status` null: it is JSON, but no message; the SDK's own error
 * would quote it.
 */
export function notMcp(url: string | URL, status: number | null = null, mediaType: string | null = null): RemoteError {
  const shown = mediaType !== null && /^[a-z0-9.+-]+\/[a-z0-9.+-]+$/.test(mediaType) ? `, ${mediaType}` : '';
  const what = status === null ? 'JSON that is no message' : `HTTP ${status}${shown}`;
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
 * it.
 */
export function badEndpoint(url: string | URL): RemoteError {
  return new RemoteError({
    message: `${showUrl(url)} names an endpoint for messages that is none, or not at its own origin.`,
    code: 'BAD_ENDPOINT',
  });
}

/** A request that was answered with an error status. `text` is the beginning of the body. */
export function toRefused(
  response: Response,
  request: { readonly method: string; readonly url: string | URL; readonly session: boolean; readonly text: string },
): RemoteError {
  const supported = supportedVersionsIn(request.text);
  const { status } = response;
  return new RemoteError({
    message: `${request.method} ${showUrl(request.url)} was answered with HTTP ${status}${supported === null ? '' : `: the server speaks ${supported.join(', ')} only`}.`,
    status,
    retryAfterMs: status === 429 || status >= 500 ? retryAfterMsOf(response.headers.get('retry-after')) : null,
    session: request.session,
    supported,
    reached: status >= 500,
  });
}

/** The versions named by a JSON-RPC error that refuses ours; null if `text` is anything else. */
function supportedVersionsIn(text: string): readonly string[] | null {
  let body: unknown;
  try {
    body = JSON.parse(text);
  } catch {
    // Error pages are seldom JSON, and then say nothing about versions.
    return null;
  }
  return isRecord(body) ? supportedIn(body.error) : null;
}

/** The wait of a `Retry-After` header (seconds or an HTTP date), in milliseconds. */
export function retryAfterMsOf(header: string | null, now: number = Date.now()): number | null {
  if (header === null || header.trim() === '') {
    return null;
  }
  const seconds = Number(header);
  const waitMs = Number.isFinite(seconds) ? seconds * 1_000 : Date.parse(header) - now;
  return Number.isNaN(waitMs) ? null : Math.max(0, waitMs);
}

/** When the network fails under an open connection, the codes are the same as when it was never there. */
function isOfOpenConnection(error: unknown): boolean {
  for (let current = error, depth = 0; depth < 5 && current instanceof Error; current = current.cause, depth += 1) {
    if ('syscall' in current && (current.syscall === 'read' || current.syscall === 'write')) {
      return true;
    }
  }
  return false;
}

/**
 * The first string `code` in a chain of causes: fetch wraps the system's errors. Errors about what undici cannot parse
 * have none (7.30).
 */
export function rootCodeOf(error: unknown): string | null {
  let current = error;
  for (let depth = 0; depth < 5 && current instanceof Error; depth += 1) {
    if (current instanceof errors.HTTPParserError) {
      return 'NOT_HTTP';
    }
    const code = systemCodeOf(current);
    if (code !== null) {
      return code;
    }
    current = current.cause;
  }
  return null;
}

/** Origin and path only: the rest of a URL may be secret. */
export function showUrl(url: string | URL): string {
  const { origin, pathname } = new URL(url);
  return `${origin}${pathname}`;
}
