import { describe, expect, it } from 'vitest';
import { asMember } from '../../../machines/group/rounds.ts';
import type { Approval } from '../../../machines/policy/policy.ts';
import { alarmsOf, waitText } from '../../../machines/server/alarms.ts';
import { blockedText } from '../../../machines/server/clearance.ts';
import { isAtRest, isHeldBack, isMissing, isOnItsWay, isTriedAgain } from '../../../machines/server/meaning.ts';
import { asDependency, standingOf, wishesToRun } from '../../../machines/server/standing.ts';
import { exit, type PolicyOverrides, policyOf, type ServerUnderTest, startServer } from '../../support/charts/chart.ts';
import { innermostStates, snapshotIn } from './snapshots.ts';
import { connectedStates, endingStates, liveStates, passUntil, serverIn, startingStates } from './states.ts';

const approval: Approval = { hash: 'sha256:1', commandLine: 'npx x', clearedBy: 'mcpvisor approve a' };
const reason = 'it waits for approval: mcpvisor approve a';
const now = 1_000;

interface Edit extends PolicyOverrides {
  readonly changed?: boolean;
  readonly wanted?: 'up' | 'down' | null;
}

const configure = (server: ServerUnderTest, { changed = false, wanted = null, ...policy }: Edit) =>
  server.send('server.configure', { policy: policyOf({ related: true, ...policy }), changed, wanted });
const edits = (server: ServerUnderTest) => configure(server, { changed: true, approval });
const reasons = (server: ServerUnderTest) =>
  server.emitted.flatMap((event) => (event.type === 'command.settled' ? [event.reason] : []));
const waitingServer = (policy: PolicyOverrides = {}) =>
  startServer({ policy: { related: true, approval, ...policy }, slotAfterMs: 0 });

describe('a server whose specification waits for approval', () => {
  it('stays idle, wanted up, and takes no slot; it starts in its turn once it is approved', () => {
    const server = waitingServer();
    server.clock.advance(600_000);
    expect(server.state()).toBe('idle.waiting');
    expect(server.context()).toMatchObject({ wanted: 'up', generation: 0 });
    expect(server.reports.some(({ type }) => type === 'slot.wanted')).toBe(false);
    configure(server, { changed: true });
    expect(server.reports.filter(({ type }) => type === 'slot.wanted')).toHaveLength(1);
    server.clock.advance(0);
    expect(server.state()).toBe('starting.spawning');
  });

  it.each(['start', 'restart'] as const)('refuses %s with the reason, and keeps the wish', (kind) => {
    for (const isLazy of [false, true]) {
      const server = waitingServer({ lazy: isLazy });
      server.command('stop');
      const command = server.command(kind);
      expect(server.state()).toBe(isLazy ? 'idle.resting' : 'idle.waiting');
      expect(server.context()).toMatchObject({ wanted: 'up', open: [] });
      expect(server.outcomes(command)).toEqual(['rejected']);
      expect(reasons(server).at(-1)).toBe(reason);
    }
  });

  it('and that is to go gives that as the reason', () => {
    for (const [type, why] of [
      ['server.remove', 'removed'],
      ['server.shutdown', 'SHUTTING_DOWN'],
    ] as const) {
      const server = waitingServer();
      server.send(type);
      server.command('start');
      expect(reasons(server).at(-1)).toBe(why);
    }
  });

  it('is not woken by a call or by dependents, and rests if it is lazy', () => {
    const server = waitingServer({ lazy: true });
    for (const type of ['server.needed', 'dependents.waiting'] as const) {
      server.send(type);
      expect(server.state()).toBe('idle.resting');
    }
    expect(server.context().called).toBe(false);
    configure(server, { lazy: true, changed: true });
    expect(server.state()).toBe('idle.resting');
    server.send('server.needed');
    expect(server.state()).toBe('starting.spawning');
  });

  it('waits for its dependencies, too', () => {
    const server = waitingServer({ dependsOn: ['d'] });
    configure(server, { dependsOn: ['d'] });
    expect(server.state()).toBe('idle.waiting');
    server.send('dependencies.changed', { waitingFor: [], blockedBy: null });
    expect(server.state()).toBe('idle.queued');
  });

  it('rejects a start that waited for something else before', () => {
    for (const isLazy of [false, true]) {
      const server = startServer({ policy: { related: true, dependsOn: ['d'], lazy: isLazy } });
      const command = server.command('start');
      expect(server.outcomes(command)).toEqual([]);
      configure(server, { changed: true, approval, dependsOn: ['d'], lazy: isLazy });
      expect(server.outcomes(command)).toEqual(['rejected']);
      expect(reasons(server)).toEqual([reason]);
    }
  });

  it('leaves the queue for a slot', () => {
    const server = serverIn('idle.queued', { policy: { related: true } });
    edits(server);
    expect(server.state()).toBe('idle.waiting');
    server.send('slot.granted');
    expect(server.state()).toBe('idle.waiting');
  });

  it('and is disabled rests', () => {
    const server = waitingServer();
    configure(server, { approval, wanted: 'down' });
    expect(server.state()).toBe('idle.resting');
    expect(alarmsOf(snapshotIn('idle.resting', server.context()), now)).toEqual([]);
  });
});

describe('an edit that waits for approval', () => {
  it.each([...startingStates, ...connectedStates])('lets the session of a server in %s go on', (state) => {
    const server = serverIn(state, { policy: { related: true }, worked: true });
    const { generation, counters, worked } = server.context();
    edits(server);
    expect(server.state()).toBe(state.startsWith('connected') ? 'connected.quiet' : state);
    expect(server.context()).toMatchObject({ generation, counters, worked, policy: { approval } });
    expect(server.orders.filter(({ type }) => type === 'end')).toEqual([]);
  });

  it.each([...startingStates, ...connectedStates])('ends it in %s if it is taken out of service', (state) => {
    const server = serverIn(state, { policy: { related: true } });
    configure(server, { changed: true, approval, wanted: 'down' });
    expect(server.state()).toBe('stopping.closing');
  });

  it('restarts the session when it is approved, but not when it is taken back', () => {
    for (const changed of [true, false]) {
      const server = serverIn('connected.quiet', { policy: { related: true } });
      edits(server);
      configure(server, { changed });
      expect(server.state()).toBe(changed ? 'stopping.closing' : 'connected.quiet');
    }
  });

  it.each([...startingStates, ...connectedStates])('refuses a restart in %s, and keeps what runs', (state) => {
    const server = serverIn(state, { policy: { related: true } });
    edits(server);
    const command = server.command('restart');
    expect(server.tags().has('live')).toBe(true);
    expect(server.orders.filter(({ type }) => type === 'end')).toEqual([]);
    expect(server.outcomes(command)).toEqual(['rejected']);
    expect(reasons(server).at(-1)).toBe(reason);
  });

  it('keeps a server that crashes from starting again', () => {
    const server = serverIn('connected.quiet', { policy: { related: true }, slotAfterMs: 0 });
    edits(server);
    server.news('session.ended', { failure: exit(1) });
    passUntil(server, 'backoff.waiting');
    server.clock.advance(600_000);
    expect(server.state()).toBe('backoff.waiting');
    for (const kind of ['start', 'restart', 'retry'] as const) {
      expect(server.outcomes(server.command(kind))).toEqual(['rejected']);
      expect(reasons(server).at(-1)).toBe(reason);
    }
    configure(server, { changed: false });
    server.clock.advance(0);
    expect(server.state()).toBe('starting.spawning');
  });

  it.each(endingStates)('keeps one whose session ends in %s from starting again', (state) => {
    const server = serverIn(state, { policy: { related: true }, slotAfterMs: 0 });
    edits(server);
    const command = server.command('start');
    expect(server.outcomes(command)).toEqual(['rejected']);
    server.news('session.ended');
    server.clock.advance(60_000);
    expect(server.state()).toBe('idle.waiting');
  });

  it.each(['backoff.delaying', 'backoff.queued'] as const)('takes one in %s out of its turn', (state) => {
    const server = serverIn(state, { policy: { related: true } });
    edits(server);
    expect(server.state()).toBe('backoff.waiting');
    configure(server, { changed: true });
    expect(server.state()).toBe('backoff.queued');
  });

  it('rejects what is open in backoff when an approval is withdrawn', () => {
    const server = serverIn('backoff.delaying', { policy: { related: true } });
    server.send('dependencies.changed', { waitingFor: ['d'], blockedBy: null });
    const command = server.command('start');
    expect(server.outcomes(command)).toEqual([]);
    configure(server, { approval });
    expect(server.outcomes(command)).toEqual(['rejected']);
  });

  it.each(['failed', 'needs-auth'] as const)('brings one in %s to wait in idle', (state) => {
    const server = serverIn(state, { policy: { related: true } });
    edits(server);
    expect(server.state()).toBe('idle.waiting');
  });

  it.each(['failed', 'needs-auth'] as const)('does not let what was found start one in %s', (state) => {
    const server = serverIn(state, { policy: { related: true } });
    configure(server, { approval });
    expect(server.state()).toBe(state);
    server.send('look.found');
    expect(server.state()).toBe('idle.waiting');
  });
});

describe('what others see of a server that waits for approval', () => {
  const states = innermostStates();
  const context = { policy: policyOf({ related: true, approval }) };
  const isLive = (state: string) => liveStates.some((live) => live === state);

  it('is an alarm in every state while it is wanted', () => {
    for (const state of states) {
      const raised = alarmsOf(snapshotIn(state, context), now).find(({ alarm }) => alarm === 'approval-needed');
      expect(raised, state).toMatchObject({ clearedBy: 'mcpvisor approve a', untilMs: null });
      expect(raised?.reason, state).toBe(
        isLive(state)
          ? 'an edit waits for approval, and what runs goes on: sha256:1: npx x'
          : 'it waits for approval: sha256:1: npx x',
      );
      const stopped = alarmsOf(snapshotIn(state, { ...context, wanted: 'down' }), now);
      expect(stopped.filter(({ alarm }) => alarm === 'approval-needed')).toEqual([]);
    }
  });

  it('is no wait for others, unless there is one', () => {
    const alarms = (extra: object) => alarmsOf(snapshotIn('idle.waiting', { ...context, ...extra }), now);
    expect(alarms({}).map(({ alarm }) => alarm)).toEqual(['approval-needed']);
    expect(alarms({ waitingFor: ['d'] })).toMatchObject([
      { alarm: 'approval-needed' },
      { alarm: 'waiting-for', reason: 'waits for d' },
    ]);
    expect(waitText(snapshotIn('idle.waiting', { ...context, waitingFor: ['d'] }).context)).toBe(
      `${reason}; waits for d`,
    );
  });

  it('is that it rests, and is missing', () => {
    const waiting = snapshotIn('idle.waiting', { ...context, autostart: true });
    expect([isAtRest(waiting), isMissing(waiting), isHeldBack(waiting)]).toEqual([true, true, true]);
    expect([isOnItsWay(waiting), isTriedAgain(waiting)]).toEqual([false, false]);
    const live = states.filter(isLive).map((state) => isHeldBack(snapshotIn(state, context)));
    expect(new Set(live)).toEqual(new Set([false]));
  });

  it('blocks those that depend on it, in words, unless it runs or ends', () => {
    const seen = (phase: Parameters<typeof standingOf>[0]['phase'], extra = {}) =>
      asDependency(standingOf({ ...snapshotIn('idle.resting', context).context, phase, ...extra })).standing;
    expect(seen('connected')).toBe('connected');
    for (const phase of ['starting', 'ending', 'stuck', 'delaying'] as const) expect(seen(phase)).toBe('coming');
    for (const phase of ['waiting', 'resting', 'due'] as const) expect(seen(phase)).toBe('unapproved');
    expect(seen('waiting', { wanted: 'down' })).toBe('stopped');
    expect(seen('failed')).toBe('failed');
    expect(blockedText({ server: 'a', standing: 'unapproved' })).toBe('dependency "a" waits for approval');
  });

  it('wakes no lazy dependency for it, and holds up no round', () => {
    const at = (phase: Parameters<typeof standingOf>[0]['phase']) =>
      standingOf({ ...snapshotIn('idle.resting', context).context, phase });
    const waits = (['waiting', 'delaying', 'due', 'resting', 'failed'] as const).map((phase) => wishesToRun(at(phase)));
    expect(new Set(waits)).toEqual(new Set([false]));
    const runs = (['starting', 'connected', 'ending', 'stuck'] as const).map((phase) => wishesToRun(at(phase)));
    expect(new Set(runs)).toEqual(new Set([true]));
    expect(asMember(at('waiting'))).toMatchObject({ phase: 'gone', settled: true });
    expect(asMember(at('due')).settled).toBe(true);
    expect(asMember(at('starting')).settled).toBe(false);
    expect(asMember(at('ending')).settled).toBe(false);
  });

  it('is the same of a lazy one, whether it is asked to start or not', () => {
    const server = waitingServer({ lazy: true });
    server.command('start');
    const phases = server.reports.flatMap((report) =>
      report.type === 'server.changed' ? [report.standing.phase] : [],
    );
    expect(new Set(phases)).toEqual(new Set(['resting']));
  });
});
