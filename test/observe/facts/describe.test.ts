import { describe, expect, it } from 'vitest';
import { type Failure, failure, failureClasses } from '../../../machines/failure.ts';
import { describeFact } from '../../../src/observe/facts/describe.ts';
import { describeFailure } from '../../../src/observe/facts/describe-failure.ts';
import type { Fact, FactBody } from '../../../src/observe/facts/fact.ts';
import { levelOf } from '../../../src/observe/log/level.ts';

const missing = failure('exited', 'exited', {
  phase: 'initializing',
  exitCode: 1,
  stderrTail: ['node:internal', "Error: Cannot find module 'x'", ''],
});
const applied = {
  type: 'config.applied',
  actor: 'supervisor',
  started: [],
  stopped: [],
  restarted: [],
  changed: [],
  disabled: { added: [], changed: [], removed: [] },
  groups: [],
  settings: [],
} as const;
const files = 'server:files';

/** What is told, and what people read of it. */
const transcript: readonly (readonly [FactBody, string])[] = [
  [
    { type: 'server.added', actor: files, transport: 'stdio', group: 'default' },
    'debug files: added (stdio, group default)',
  ],
  [
    { type: 'command.accepted', actor: files, commandId: 'c1', command: 'server.start', by: 'ann' },
    'debug files: server.start accepted from ann',
  ],
  [
    {
      type: 'server.transitioned',
      actor: files,
      from: 'idle',
      to: 'starting.spawning',
      event: 'server.start',
      reason: null,
      edges: [],
    },
    'info files: idle → starting.spawning',
  ],
  [{ type: 'process.spawned', actor: files, pid: 42, command: 'node' }, 'debug files: process 42 started: node'],
  [
    { type: 'process.exited', actor: files, pid: 42, exitCode: 1, signal: null },
    'debug files: process 42 exited with code 1',
  ],
  [
    { type: 'server.failed', actor: files, failure: missing },
    "warn files: exited with code 1 during the handshake: Error: Cannot find module 'x'",
  ],
  [
    {
      type: 'server.transitioned',
      actor: files,
      from: 'starting.initializing',
      to: 'backoff',
      event: 'session.ended',
      reason: 'exited',
      edges: [],
    },
    'info files: starting.initializing → backoff (exited)',
  ],
  [
    {
      type: 'session.opened',
      actor: files,
      transport: 'stdio',
      protocolVersion: '2025-06-18',
      tools: 14,
      resources: 2,
      prompts: 1,
    },
    'info files: session open over stdio, protocol 2025-06-18: 14 tools, 2 resources, 1 prompt',
  ],
  [
    {
      type: 'server.transitioned',
      actor: files,
      from: 'starting.listing',
      to: 'connected.quiet',
      event: 'session.ready',
      reason: null,
      edges: [],
    },
    'info files: starting.listing → connected.quiet',
  ],
  [
    { type: 'command.settled', actor: files, commandId: 'c1', command: 'server.start', outcome: 'done', reason: null },
    'info files: server.start done',
  ],
  [
    { type: 'catalog.changed', actor: files, tools: 1, resources: 0, prompts: 0, problems: [] },
    'debug files: has 1 tool',
  ],
  [
    {
      type: 'catalog.changed',
      actor: files,
      tools: 1,
      resources: 0,
      prompts: 0,
      problems: ['tool "a b" has no schema'],
    },
    'warn files: has 1 tool: tool "a b" has no schema',
  ],
  [{ type: 'round.closed', actor: 'group:web', started: ['a', 'b'] }, 'info group web: starts again a, b'],
  [{ type: 'round.closed', actor: 'group:web', started: [] }, 'info group web: starts again no others'],
  [
    { type: 'session.push', actor: files, available: false, reason: '405' },
    'info files: cannot tell us things unasked: 405',
  ],
  [
    { type: 'session.notified', actor: files, method: 'notifications/message' },
    'trace files: sent notifications/message',
  ],
  [
    { type: 'session.asked', actor: files, method: 'roots/list', answered: false },
    'debug files: asked roots/list, declined',
  ],
  [{ type: 'call.started', actor: files, callId: 7, method: 'tools/call', tool: 'read' }, 'trace files: call 7 read'],
  [
    {
      type: 'call.settled',
      actor: files,
      callId: 7,
      method: 'tools/call',
      tool: 'read',
      outcome: 'ok',
      durationMs: 12.4,
    },
    'debug files: call 7 read: ok after 12 ms',
  ],
  [
    {
      type: 'call.settled',
      actor: files,
      callId: 8,
      method: 'resources/list',
      tool: null,
      outcome: 'CALL_TIMED_OUT',
      durationMs: 61_500,
    },
    'debug files: call 8 resources/list: CALL_TIMED_OUT after 1 min 1 s',
  ],
  [
    {
      type: 'server.transitioned',
      actor: files,
      from: 'connected.quiet',
      to: 'connected.probing',
      event: 'session.heard',
      reason: null,
      edges: [],
    },
    'debug files: connected.quiet → connected.probing',
  ],
  [{ type: 'probe.sent', actor: files, kind: 'ping' }, 'trace files: probed (ping)'],
  [
    { type: 'probe.answered', actor: files, kind: 'ping', latencyMs: 1234 },
    'trace files: answered the probe (ping) after 1.2 s',
  ],
  [{ type: 'probe.missed', actor: files, misses: 2, counted: true }, 'warn files: did not answer a probe (2 in a row)'],
  [
    { type: 'probe.missed', actor: files, misses: 2, counted: false },
    'debug files: did not answer a probe, which does not count',
  ],
  [
    {
      type: 'server.transitioned',
      actor: files,
      from: 'connected.confirming',
      to: 'heartbeat-timeout.terminating',
      event: 'after probeTimeout',
      reason: 'hung',
      edges: [],
    },
    'warn files: connected.confirming → heartbeat-timeout.terminating (hung)',
  ],
  [
    { type: 'process.killed', actor: files, pid: 42, signal: 'SIGKILL' },
    'debug files: process group 42 was sent SIGKILL',
  ],
  [{ type: 'session.closed', actor: files, failure: null, last: null }, 'debug files: session closed'],
  [
    {
      type: 'server.transitioned',
      actor: files,
      from: 'heartbeat-timeout.killing',
      to: 'failed',
      event: 'session.ended',
      reason: 'hung',
      edges: [],
    },
    'error files: heartbeat-timeout.killing → failed (hung)',
  ],
  [
    {
      type: 'command.settled',
      actor: files,
      commandId: 'c2',
      command: 'server.start',
      outcome: 'rejected',
      reason: 'it failed',
    },
    'warn files: server.start rejected: it failed',
  ],
  [
    { type: 'event.ignored', actor: files, event: 'server.retry', state: 'failed' },
    'debug files: server.retry means nothing in failed',
  ],
  [
    { type: 'alarm.raised', actor: files, alarm: 'flapping', reason: '31 restarts within an hour' },
    'warn files: alarm flapping: 31 restarts within an hour',
  ],
  [{ type: 'alarm.cleared', actor: files, alarm: 'flapping' }, 'info files: alarm flapping is over'],
  [
    { type: 'actor.died', actor: files, message: 'x is not a function' },
    'error files: died of a bug in mcpvisor: x is not a function',
  ],
  [
    {
      type: 'server.transitioned',
      actor: files,
      from: 'starting.initializing',
      to: 'backoff.delaying',
      event: 'session.ended',
      reason: 'exited',
      edges: [],
      attempt: 2,
      retryInMs: 1_240,
    },
    'info files: starting.initializing → backoff.delaying (exited, attempt 2, next try in 1.2 s)',
  ],
  [
    {
      type: 'server.transitioned',
      actor: files,
      from: 'deciding',
      to: 'idle.queued',
      event: 'xstate.init',
      reason: null,
      edges: [],
    },
    'info files: idle.queued',
  ],
  [
    { type: 'group.transitioned', actor: 'group:web', from: 'up', to: 'up', event: 'member.changed', edges: [] },
    'debug group web: up again',
  ],
  [
    { type: 'supervisor.transitioned', actor: 'supervisor', from: 'booting', to: 'up', event: 'booted', edges: [] },
    'info supervisor: booting → up',
  ],
  [
    { type: 'process.reaped', actor: 'supervisor', pid: 41, command: 'node server.js' },
    'warn supervisor: process group 41, left over from an earlier run, was ended: node server.js',
  ],
  [{ type: 'config.planned', actor: 'supervisor', steps: 2 }, 'debug supervisor: a new configuration takes 2 steps'],
  [
    { ...applied, started: ['a', 'b'], restarted: ['c'] },
    'info supervisor: configuration applied: started a, b; restarted c',
  ],
  [
    {
      ...applied,
      groups: ['web'],
      settings: [
        { path: 'shutdownMs', effect: 'applied' },
        { path: 'http.tls', effect: 'at the next start' },
      ],
    },
    'info supervisor: configuration applied: groups web; settings shutdownMs; at the next start http.tls',
  ],
  [
    { ...applied, disabled: { added: ['a', 'b'], changed: ['c'], removed: ['d'] } },
    'info supervisor: configuration applied: added (disabled) a, b; changed (disabled) c; removed (disabled) d',
  ],
  [applied, 'info supervisor: configuration applied: nothing to do'],
  [
    { type: 'config.rejected', actor: 'supervisor', file: 'mcp.json', problems: ['mcpServers.a: no command'] },
    'error supervisor: mcp.json rejected, nothing was changed: mcpServers.a: no command',
  ],
  [
    { type: 'config.overruled', actor: 'supervisor', file: 'mcp.json', servers: ['a', 'b'] },
    'warn supervisor: a, b: in mcp.json and in the store; the file wins',
  ],
  [
    { type: 'config.warned', actor: 'supervisor', file: null, problems: ['x'] },
    'warn supervisor: configuration accepted with warnings: x',
  ],
  [
    { type: 'machine.resumed', actor: 'supervisor', suspendedForMs: 90_000 },
    'info supervisor: the machine slept for 1 min 30 s',
  ],
  [{ type: 'server.removed', actor: files }, 'info files: removed'],
];

describe('facts in words', () => {
  it.each(transcript.map(([body, line]) => ({ body, line })))('$line', ({ body, line }) => {
    const fact: Fact = { ...body, seq: 1, at: '2026-01-01T00:00:00.000Z' };
    expect(`${levelOf(fact)} ${describeFact(fact)}`).toBe(line);
  });
});

describe('failures in words', () => {
  const cases: readonly (readonly [Failure, string])[] = [
    [failure('exited', 'x', { signal: 'SIGSEGV', phase: 'connected' }), 'was ended by SIGSEGV'],
    [failure('exited', 'x'), 'exited'],
    [
      failure('spawnFailed', 'no such program: nope', { code: 'ENOENT', phase: 'spawning' }),
      'could not be started (ENOENT) while starting: no such program: nope',
    ],
    [
      failure('timedOut', 'no answer within 30 000 ms', { phase: 'listing', stderrTail: ['loading…'] }),
      'took too long while listing what it has: no answer within 30 000 ms — last line on stderr: loading…',
    ],
    [
      failure('hung', 'no answer to 3 probes', { signal: 'SIGKILL' }),
      'stopped answering, then was ended by SIGKILL: no answer to 3 probes',
    ],
    [failure('unauthorized', 'HTTP 401', { code: 401 }), 'wants authorization (401): HTTP 401'],
  ];

  it.each(cases.map(([told, line]) => ({ told, line })))('$line', ({ told, line }) => {
    expect(describeFailure(told)).toBe(line);
  });

  it('exist for every class', () => {
    for (const failureClass of failureClasses)
      expect(describeFailure(failure(failureClass, ''))).toMatch(/^[a-z][^:]+$/i);
  });

  it('quote no more than a line of what a server wrote', () => {
    expect(describeFailure(failure('exited', '', { stderrTail: ['x'.repeat(10_000)] })).length).toBeLessThan(500);
  });
});
