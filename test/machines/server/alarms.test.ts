import { describe, expect, it } from 'vitest';
import { failure } from '../../../machines/failure.ts';
import { noCounters } from '../../../machines/policy/restart.ts';
import { alarmsOf } from '../../../machines/server/alarms.ts';
import type { ServerContext } from '../../../machines/server/context.ts';
import { policyOf } from '../../support/charts/chart.ts';
import { innermostStates, snapshotIn } from './snapshots.ts';
import { connectedStates, serverIn, startingStates } from './states.ts';

const now = 10_000_000;
const states = innermostStates();
const blocked: Partial<ServerContext> = { waitingFor: ['d'], blockedBy: { server: 'd', standing: 'failed' } };

const alarmsIn = (state: string, context: Partial<ServerContext> = {}) => alarmsOf(snapshotIn(state, context), now);
/** The states in which the alarm is raised. */
const statesWith = (alarm: string, context: Partial<ServerContext> = {}) =>
  states.filter((state) => alarmsIn(state, context).some((one) => one.alarm === alarm));

describe('a server of which nothing is wrong', () => {
  it('raises an alarm only where it waits or is stuck', () => {
    expect(Object.fromEntries(states.map((state) => [state, alarmsIn(state).map(({ alarm }) => alarm)]))).toEqual({
      ...Object.fromEntries(states.map((state) => [state, []])),
      'idle.waiting': ['waiting-for'],
      'backoff.waiting': ['waiting-for'],
      'stopping.stuck': ['stuck'],
      'heartbeat-timeout.stuck': ['stuck'],
    });
  });
});

describe('the alarm stuck', () => {
  it('names the process group', () => {
    expect(alarmsIn('stopping.stuck', { pid: 17 })).toEqual([
      {
        alarm: 'stuck',
        reason: 'process group 17 survives SIGKILL',
        clearedBy: 'the end of the process group',
        untilMs: null,
      },
    ]);
  });
});

describe('the alarm flapping', () => {
  const flapping = (failures: number): Partial<ServerContext> => ({
    policy: policyOf({ restart: { flappingPerHour: 2 } }),
    counters: { ...noCounters, failureTimes: Array.from({ length: failures }, (_, index) => now - 1_000 + index) },
  });

  it('is raised in every state from so many failures within an hour on', () => {
    expect(statesWith('flapping', flapping(1))).toEqual([]);
    expect(statesWith('flapping', flapping(2))).toEqual(states);
  });

  it('is over when the first of those is an hour old', () => {
    expect(alarmsIn('failed', flapping(2))).toEqual([
      {
        alarm: 'flapping',
        reason: 'failed 2 times within an hour',
        clearedBy: 'an hour with fewer failures, server.start, server.restart or server.reset',
        untilMs: now - 1_000 + 3_600_000,
      },
    ]);
  });
});

describe('the alarm unreachable', () => {
  const unreached = (unreachable: number, context: Partial<ServerContext> = {}): Partial<ServerContext> => ({
    counters: { ...noCounters, unreachable },
    ...context,
  });

  it('is raised in every state from the eighth failure in a row on, if the server is wanted', () => {
    expect(statesWith('unreachable', unreached(7))).toEqual([]);
    expect(statesWith('unreachable', unreached(8))).toEqual(states);
    expect(statesWith('unreachable', unreached(8, { wanted: 'down' }))).toEqual([]);
  });

  it('lasts until a connection has lasted', () => {
    const words = {
      alarm: 'unreachable',
      reason: 'not reached 9 times in a row',
      clearedBy: 'a connection that lasts 60000 ms, or server.reset',
    };
    const context = unreached(9, { connectedAt: now - 1 });
    expect(alarmsIn('backoff.delaying', context)).toEqual([{ ...words, untilMs: null }]);
    for (const state of connectedStates)
      expect(alarmsIn(state, context)).toEqual([{ ...words, untilMs: now - 1 + 60_000 }]);
    expect(alarmsIn('connected.quiet', unreached(9))).toEqual([{ ...words, untilMs: null }]);
  });
});

describe('the alarm waiting-for', () => {
  it.each([
    [{ waitingFor: ['d', 'e'] }, 'waits for d, e', 'their connection'],
    [blocked, 'waits for d; dependency "d" is failed', 'a start of "d"'],
    [{ heldFor: ['b', 'c'] }, 'restarts after b, c of its group', 'the end of the round, or server.start'],
    [
      { waitingFor: ['d'], heldFor: ['b'] },
      'waits for d; restarts after b of its group',
      'the end of the round, or server.start',
    ],
  ] as const)('says for whom, and until when: %j', (context, reason, clearedBy) => {
    const alarm = { alarm: 'waiting-for', reason, clearedBy, untilMs: null };
    for (const state of ['idle.waiting', 'backoff.waiting']) expect(alarmsIn(state, context)).toEqual([alarm]);
  });
});

describe('the alarm dependency-down', () => {
  it('is raised where the server runs without its dependencies', () => {
    expect(statesWith('dependency-down')).toEqual([]);
    expect(statesWith('dependency-down', blocked)).toEqual(connectedStates);
    expect(alarmsIn('connected.quiet', { waitingFor: ['d', 'e'] })).toEqual([
      { alarm: 'dependency-down', reason: 'not connected: d, e', clearedBy: 'their connection', untilMs: null },
    ]);
  });
});

describe('a server that rests for want of something', () => {
  it.each([
    [
      'failed',
      {
        alarm: 'no-command',
        reason: 'no such command It is looked for every 30 s.',
        clearedBy: 'a start, as soon as it is there; server.start, server.stop or server.reset',
        untilMs: null,
      },
    ],
    [
      'needs-auth',
      {
        alarm: 'needs-auth',
        reason: '401',
        clearedBy: 'a change of a file that its entry names, server.retry, server.start or server.stop',
        untilMs: null,
      },
    ],
  ] as const)('says what it looks for, and what ends that: %s', (state, alarm) => {
    expect(alarmsIn(state, serverIn(state).context())).toEqual([alarm]);
  });
});

describe('the alarm actor-died', () => {
  const lastFailure = { ...failure('internal', 'its actor died 3 times within a minute'), at: now };

  it('is raised in failed by a server that was born there', () => {
    expect(alarmsIn('failed', { lastFailure })).toEqual([
      {
        alarm: 'actor-died',
        reason: 'its actor died 3 times within a minute',
        clearedBy: 'server.start, server.restart, server.stop or server.reset',
        untilMs: null,
      },
    ]);
    expect(alarmsIn('failed', { lastFailure, starts: 1 }), 'it has lived since').toEqual([]);
    expect(alarmsIn('idle.resting', { lastFailure }), 'a person has stopped it').toEqual([]);
    expect(alarmsIn('idle.queued', { lastFailure }), 'it is on its way').toEqual([]);
  });
});

describe.each([
  {
    alarm: 'lists-unread',
    news: 'session.unread',
    trouble: {
      lists: [
        { list: 'tools', reason: 'tools/list was not answered' },
        { list: 'prompts', reason: 'no room' },
      ],
    },
    over: { lists: [] },
    fact: 'lists.unread',
    reason: 'tools/list was not answered; no room',
    clearedBy: 'an answer with the list: it is asked again',
  },
  {
    alarm: 'connections-exhausted',
    news: 'session.crowded',
    trouble: { crowding: { bound: 'server', most: 9 } },
    over: { crowding: null },
    fact: 'connections.crowded',
    reason: 'requests wait for a connection: the 9 that it may have are in use',
    clearedBy: 'some seconds in which no request waits long, or the end of the session',
  },
  {
    alarm: 'connections-exhausted',
    news: 'session.crowded',
    trouble: { crowding: { bound: 'process', most: 64 } },
    over: { crowding: null },
    fact: 'connections.crowded',
    reason: 'requests wait for a connection: the 64 that all remote servers together may have are in use',
    clearedBy: 'some seconds in which no request waits long, or the end of the session',
  },
] as const)('the alarm $alarm', ({ alarm, news, trouble, over, fact, reason, clearedBy }) => {
  const raised = [{ alarm, reason, clearedBy, untilMs: null }];

  it.each([...startingStates, ...connectedStates])('follows what the session says, which is told, in %s', (state) => {
    const server = serverIn(state);
    server.emitted.length = 0;
    server.news(news, trouble);
    expect(alarmsIn(server.state(), server.context())).toEqual(raised);
    server.news(news, { ...over, generation: server.context().generation - 1 });
    expect(alarmsIn(server.state(), server.context()), 'an older session says nothing').toEqual(raised);
    server.news(news, over);
    expect(alarmsIn(server.state(), server.context())).toEqual([]);
    expect([server.emitted, server.state()]).toEqual([
      [
        { type: fact, ...trouble },
        { type: fact, ...over },
      ],
      state,
    ]);
  });

  it('ends with the session, and is not that of the next one', () => {
    const server = serverIn('connected.quiet');
    server.news(news, trouble);
    const inTrouble = server.context();
    for (const state of ['idle.resting', 'idle.waiting', 'backoff.delaying', 'failed', 'needs-auth'])
      expect(alarmsIn(state, inTrouble)).not.toContainEqual(raised[0]);
    server.command('restart');
    server.news('session.ended');
    expect(server.state()).toBe('starting.spawning');
    expect(alarmsIn(server.state(), server.context())).toEqual([]);
  });
});
