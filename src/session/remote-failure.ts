/** What goes wrong with a remote server, as facts (status, code, what the request was), and what these mean in each phase. */

import { UnauthorizedError } from '@modelcontextprotocol/sdk/client/auth.js';
import { SseError } from '@modelcontextprotocol/sdk/client/sse.js';
import { StreamableHTTPError } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import { OAuthError } from '@modelcontextprotocol/sdk/server/auth/errors.js';
import { McpError } from '@modelcontextprotocol/sdk/types.js';
import { type Failure, type FailureClass, failure, type Phase } from '../../machines/failure.ts';

export interface Refusal {
  /** For people. Names a URL by origin and path only, and never repeats what the server wrote: it may echo a secret. */
  readonly message: string;
  /** Null: no answer at all. */
  readonly status: number | null;
  /** The system's code (`ECONNREFUSED`) or one of ours (`INVALID_URL`, `INVALID_HEADER`, `NOT_AN_EVENT_STREAM`, `STREAM_ENDED`). */
  readonly code: string | null;
  readonly retryAfterMs: number | null;
  /** Whether the request named a session of the server's. */
  readonly session: boolean;
  /** Protocol versions that a server which refused ours says it speaks. */
  readonly supported: readonly string[] | null;
  /** Whether the server may have begun to work on the request. */
  readonly reached: boolean;
}

/** A request that got no answer it asked for. What it means depends on the phase: `remoteFailureOf`. */
export class RemoteError extends Error {
  override readonly name = 'RemoteError';
  readonly refusal: Refusal;
  /** The HTTP status, or where there was no answer the system's code. 400 to 499: nothing was done. */
  readonly code: number | string | null;

  constructor(refusal: Pick<Refusal, 'message'> & Partial<Refusal>, options?: ErrorOptions) {
    super(refusal.message, options);
    this.refusal = { status: null, code: null, retryAfterMs: null, session: false, supported: null, reached: false, ...refusal };
    this.code = this.refusal.status ?? this.refusal.code;
  }
}

/** Codes of errors that come before the first byte of a request is sent. */
const unsentCodes: ReadonlySet<string> = new Set([
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'EADDRNOTAVAIL',
  'UND_ERR_CONNECT_TIMEOUT',
  'ERR_TLS_CERT_ALTNAME_INVALID',
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'SELF_SIGNED_CERT_IN_CHAIN',
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
  'CERT_HAS_EXPIRED',
]);

/** A request that got no answer: refused connection, unknown host, TLS, a connection that broke. */
export function toUnanswered(error: unknown, url: string | URL): RemoteError {
  const code = systemCodeOf(error);
  const reached = code === null || !unsentCodes.has(code);
  return new RemoteError({ message: `${showUrl(url)} cannot be reached (${code ?? 'no system code'}).`, code, reached }, { cause: error });
}

/** A request that was answered, but not with what it asked for. `text` is the beginning of the body. */
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

/** What an error of a remote transport, or of a handshake through it, means. Decided by class and code alone. */
export function remoteFailureOf(error: unknown, phase: Phase | null): Failure {
  if (error instanceof RemoteError) {
    const { message, status, code, retryAfterMs } = error.refusal;
    return failure(classOf(error.refusal, phase), message, { phase, code: status ?? code, retryAfterMs });
  }
  if (error instanceof UnauthorizedError || error instanceof OAuthError) {
    return failure('unauthorized', 'The server wants an authorization that is not there yet.', { phase, code: 401 });
  }
  if (error instanceof StreamableHTTPError || error instanceof SseError) {
    return ofStatus(error.code, phase);
  }
  if (error instanceof McpError) {
    return ofProtocolError(error, phase);
  }
  const code = systemCodeOf(error);
  return failure(code === null ? lateClass(phase) : 'unreachable', error instanceof Error ? error.message : String(error), { phase, code });
}

function classOf({ status, code, session, supported }: Refusal, phase: Phase | null): FailureClass {
  if (supported !== null && isHandshake(phase)) {
    return 'protocolUnsupported';
  }
  if (code === 'INVALID_URL' || code === 'INVALID_HEADER') {
    return 'misconfigured';
  }
  if (status !== null) {
    return classOfStatus(status, session, phase);
  }
  // Not HTTP at all: whoever listens there is no MCP server.
  return code?.startsWith('HPE_') ? lateClass(phase) : 'unreachable';
}

/** Answers that ask for patience: timeout, too early, too many requests. */
const passingStatuses: ReadonlySet<number> = new Set([408, 425, 429]);
/** Answers to `initialize` that no restart can mend; 301 and 308 say that the address is wrong for good. */
const permanentStatuses: ReadonlySet<number> = new Set([301, 308, 400, 404, 405, 410]);

function classOfStatus(status: number, session: boolean, phase: Phase | null): FailureClass {
  if (status === 401 || status === 403) {
    return 'unauthorized';
  }
  if (status >= 500 || passingStatuses.has(status)) {
    return 'unreachable';
  }
  if (!isHandshake(phase)) {
    return status === 404 && session ? 'sessionLost' : lateClass(phase);
  }
  if (permanentStatuses.has(status)) {
    return 'misconfigured';
  }
  return status >= 300 && status < 400 ? 'unreachable' : 'handshakeFailed';
}

function ofStatus(status: number | undefined, phase: Phase | null): Failure {
  if (status === undefined || status < 300) {
    return failure(lateClass(phase), 'The server answered with something else than MCP.', { phase, code: status ?? null });
  }
  return failure(classOfStatus(status, false, phase), `The server answered with HTTP ${status}.`, { phase, code: status });
}

function ofProtocolError(error: McpError, phase: Phase | null): Failure {
  const supported = supportedIn(error.code, error.data);
  if (supported !== null && isHandshake(phase)) {
    return failure('protocolUnsupported', `The server speaks ${supported.join(', ')} only.`, { phase, code: error.code });
  }
  return failure(lateClass(phase), error.message, { phase, code: error.code });
}

function isHandshake(phase: Phase | null): boolean {
  return phase === 'spawning' || phase === 'initializing';
}

function lateClass(phase: Phase | null): FailureClass {
  return isHandshake(phase) || phase === 'listing' ? 'handshakeFailed' : 'disconnected';
}

/** The versions named by a JSON-RPC error that refuses ours, or null if `text` is anything else. */
function supportedVersionsIn(text: string): readonly string[] | null {
  let body: unknown;
  try {
    body = JSON.parse(text);
  } catch {
    // Error pages are seldom JSON: nothing to learn from them.
    return null;
  }
  const error = isRecord(body) ? body['error'] : null;
  return isRecord(error) ? supportedIn(error['code'], error['data']) : null;
}

/** -32022 is the code of revision 2026-07-28, -32602 that of the earlier ones. */
function supportedIn(code: unknown, data: unknown): readonly string[] | null {
  const supported = (code === -32022 || code === -32602) && isRecord(data) ? data['supported'] : null;
  return Array.isArray(supported) ? supported.filter((version) => typeof version === 'string').map((version) => version.slice(0, 32)) : null;
}

/** Milliseconds to wait by a `Retry-After` header: seconds or an HTTP date. */
export function retryAfterMsOf(header: string | null, now: number = Date.now()): number | null {
  if (header === null || header.trim() === '') {
    return null;
  }
  const seconds = Number(header);
  const waitMs = Number.isFinite(seconds) ? seconds * 1_000 : Date.parse(header) - now;
  return Number.isNaN(waitMs) ? null : Math.max(0, waitMs);
}

/** The first string `code` in a chain of causes: fetch wraps the system's errors. */
function systemCodeOf(error: unknown): string | null {
  let current = error;
  for (let depth = 0; depth < 5 && current instanceof Error; depth += 1) {
    if ('code' in current && typeof current.code === 'string') {
      return current.code;
    }
    current = current.cause;
  }
  return null;
}

/** Origin and path: the rest of a URL may be secret. */
export function showUrl(url: string | URL): string {
  const { origin, pathname } = new URL(url);
  return `${origin}${pathname}`;
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null;
}
