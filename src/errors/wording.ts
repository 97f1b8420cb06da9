/** What each error tells a person, and what to do about it. */

import { toNameList } from '../names.ts';
import type { ErrorCode, ErrorDetails, HttpRefusal, Overheard, Problem } from './details.ts';

export const wording: { readonly [Code in ErrorCode]: (details: ErrorDetails[Code]) => string } = {
  INVALID_REQUEST: ({ problems }) => `The request is not valid: ${problems.map(toLine).join('; ')}`,
  CONFIG_INVALID: ({ file, problems }) =>
    `${file ?? 'The configuration'} is not valid; nothing was changed:\n${problems.map((problem) => `  ${toLine(problem)}`).join('\n')}`,
  CONFIG_UNREADABLE: ({ file, reason }) =>
    `The configuration file ${file} ${reason === null ? 'does not exist. Name' : `cannot be read: ${reason}. Mend it, or name`} another one.`,
  CONFIG_READ_ONLY: ({ file, reason }) =>
    `The configuration file ${file} was not changed, nor was anything else: ${reason}.`,
  VERSION_CONFLICT: ({ expected, current }) =>
    `The edit was made for version ${expected} of the configuration, and version ${current} is in force: nothing was changed. Read it again, and edit that.`,
  STORE_IN_USE: ({ store, by }) =>
    `The store ${store} is used by ${by}. Two must not run the same servers: end that one, or give this one a store of its own with --store.`,
  STORE_UNAVAILABLE: ({ reason }) =>
    `The store cannot be written (${reason}), and the configuration was not changed. Servers go on; try again when "mcpvisor status" calls the store ok.`,
  SERVER_NOT_FOUND: ({ server, known }) =>
    `No server is called "${server}". ${known.length === 0 ? 'There are none.' : `There are: ${toList(known)}.`}`,
  TOOL_NOT_FOUND: ({ server, tool }) =>
    server === null ? `No server has a tool called "${tool}".` : `Server "${server}" has no tool called "${tool}".`,
  ACTOR_NOT_FOUND: ({ actor, known = [] }) =>
    `No actor is called "${actor}".${known.length === 0 ? '' : ` There are: ${toList(known)}.`}`,
  NOT_FOUND: ({ path }) => `There is nothing at ${path}.`,
  METHOD_NOT_ALLOWED: ({ method, allowed }) => `${method} is not allowed here; use ${allowed.join(' or ')}.`,
  EVENT_NOT_ALLOWED: ({ event, state, allowed, ...whose }) =>
    `${'server' in whose ? `Server "${whose.server}"` : `Actor "${whose.actor}"`} is in "${state}" and does not take ${event} now; it takes ${allowed.length === 0 ? 'nothing' : allowed.join(', ')}.`,
  COMMAND_REJECTED: ({ server, command, reason }) => `${command} of server "${server}" was rejected: ${reason}`,
  COMMAND_TIMED_OUT: ({ server, command, timeoutMs, serverStatus: { state, lastFailure, nextRetryAt } }) =>
    `${command} of server "${server}" has not settled within ${timeoutMs} ms and goes on: it ${stateWords(state, lastFailure?.message ?? null, nextRetryAt)}.`,
  SERVER_NOT_CONNECTED: ({ server, state, nextRetryAt, reason }) =>
    `Server "${server}" ${stateWords(state, reason, nextRetryAt)}${state === 'idle' && reason === null ? '; it has to be started first' : ''}.`,
  SERVER_BUSY: ({ server, queued }) =>
    `Server "${server}" has ${queued} calls waiting already. Try again later or raise maxQueuedCalls.`,
  CALL_TIMED_OUT: ({ server, method, timeoutMs, state, reason = null, nextRetryAt = null, heard }) =>
    state === undefined
      ? `${method} of server "${server}" got no answer within ${timeoutMs} ms${heard === undefined ? '' : `; ${heardText(heard)}`}.`
      : `Server "${server}" was not connected within ${timeoutMs} ms: it ${stateWords(state, reason, nextRetryAt)}.`,
  CALL_CANCELLED: ({ server, method }) => `${method} of server "${server}" was cancelled by its caller.`,
  OUTCOME_UNKNOWN: ({ server, method, reason, sessionEnded }) =>
    sessionEnded
      ? `Server "${server}" went down while it worked on ${method} (${reason}); whether it was done is unknown.`
      : `Server "${server}" gave no answer to ${method} (${reason}); whether it was done is unknown.`,
  ANSWER_DROPPED: ({ server, method, reason }) =>
    `Server "${server}" answered ${method}, but its answer was dropped. ${reason}`,
  UPSTREAM_ERROR: ({ server, method, rpcCode, rpcMessage, ...refused }) =>
    refused.httpStatus === undefined
      ? `Server "${server}" answered ${method} with error ${rpcCode}: ${rpcMessage}`
      : `Server "${server}" refused ${method} with HTTP ${refused.httpStatus}${toReason(refused)}`,
  SHUTTING_DOWN: () => 'mcpvisor is shutting down.',
  ALREADY_RUNNING: ({ pid, stateDir }) => `mcpvisor runs already with the state directory ${stateDir} (pid ${pid}).`,
  NOT_RUNNING: ({ stateDir, url, reason }) =>
    url === null
      ? `No control plane runs with the state directory ${stateDir ?? '?'}${reason === null ? '' : ` (${reason})`}. Start one with "mcpvisor up --detach", or name another with --state-dir or --url.`
      : `No control plane answers at ${url}${reason === null ? '' : ` (${reason})`}. Start one there with "mcpvisor up", or name another with --url or --state-dir.`,
  NOT_ANSWERING: ({ url, timeoutMs }) =>
    `What listens at ${url} has not answered within ${timeoutMs} ms. If it is a control plane, it is overloaded or stopped: look at its process and its log. If it is none, check --url.`,
  UNEXPECTED_ANSWER: ({ url, reason }) =>
    `What ${url} answered is not from a control plane of this version: ${reason}. Check --url and what listens there.`,
  START_FAILED: ({ exitCode, signal, log, lines }) =>
    `mcpvisor ended before its API answered (${signal ?? `exit code ${exitCode ?? '?'}`}). The end of ${log}:\n${lines.map((line) => `  ${line}`).join('\n')}`,
  NOT_STARTED: ({ pid, log, timeoutMs }) =>
    `The control plane (pid ${pid ?? '?'}) was started and has not answered within ${timeoutMs} ms; it goes on starting. See ${log}; end it with "kill ${pid ?? 'PID'}".`,
  NOT_ENDED: ({ pid, url, timeoutMs }) =>
    `The control plane ${pid === null ? `at ${url}` : `(pid ${pid})`} was told to end and has not within ${timeoutMs} ms; it goes on ending. Wait longer with --timeout.`,
  PORT_UNAVAILABLE: ({ host, port, reason }) =>
    `Cannot listen on port ${port} of ${host}: ${reason}. Give another one with --port (0: any free).`,
  STATE_DIRECTORY_UNUSABLE: ({ stateDir, reason }) =>
    `The state directory ${stateDir} cannot be used: ${reason}. Give another one with --state-dir.`,
  NOT_AVAILABLE: ({ what, instead }) => `${what} is not available in this version; ${instead}`,
  UNAUTHENTICATED: () => 'A bearer token is needed; it is in the file "token" of the state directory.',
  FORBIDDEN_HOST: ({ host }) => `The Host "${host}" is not one of this control plane's.`,
  FORBIDDEN_ORIGIN: ({ origin }) => `Pages of ${origin} may not use this control plane.`,
  FORBIDDEN_SCOPE: ({ scope, needed }) => `The token's scope is "${scope}"; this needs "${needed}".`,
  BODY_TOO_LARGE: ({ maxBytes }) => `The body is larger than ${maxBytes} bytes.`,
  UNSUPPORTED_MEDIA_TYPE: ({ type }) => `The body must be application/json, not ${type ?? 'untyped'}.`,
  IDEMPOTENCY_MISMATCH: ({ key }) =>
    `The Idempotency-Key "${key}" came with another request before; use a new key for a new request.`,
  ANSWER_NOT_KEPT: ({ key }) =>
    `The request with the Idempotency-Key "${key}" was carried out; its answer is no longer kept.`,
  ANSWERS_UNREAD: ({ bound, maxBytes }) =>
    `What was asked was done, and there is no room for the answer: answers ${bound === 'server' ? 'of this server' : 'of all servers'} that callers have not read may take ${maxBytes} bytes.`,
  RATE_LIMITED: ({ retryAfterMs }) => `Too many requests; try again in ${retryAfterMs} ms.`,
  INTERNAL: ({ what }) => `A bug in mcpvisor: ${what}`,
};

function stateWords(state: string, reason: string | null, nextRetryAt: string | null): string {
  const [why, when] = [
    reason === null ? '' : ` (${reason})`,
    nextRetryAt === null ? '' : `; the next try is at ${nextRetryAt}`,
  ];
  return `is in "${state}"${why}${when}`;
}

/** Names a person may still read through; the rest is only mentioned. */
const mostListed = 20;

function toList(names: readonly string[]): string {
  return `${toNameList(names.slice(0, mostListed))}${names.length > mostListed ? ', and others' : ''}`;
}

/** The rest of a sentence about a refusal. */
function toReason({ refusal, retryAfterMs, challenge }: HttpRefusal): string {
  const why = [refusal, challenge].filter((words) => typeof words === 'string').join('; ');
  const wait = typeof retryAfterMs === 'number' ? ` (it asks to wait ${Math.ceil(retryAfterMs / 1_000)} s)` : '';
  return `${why === '' ? '' : `: ${why}`}${wait}`;
}

/** A problem on one line: `line 3, column 5: path: message (hint)`. */
export function toLine({ path, message, hint, line, column }: Problem): string {
  const place = line === undefined || column === undefined ? '' : `line ${line}, column ${column}: `;
  return `${place}${path === '' ? '' : `${path}: `}${message}${hint === null ? '' : ` (${hint})`}`;
}

/** What was heard meanwhile, in words. */
export function heardText(heard: readonly Overheard[]): string {
  if (heard.length === 0) return 'meanwhile it sent nothing at all';
  return `meanwhile it sent ${heard.map(({ what, last }) => `${what}${last === null ? '' : `: ${quoted(last)}`}`).join('; ')}`;
}

/** With every character escaped that is not to be seen. */
function quoted(text: string): string {
  return JSON.stringify(text).replace(
    /[\u007f-\u009f\u200e\u200f\u2028-\u202e\u2066-\u2069]/g,
    (sign) => `\\u${sign.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}
