/** Errors as RFC 9457 problem documents: the code decides the status, and only typed details are shown. */

import { type ErrorCode, isMcpvisorError, McpvisorError } from '../errors.ts';
import { addressOf } from './trouble.ts';

export const statusOf = {
  INVALID_REQUEST: 400,
  UNAUTHENTICATED: 401,
  FORBIDDEN_HOST: 403,
  FORBIDDEN_ORIGIN: 403,
  FORBIDDEN_SCOPE: 403,
  NOT_FOUND: 404,
  SERVER_NOT_FOUND: 404,
  TOOL_NOT_FOUND: 404,
  ACTOR_NOT_FOUND: 404,
  METHOD_NOT_ALLOWED: 405,
  COMMAND_REJECTED: 409,
  EVENT_NOT_ALLOWED: 409,
  ALREADY_RUNNING: 409,
  ANSWER_NOT_KEPT: 409,
  CONFIG_READ_ONLY: 409,
  VERSION_CONFLICT: 409,
  BODY_TOO_LARGE: 413,
  UNSUPPORTED_MEDIA_TYPE: 415,
  CONFIG_INVALID: 422,
  IDEMPOTENCY_MISMATCH: 422,
  SERVER_BUSY: 429,
  RATE_LIMITED: 429,
  CALL_CANCELLED: 499,
  INTERNAL: 500,
  CONFIG_UNREADABLE: 500,
  PORT_UNAVAILABLE: 500,
  START_FAILED: 500,
  STATE_DIRECTORY_UNUSABLE: 500,
  NOT_AVAILABLE: 501,
  ANSWERS_UNREAD: 507,
  OUTCOME_UNKNOWN: 502,
  ANSWER_DROPPED: 502,
  UPSTREAM_ERROR: 502,
  UNEXPECTED_ANSWER: 502,
  SERVER_NOT_CONNECTED: 503,
  SHUTTING_DOWN: 503,
  NOT_RUNNING: 503,
  STORE_UNAVAILABLE: 503,
  STORE_IN_USE: 503,
  CALL_TIMED_OUT: 504,
  COMMAND_TIMED_OUT: 504,
  NOT_STARTED: 504,
  NOT_ENDED: 504,
  NOT_ANSWERING: 504,
} as const satisfies Record<ErrorCode, number>;

/** Every code that an error may carry. */
export const errorCodes = Object.keys(statusOf) as readonly ErrorCode[] as readonly [ErrorCode, ...ErrorCode[]];

const titleOf = {
  INVALID_REQUEST: 'The request is not valid',
  UNAUTHENTICATED: 'A bearer token is needed',
  FORBIDDEN_HOST: 'Unknown host name',
  FORBIDDEN_ORIGIN: 'Unknown origin',
  FORBIDDEN_SCOPE: 'The token may not do this',
  NOT_FOUND: 'Not found',
  SERVER_NOT_FOUND: 'No such server',
  TOOL_NOT_FOUND: 'No such tool',
  ACTOR_NOT_FOUND: 'No such actor',
  METHOD_NOT_ALLOWED: 'Method not allowed',
  COMMAND_REJECTED: 'The command was rejected',
  EVENT_NOT_ALLOWED: 'The event is not allowed now',
  ALREADY_RUNNING: 'Already running',
  ANSWER_NOT_KEPT: 'The answer is no longer kept',
  BODY_TOO_LARGE: 'The body is too large',
  UNSUPPORTED_MEDIA_TYPE: 'Unsupported media type',
  CONFIG_INVALID: 'The configuration is not valid',
  ANSWERS_UNREAD: 'Earlier answers have not been read',
  IDEMPOTENCY_MISMATCH: 'The key came with another request',
  SERVER_BUSY: 'The server is busy',
  RATE_LIMITED: 'Too many requests',
  CALL_CANCELLED: 'The caller is gone',
  INTERNAL: 'A bug in mcpvisor',
  CONFIG_UNREADABLE: 'The configuration cannot be read',
  CONFIG_READ_ONLY: 'The configuration file is not to be written',
  VERSION_CONFLICT: 'The configuration has another version',
  STORE_UNAVAILABLE: 'The store is away',
  STORE_IN_USE: 'The store is used by another',
  PORT_UNAVAILABLE: 'The port cannot be used',
  STATE_DIRECTORY_UNUSABLE: 'The state directory cannot be used',
  NOT_AVAILABLE: 'Not available in this version',
  OUTCOME_UNKNOWN: 'Whether the call was done is unknown',
  ANSWER_DROPPED: 'The answer cannot be passed on',
  UPSTREAM_ERROR: 'The server answered with an error',
  SERVER_NOT_CONNECTED: 'The server is not connected',
  SHUTTING_DOWN: 'Shutting down',
  NOT_RUNNING: 'No control plane runs',
  NOT_STARTED: 'It has not started yet',
  NOT_ENDED: 'It has not ended yet',
  NOT_ANSWERING: 'The control plane does not answer',
  START_FAILED: 'The start failed',
  UNEXPECTED_ANSWER: 'Not an answer of a control plane',
  CALL_TIMED_OUT: 'The call timed out',
  COMMAND_TIMED_OUT: 'The command has not settled yet',
} as const satisfies Record<ErrorCode, string>;

/** The answer when something goes wrong; the command line prints it with `--json`. */
export interface ProblemDocument {
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly detail: string;
  readonly code: ErrorCode;
  readonly [detail: string]: unknown;
}

/** Whether an error is a bug, not thrown on purpose. */
export function isBug(error: unknown): boolean {
  return !isMcpvisorError(error) || error.code === 'INTERNAL';
}

/**
 * The problem document of an error. Foreign errors are not shown: their message may hold anything. `basePath` is where
 * the API is served, since `type` leads to a page of it.
 */
export function toProblemDocument(error: unknown, basePath = ''): ProblemDocument {
  const known =
    isMcpvisorError(error) && error.code !== 'INTERNAL'
      ? error
      : new McpvisorError('INTERNAL', { what: 'the log has more about it.' });
  const { code, details, message } = known;
  // The five members of the standard come last: no detail may overwrite them.
  return {
    ...details,
    type: addressOf(code, basePath),
    title: titleOf[code],
    status: statusOf[code],
    detail: message,
    code,
  };
}

/** The answer to a request that ended in `error`. `nowMs` is the wall clock, for `Retry-After`. */
export function toProblemResponse(error: unknown, nowMs: number, basePath = ''): Response {
  const { body, ...head } = toProblemAnswer(error, nowMs, basePath);
  return new Response(body, head);
}

/** The same, to be sent by the caller. */
export function toProblemAnswer(error: unknown, nowMs: number, basePath: string) {
  const document = toProblemDocument(error, basePath);
  const headers = { 'content-type': 'application/problem+json', ...headersOf(error, nowMs) };
  return { status: document.status as number, headers, body: JSON.stringify(document) };
}

function headersOf(error: unknown, nowMs: number): Record<string, string> {
  if (isMcpvisorError(error, 'UNAUTHENTICATED')) {
    return { 'www-authenticate': 'Bearer realm="mcpvisor"' };
  }
  if (isMcpvisorError(error, 'METHOD_NOT_ALLOWED')) {
    return { allow: error.details.allowed.join(', ') };
  }
  const retryAfterMs = retryAfterMsOf(error);
  if (retryAfterMs !== null) {
    return { 'retry-after': String(Math.max(1, Math.ceil(retryAfterMs / 1000))) };
  }
  if (isMcpvisorError(error, 'SERVER_NOT_CONNECTED') && error.details.nextRetryAt !== null) {
    return { 'retry-after': String(Math.max(1, Math.ceil((Date.parse(error.details.nextRetryAt) - nowMs) / 1000))) };
  }
  return {};
}

/** What is asked to wait, by this API or by the server that was called. Null: nothing. */
function retryAfterMsOf(error: unknown): number | null {
  if (isMcpvisorError(error, 'RATE_LIMITED')) return error.details.retryAfterMs;
  const isOfServer = isMcpvisorError(error, 'UPSTREAM_ERROR') || isMcpvisorError(error, 'OUTCOME_UNKNOWN');
  return isOfServer ? (error.details.retryAfterMs ?? null) : null;
}
