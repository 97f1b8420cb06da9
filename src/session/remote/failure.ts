/** The failure that an error of a remote server means, in each phase. */

import { McpError } from '@modelcontextprotocol/sdk/types.js';
import { type Failure, type FailureClass, failure, type Phase } from '../../../machines/failure.ts';
import { isShortage } from '../../surroundings.ts';
import { wordsOf } from '../../text/error-words.ts';
import { type Refusal, RemoteError, rootCodeOf } from './http/error.ts';

/**
 * The failure that an error of a remote transport, or of a handshake over it, means. Decided by class and code only.
 */
export function remoteFailureOf(error: unknown, phase: Phase | null): Failure {
  if (error instanceof RemoteError) {
    const { message, status, code, retryAfterMs } = error.refusal;
    const failureClass = status === null && isShortage(error) ? 'shortage' : classOf(error.refusal, phase);
    return failure(failureClass, message, { phase, code: status ?? code, retryAfterMs });
  }
  if (error instanceof McpError) {
    return failure(lateClass(phase), error.message, { phase, code: error.code });
  }
  const code = rootCodeOf(error);
  return failure(code === null ? lateClass(phase) : 'unreachable', wordsOf(error), { phase, code });
}

/**
 * What a refused probe means for an open session. A server that has forgotten the session may answer with another
 * status than 404.
 */
export function remoteVerdictOn(error: RemoteError): Failure | null {
  const { status, session } = error.refusal;
  const failed = remoteFailureOf(error, 'connected');
  if (failed.class === 'unreachable' || failed.class === 'shortage') {
    return failed;
  }
  if (status === null || status < 400) {
    return null;
  }
  return session && failed.class === 'disconnected' ? { ...failed, class: 'sessionLost' } : failed;
}

/** Something listens there, but it is not an MCP server we can use. */
const strangeCodes: ReadonlySet<string> = new Set(['BAD_ENDPOINT', 'NOT_HTTP', 'NOT_MCP']);

function classOf({ status, code, session, supported }: Refusal, phase: Phase | null): FailureClass {
  if (supported !== null && isHandshake(phase)) {
    return 'protocolUnsupported';
  }
  if (code === 'INVALID_URL' || code === 'INVALID_HEADER') {
    return 'misconfigured';
  }
  if (code === 'MESSAGE_TOO_LARGE' || code === 'BUFFER_FULL') {
    return 'messageTooLarge';
  }
  if (code === 'BUFFERS_FULL') {
    return 'shortage';
  }
  if (status !== null) {
    return classOfStatus(status, session, phase);
  }
  return code !== null && strangeCodes.has(code) ? lateClass(phase) : 'unreachable';
}

/** Statuses that ask for patience: timeout, too early, too many requests. */
const passingStatuses: ReadonlySet<number> = new Set([408, 425, 429]);
/** Answers to `initialize` that no restart can fix; 301 and 308 say that the address is permanently wrong. */
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

function isHandshake(phase: Phase | null): boolean {
  return phase === 'spawning' || phase === 'initializing';
}

function lateClass(phase: Phase | null): FailureClass {
  return isHandshake(phase) || phase === 'listing' ? 'handshakeFailed' : 'disconnected';
}
