import { describe, expect, it } from 'vitest';
import { alarmNames } from '../../machines/alarm.ts';
import { failureClasses } from '../../machines/failure.ts';
import { exitCodeOf } from '../../src/cli/exit-code.ts';
import { type ErrorCode, type ErrorDetails, McpvisorError } from '../../src/errors.ts';
import { toProblemDocument } from '../../src/http/problem.ts';
import { ownAlarmNames } from '../../src/observe/alarms/own-alarms.ts';
import { anchorOf, generatedPart, headingsOf, readDocument, toCell } from '../support/markdown.ts';

const file = 'docs/troubleshooting.md';

const problems = [{ path: 'PATH', message: 'what is wrong', hint: 'what to do', severity: 'error' }] as const;
const call = { server: 'SERVER', method: 'METHOD' } as const;

/** Details with names in place of values: the wording is shown with them. */
const examples: ErrorDetails = {
  INVALID_REQUEST: { problems },
  CONFIG_INVALID: { file: 'FILE', problems },
  CONFIG_UNREADABLE: { file: 'FILE', reason: 'REASON' },
  CONFIG_READ_ONLY: { file: 'FILE', reason: 'REASON' },
  VERSION_CONFLICT: { expected: 11, current: 12 },
  STORE_UNAVAILABLE: { reason: 'REASON' },
  STORE_IN_USE: { store: 'ADDRESS', by: 'WHO' },
  SERVER_NOT_FOUND: { server: 'SERVER', known: ['a', 'b'] },
  TOOL_NOT_FOUND: { server: 'SERVER', tool: 'TOOL' },
  ACTOR_NOT_FOUND: { actor: 'ACTOR' },
  NOT_FOUND: { path: '/PATH' },
  METHOD_NOT_ALLOWED: { method: 'PUT', allowed: ['GET'] },
  EVENT_NOT_ALLOWED: { event: 'server.retry', server: 'SERVER', state: 'connected', allowed: ['server.stop'] },
  COMMAND_REJECTED: { server: 'SERVER', command: 'server.start', reason: 'REASON', lastFailure: null },
  COMMAND_TIMED_OUT: {
    server: 'SERVER',
    command: 'server.start',
    commandId: 'ID',
    timeoutMs: 500,
    serverStatus: {
      state: 'backoff',
      attempt: 1,
      nextRetryAt: 'TIME',
      lastFailure: { class: 'unreachable', message: 'REASON' },
    },
  },
  SERVER_NOT_CONNECTED: { server: 'SERVER', state: 'backoff', nextRetryAt: 'TIME', reason: 'REASON' },
  SERVER_BUSY: { server: 'SERVER', queued: 1024 },
  CALL_TIMED_OUT: { ...call, timeoutMs: 60_000 },
  CALL_CANCELLED: call,
  OUTCOME_UNKNOWN: { ...call, reason: 'REASON', sessionEnded: true },
  ANSWER_DROPPED: { ...call, reason: 'REASON' },
  UPSTREAM_ERROR: { ...call, rpcCode: -32602, rpcMessage: 'MESSAGE', data: null },
  SHUTTING_DOWN: {},
  ALREADY_RUNNING: { pid: 4711, stateDir: 'DIR' },
  NOT_RUNNING: { stateDir: 'DIR', url: null, reason: null },
  NOT_ANSWERING: { url: 'URL', timeoutMs: 30_000 },
  UNEXPECTED_ANSWER: { url: 'URL', reason: 'REASON' },
  START_FAILED: { exitCode: 1, signal: null, log: 'FILE', lines: ['the last lines'] },
  NOT_STARTED: { pid: 4711, log: 'LOG', timeoutMs: 120_000 },
  NOT_ENDED: { pid: 4711, url: 'URL', timeoutMs: 60_000 },
  PORT_UNAVAILABLE: { host: 'HOST', port: 4780, reason: 'REASON' },
  STATE_DIRECTORY_UNUSABLE: { stateDir: 'DIR', reason: 'REASON' },
  NOT_AVAILABLE: { what: 'THING', instead: 'ADVICE' },
  UNAUTHENTICATED: {},
  FORBIDDEN_HOST: { host: 'HOST' },
  FORBIDDEN_ORIGIN: { origin: 'ORIGIN' },
  FORBIDDEN_SCOPE: { scope: 'read', needed: 'operate' },
  BODY_TOO_LARGE: { maxBytes: 4_194_304 },
  UNSUPPORTED_MEDIA_TYPE: { type: 'text/plain' },
  IDEMPOTENCY_MISMATCH: { key: 'KEY' },
  ANSWER_NOT_KEPT: { key: 'KEY' },
  ANSWERS_UNREAD: { bound: 'process', maxBytes: 1_073_741_824 },
  RATE_LIMITED: { retryAfterMs: 1000 },
  INTERNAL: { what: 'WHAT' },
};

const codes = Object.keys(examples) as ErrorCode[];

function rowOf(code: ErrorCode): string {
  const error = new McpvisorError(code, examples[code]);
  return `| [\`${code}\`](#${anchorOf(code)}) | ${toProblemDocument(error).status} | ${exitCodeOf(error)} | ${toCell(error.message)} |\n`;
}

describe('the table of error codes', () => {
  it('says what the code says (BLESS=1 writes it)', () => {
    const fresh = `\n| code | HTTP | exit | says |\n|---|---|---|---|\n${codes.map(rowOf).join('')}\n`;
    expect(generatedPart(file, 'errors', fresh)).toBe(fresh);
  });
});

describe('the sections on trouble', () => {
  const headings = headingsOf(readDocument(file));

  it('are there for every error code and failure class, and for no other', () => {
    const sections = headings.filter((heading) => /^[A-Z_]+$|^[a-z]+(?:[A-Z][a-z]+)*$/.test(heading));
    expect(sections.toSorted()).toEqual([...codes, ...failureClasses].toSorted());
  });

  it('are there for every alarm', () => {
    const alarms = headings
      .filter((heading) => heading.startsWith('Alarm '))
      .map((heading) => heading.slice('Alarm '.length));
    // The supervisor's own, beside those of servers and groups.
    expect(alarms.toSorted()).toEqual([...alarmNames, ...ownAlarmNames].toSorted());
  });

  it('are where problem documents point to', () => {
    const targets = codes.map((code) => toProblemDocument(new McpvisorError(code, examples[code])).type);
    const anchors = new Set(headings.map((heading) => `/docs/problems#${anchorOf(heading)}`));
    expect(targets.filter((target) => !anchors.has(target))).toEqual([]);
  });
});
