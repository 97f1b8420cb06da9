import { describe, expect, it } from 'vitest';
import { initialTransition, type SnapshotFrom, transition } from 'xstate';
import { failure } from '../../../machines/failure.ts';
import { alarmsOf } from '../../../machines/server/alarms.ts';
import type { ServerEvent } from '../../../machines/server/events.ts';
import type { ServerView } from '../../../machines/server/meaning.ts';
import {
  charts,
  exit,
  type PolicyOverrides,
  policyOf,
  type ServerUnderTest,
  startServer,
} from '../../support/charts/chart.ts';
import { passUntil, serverIn } from './states.ts';

const refused = failure('unauthorized', 'answered with HTTP 401', { code: 401 });
const missing = (code = 'ENOENT') => failure('spawnFailed', 'The command "x" was not found.', { code });

/** When it looked, in milliseconds from the beginning of the state. */
function looksOf(server: ServerUnderTest, forMs: number): readonly number[] {
  const from = server.clock.now();
  server.records.length = 0;
  server.clock.advance(forMs);
  return server.records.flatMap(({ what, at }) => (what === 'look' ? [at - from] : []));
}

function failedBy(cause = missing(), policy: PolicyOverrides = {}): ServerUnderTest {
  const server = startServer({ policy, slotAfterMs: 0 });
  if (policy.lazy === true) server.send('server.needed');
  else passUntil(server, 'starting.spawning');
  server.news('session.ended', { failure: cause });
  return server;
}

function alarms(server: ServerUnderTest): readonly string[] {
  const view: ServerView = {
    context: server.context(),
    hasTag: (tag) => server.tags().has(tag),
    matches: (state) => server.state().startsWith(state),
  };
  return alarmsOf(view, server.clock.now()).map(({ alarm }) => alarm);
}

describe('a server whose command or folder is missing', () => {
  it.each(['ENOENT', 'ENOTDIR', 'EACCES'])('has failed, and looks for it every 30 s: %s', (code) => {
    const server = failedBy(missing(code));
    expect(server.state()).toBe('failed');
    expect(looksOf(server, 95_000)).toEqual([30_000, 60_000, 90_000]);
    expect(server.state()).toBe('failed');
    expect(server.context().starts, 'a look starts nothing').toBe(1);
    expect(alarms(server)).toEqual(['no-command']);
  });

  it('starts when it is there, as if it were started for the first time', () => {
    const server = failedBy();
    server.clock.advance(65_000);
    server.temper.isFound = true;
    passUntil(server, 'starting.spawning');
    expect(server.clock.now()).toBe(90_000);
    expect(server.context()).toMatchObject({ wanted: 'up', generation: 2 });
    expect(looksOf(server, 29_000)).toEqual([]);
    expect(alarms(server)).toEqual([]);
  });

  it.each(['stop', 'reset'] as const)('looks no more after %s', (kind) => {
    const server = failedBy();
    server.clock.advance(65_000);
    server.command(kind);
    expect(server.state()).toBe('idle.resting');
    expect([looksOf(server, 300_000), server.clock.armed(), alarms(server)]).toEqual([[], 0, []]);
    expect(server.ignored).toEqual([]);
  });

  it('has nobody who looks any more after that', () => {
    const step = (snapshot: SnapshotFrom<typeof charts.server>, event: ServerEvent) =>
      transition(charts.server, snapshot, event)[0];
    const moment = { at: 1, random: 0.5 };
    const [born] = initialTransition(charts.server, { name: 'a', policy: policyOf(), wanted: 'up' });
    const starting = step(born, { type: 'slot.granted' });
    const failed = step(starting, { type: 'session.ended', generation: 1, failure: missing(), ...moment });
    expect(Object.keys(failed.children)).toEqual(['lookout']);
    const stopped = step(failed, { type: 'server.stop', commandId: 'stop', ...moment });
    expect(Object.keys(stopped.children)).toEqual([]);
  });

  it.each(['start', 'restart'] as const)('is started by %s at once', (kind) => {
    const server = failedBy();
    server.command(kind);
    expect(server.state()).toBe('starting.spawning');
    expect(looksOf(server, 29_000)).toEqual([]);
  });

  it('looks no more when another specification, its removal or a shutdown comes', () => {
    for (const type of ['server.remove', 'server.shutdown'] as const) {
      const server = failedBy();
      server.send(type);
      expect(looksOf(server, 300_000)).toEqual([]);
      expect(server.clock.armed()).toBe(0);
    }
    const server = failedBy();
    server.send('server.configure', { policy: policyOf(), changed: true, wanted: null });
    expect(server.state()).not.toBe('failed');
    expect(server.records.filter(({ what }) => what === 'look')).toEqual([]);
  });

  it('looks on with softly changed settings', () => {
    const server = failedBy();
    server.send('server.configure', { policy: policyOf(), changed: false, wanted: null });
    expect(looksOf(server, 61_000)).toHaveLength(2);
  });

  it('sleeps on if it is lazy, until it is called', () => {
    const server = failedBy(missing(), { lazy: true });
    server.temper.isFound = true;
    server.clock.advance(30_000);
    expect(server.state()).toBe('idle.resting');
    server.send('server.needed');
    expect(server.state()).toBe('starting.spawning');
  });

  it('that a dependent needs starts also if it is lazy', () => {
    const server = failedBy(missing(), { lazy: true });
    server.send('dependents.changed', { awake: true });
    server.temper.isFound = true;
    passUntil(server, 'starting.spawning');
    expect(server.state()).toBe('starting.spawning');
  });
});

describe('a server that has failed in another way', () => {
  it.each([
    ['an exit code', exit(78)],
    ['no memory to spawn it', failure('spawnFailed', '', { code: 'E2BIG' })],
    ['a mistake in its entry', failure('misconfigured', '')],
  ])('looks for nothing: %s', (_, cause) => {
    const server = failedBy(cause);
    expect(server.state()).toBe('failed');
    expect([looksOf(server, 300_000), server.clock.armed(), alarms(server)]).toEqual([[], 0, []]);
  });
});

describe('a server whose credentials were refused', () => {
  it.each(['session.failed', 'session.ended'] as const)('is tried at once if they were renewed: %s', (type) => {
    const server = serverIn('connected.quiet', { policy: { remote: true }, slotAfterMs: 0 });
    server.news(type, { failure: refused, renewed: true });
    if (type === 'session.failed') server.news('session.ended', { failure: refused, renewed: true });
    passUntil(server, 'starting.spawning');
    expect(server.clock.now()).toBeLessThan(10);
    expect(server.context()).toMatchObject({ counters: { attempt: 0 }, lastFailure: { class: 'unauthorized' } });
    expect(alarms(server)).toEqual([]);
  });

  it('is tried at once from the handshake, too, and an open command stays open', () => {
    const server = serverIn('needs-auth', { policy: { remote: true }, slotAfterMs: 0 });
    const retry = server.command('retry');
    server.news('session.ended', { failure: refused, renewed: true });
    expect(server.state()).toBe('starting.spawning');
    expect(server.outcomes(retry)).toEqual([]);
    for (const type of ['session.spawned', 'session.initialized', 'session.ready'] as const) server.news(type);
    expect(server.outcomes(retry)).toEqual(['done']);
  });

  it('is not tried at once again and again, however often they change', () => {
    const server = serverIn('starting.spawning', { policy: { remote: true }, slotAfterMs: 0 });
    server.news('session.ended', { failure: refused, renewed: true });
    passUntil(server, 'starting.spawning');
    server.news('session.ended', { failure: refused, renewed: true });
    expect(server.state()).toBe('needs-auth');
  });

  it('has a try at once again after a stable life', () => {
    const server = serverIn('connected.quiet', { policy: { remote: true }, slotAfterMs: 0 });
    for (let rotation = 0; rotation < 12; rotation += 1) {
      server.clock.advance(300_000);
      server.news('session.ended', { failure: refused, renewed: true });
      passUntil(server, 'starting.spawning');
      for (const type of ['session.spawned', 'session.initialized', 'session.ready'] as const) server.news(type);
    }
    expect(server.context().counters).toMatchObject({ attempt: 0, automaticStarts: [] });
  });

  it('is never tried with the same ones: it calls a person, and looks at its files every 2 s', () => {
    const server = serverIn('connected.quiet', { policy: { remote: true }, slotAfterMs: 0 });
    server.news('session.ended', { failure: refused, renewed: false });
    expect(server.state()).toBe('needs-auth');
    expect(alarms(server)).toEqual(['needs-auth']);
    expect(looksOf(server, 7_000)).toEqual([2_000, 4_000, 6_000]);
    expect(server.context().starts).toBe(1);
    server.temper.isFound = true;
    passUntil(server, 'starting.spawning');
    expect(server.context().starts).toBe(2);
    expect(alarms(server)).toEqual([]);
  });

  it('waits for a dependency all the same', () => {
    const server = serverIn('needs-auth', { policy: { remote: true }, slotAfterMs: 0 });
    server.send('dependencies.changed', { waitingFor: ['d'], blockedBy: null });
    server.temper.isFound = true;
    server.clock.advance(2_000);
    expect(server.state()).toBe('idle.waiting');
  });

  it('that is being stopped is not started', () => {
    const server = serverIn('connected.quiet', { policy: { remote: true } });
    server.news('session.failed', { failure: refused, renewed: true });
    server.command('stop');
    server.news('session.ended', { failure: refused, renewed: true });
    expect(server.state()).toBe('idle.resting');
  });
});

describe('a server whose secret is not set', () => {
  const unset = failure('misconfigured', 'needs the secret T, which is not set', { code: 'SECRET_MISSING' });

  it.each([false, true])('has failed at once and looks each second, whether it has worked (%s) or not', (worked) => {
    const server = startServer({ slotAfterMs: 0, worked });
    passUntil(server, 'starting.spawning');
    server.news('session.ended', { failure: unset });
    expect(server.state()).toBe('failed');
    expect(alarms(server)).toEqual(['secret-missing']);
    expect(looksOf(server, 3_500)).toEqual([1_000, 2_000, 3_000]);
    server.temper.isFound = true;
    passUntil(server, 'starting.spawning');
    expect(server.context().counters.attempt).toBe(0);
  });
});
