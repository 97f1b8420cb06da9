import { describe, expect, it } from 'vitest';
import type { StandingPhase } from '../../../machines/server/events.ts';
import { standingOf } from '../../../machines/server/standing.ts';
import { policyOf, type ServerUnderTest } from '../../support/charts/chart.ts';
import { serverIn, states } from './states.ts';

/** What each state means to others. */
function phaseIn(state: string, told: StandingPhase): StandingPhase {
  if (state.endsWith('.stuck')) return 'stuck';
  const [top, below] = state.split('.');
  if (top === 'stopping' || top === 'heartbeat-timeout') return 'ending';
  if (top === 'idle') return below === 'resting' ? 'resting' : 'waiting';
  // Its dependents know that it is coming.
  if (state === 'backoff.queued') return told === 'due' ? 'due' : 'delaying';
  if (top === 'backoff') return below === 'waiting' ? 'due' : 'delaying';
  return top as StandingPhase;
}

const blockedBy = { server: 'd', standing: 'failed' } as const;
const configure = (changed: boolean, wanted: 'up' | 'down' | null, lazy: boolean) => (server: ServerUnderTest) =>
  server.send('server.configure', { policy: policyOf({ related: true, lazy }), changed, wanted });

const acts: Readonly<Record<string, (server: ServerUnderTest) => unknown>> = {
  'nothing at all': () => undefined,
  ...Object.fromEntries(
    (['start', 'stop', 'restart', 'retry', 'reset'] as const).map((kind) => [
      kind,
      (server: ServerUnderTest) => server.command(kind),
    ]),
  ),
  'a start while it is blocked': (server) => {
    server.send('dependencies.changed', { waitingFor: ['d'], blockedBy });
    server.command('start');
  },
  'a restart while it is blocked': (server) => {
    server.send('dependencies.changed', { waitingFor: ['d'], blockedBy });
    server.command('stop');
    server.command('restart');
  },
  'a start while it waits': (server) => {
    server.send('dependencies.changed', { waitingFor: ['d'], blockedBy: null });
    server.command('start');
    server.send('dependencies.changed', { waitingFor: ['d'], blockedBy });
  },
  'a start that waits': (server) => {
    server.send('dependencies.changed', { waitingFor: ['d'], blockedBy: null });
    server.command('start');
  },
  'a stop and a start': (server) => {
    server.command('stop');
    server.command('start');
  },
  'a need of it': (server) => server.send('server.needed'),
  'a dependent that needs it': (server) => server.send('dependents.changed', { awake: true }),
  'a dependent that waits': (server) => server.send('dependents.waiting'),
  'a dependency that goes and comes': (server) => {
    server.send('dependencies.changed', { waitingFor: ['d'], blockedBy });
    server.send('dependencies.changed', { waitingFor: [], blockedBy: null });
  },
  'a round': (server) => {
    server.send('round.stop', { heldFor: ['t'] });
    server.send('round.hold', { heldFor: ['t'] });
  },
  'its end': (server) => server.news('session.ended'),
  'its failure': (server) => server.news('session.failed'),
  'its exit': (server) => server.news('session.exited'),
  'its removal': (server) => server.send('server.remove'),
  'the end of all': (server) => server.send('server.shutdown'),
  'a minute': (server) => server.clock.advance(60_000),
  'a plan that changes nothing': configure(false, null, false),
  'a plan that makes it lazy': configure(false, null, true),
  'a plan that turns it off': configure(false, 'down', false),
  'a plan that turns it on': configure(false, 'up', false),
  'a plan that changes it': configure(true, null, true),
};

describe('a server that is related to others has always told where it stands', () => {
  describe.each(Object.keys(acts))('after %s', (act) => {
    it.each(
      states.flatMap((state) =>
        (state === 'idle.queued' ? [false] : [true, false]).map((lazy) => [state, lazy] as const),
      ),
    )('in %s, lazy: %s', (state, lazy) => {
      const server = serverIn(state, { policy: { related: true, lazy } });
      const before = standingOf(server.context());
      acts[act]?.(server);
      const told = server.reports.flatMap((report) => ('standing' in report ? [report.standing] : [])).at(-1) ?? before;
      expect(server.bugs).toEqual([]);
      expect(told).toEqual(standingOf(server.context()));
      expect(told.phase).toBe(phaseIn(server.state(), told.phase));
    });
  });
});

it('a lazy server that is called while it falls asleep reports that it will start again', () => {
  const server = serverIn('connected.quiet', { policy: { related: true, lazy: true, idleStopMs: 1_000 } });
  server.clock.advance(1_000);
  expect(server.reports.at(-1)).toMatchObject({ standing: { phase: 'ending', next: 'idle', isUrgent: false } });
  server.send('server.needed');
  expect(server.reports.at(-1)).toMatchObject({ standing: { phase: 'ending', next: 'starting', isUrgent: true } });
});

it('a server that is related to no other reports nothing, until a plan relates it', () => {
  const server = serverIn('connected.quiet');
  expect(server.reports.filter(({ type }) => type === 'server.changed')).toEqual([]);
  configure(false, null, false)(server);
  expect(server.reports.at(-1)).toMatchObject({ type: 'server.changed', standing: { phase: 'connected' } });
});
