/** The exit codes, and which error ends with which. */

import { type ErrorCode, isMcpvisorError } from '../errors.ts';

export const exitCodes = {
  done: 0,
  failed: 1,
  usage: 2,
  notRunning: 3,
  notFound: 4,
  rejected: 5,
  alreadyRunning: 6,
  toolError: 7,
} as const;

export type ExitCode = (typeof exitCodes)[keyof typeof exitCodes];

const exitCodeOfError = {
  INVALID_REQUEST: exitCodes.usage,
  NOT_AVAILABLE: exitCodes.usage,
  SERVER_NOT_FOUND: exitCodes.notFound,
  TOOL_NOT_FOUND: exitCodes.notFound,
  ACTOR_NOT_FOUND: exitCodes.notFound,
  EVENT_NOT_ALLOWED: exitCodes.rejected,
  COMMAND_REJECTED: exitCodes.rejected,
  CALL_TIMED_OUT: exitCodes.rejected,
  COMMAND_TIMED_OUT: exitCodes.rejected,
  VERSION_CONFLICT: exitCodes.rejected,
  NOT_STARTED: exitCodes.rejected,
  NOT_ENDED: exitCodes.rejected,
  NOT_ANSWERING: exitCodes.rejected,
  NOT_RUNNING: exitCodes.notRunning,
  ALREADY_RUNNING: exitCodes.alreadyRunning,
  START_FAILED: exitCodes.failed,
  UNEXPECTED_ANSWER: exitCodes.failed,
  CONFIG_INVALID: exitCodes.failed,
  CONFIG_UNREADABLE: exitCodes.failed,
  CONFIG_READ_ONLY: exitCodes.failed,
  STORE_UNAVAILABLE: exitCodes.failed,
  STORE_IN_USE: exitCodes.failed,
  PORT_UNAVAILABLE: exitCodes.failed,
  STATE_DIRECTORY_UNUSABLE: exitCodes.failed,
  NOT_FOUND: exitCodes.failed,
  METHOD_NOT_ALLOWED: exitCodes.failed,
  SERVER_NOT_CONNECTED: exitCodes.failed,
  SERVER_BUSY: exitCodes.failed,
  CALL_CANCELLED: exitCodes.failed,
  OUTCOME_UNKNOWN: exitCodes.failed,
  ANSWER_DROPPED: exitCodes.failed,
  UPSTREAM_ERROR: exitCodes.failed,
  SHUTTING_DOWN: exitCodes.failed,
  UNAUTHENTICATED: exitCodes.failed,
  FORBIDDEN_HOST: exitCodes.failed,
  FORBIDDEN_ORIGIN: exitCodes.failed,
  FORBIDDEN_SCOPE: exitCodes.failed,
  BODY_TOO_LARGE: exitCodes.failed,
  UNSUPPORTED_MEDIA_TYPE: exitCodes.failed,
  IDEMPOTENCY_MISMATCH: exitCodes.failed,
  ANSWER_NOT_KEPT: exitCodes.failed,
  ANSWERS_UNREAD: exitCodes.failed,
  RATE_LIMITED: exitCodes.failed,
  INTERNAL: exitCodes.failed,
} as const satisfies Record<ErrorCode, ExitCode>;

export function exitCodeOf(error: unknown): ExitCode {
  return isMcpvisorError(error) ? exitCodeOfError[error.code] : exitCodes.failed;
}
