import { describe, expect, it } from 'vitest';
import { transition } from 'xstate';
import type { ServerContext } from '../../../machines/server/context.ts';
import {
  isAtRest,
  isHeldBack,
  isMissing,
  isOnItsWay,
  isTriedAgain,
  type ServerView,
} from '../../../machines/server/meaning.ts';
import type { CommandKind } from '../../../machines/server/settlement.ts';
import { charts, policyOf } from '../../support/charts/chart.ts';
import { innermostStates, snapshotIn } from './snapshots.ts';

const blocked: Partial<ServerContext> = { waitingFor: ['d'], blockedBy: { server: 'd', standing: 'failed' } };

/** Every state, with its tags. */
const tagsOf = {
  'idle.resting': 'rests settled',
  'idle.waiting': 'on-its-way waits',
  'idle.queued': 'on-its-way',
  'starting.spawning': 'live on-its-way',
  'starting.initializing': 'live on-its-way',
  'starting.listing': 'live on-its-way',
  'connected.quiet': 'live settled',
  'connected.probing': 'live settled',
  'connected.confirming': 'live settled',
  'connected.awaiting': 'live settled',
  'heartbeat-timeout.terminating': 'live',
  'heartbeat-timeout.killing': 'live',
  'heartbeat-timeout.stuck': 'live stuck',
  'stopping.closing': 'live',
  'stopping.terminating': 'live',
  'stopping.killing': 'live',
  'stopping.stuck': 'live stuck',
  'backoff.delaying': 'delayed',
  'backoff.waiting': 'waits',
  'backoff.queued': '',
  failed: 'looks settled',
  'needs-auth': 'looks settled',
} as const;

const states = Object.keys(tagsOf);
const statesWith = (tag: string) => states.filter((state) => tagsOf[state as keyof typeof tagsOf].includes(tag));
/** The states for which the answer is yes. */
const statesWhere = (isSo: (server: ServerView) => boolean, context?: Partial<ServerContext>) =>
  states.filter((state) => isSo(snapshotIn(state, context)));

describe('the tags of a server', () => {
  it('are these, in each of its states', () => {
    expect(innermostStates().toSorted()).toEqual(states.toSorted());
    expect(Object.fromEntries(states.map((state) => [state, [...snapshotIn(state).tags].sort().join(' ')]))).toEqual(
      tagsOf,
    );
  });
});

describe('a server is at rest', () => {
  it('where it has settled', () => {
    expect(statesWhere(isAtRest)).toEqual([
      'idle.resting',
      'connected.quiet',
      'connected.probing',
      'connected.confirming',
      'connected.awaiting',
      'failed',
      'needs-auth',
    ]);
  });

  it('and where it waits for a dependency that is down for good', () => {
    expect(statesWhere(isAtRest, blocked).filter((state) => !statesWhere(isAtRest).includes(state))).toEqual([
      'idle.waiting',
      'backoff.waiting',
    ]);
    expect(statesWhere(isAtRest, { waitingFor: ['d'] })).toEqual(statesWhere(isAtRest));
  });
});

describe('a server is missing', () => {
  it('where it is wanted and neither connected nor resting', () => {
    const fine = states.filter((state) => state === 'idle.resting' || state.startsWith('connected'));
    expect(statesWhere(isMissing)).toEqual(states.filter((state) => !fine.includes(state)));
  });

  it('nowhere if it is not wanted', () => {
    expect(statesWhere(isMissing, { wanted: 'down' })).toEqual([]);
  });
});

describe('a server is on its way', () => {
  const underWay = [
    'idle.waiting',
    'idle.queued',
    'starting.spawning',
    'starting.initializing',
    'starting.listing',
  ] as const;

  it('where it starts, or is next to start', () => {
    expect(statesWhere(isOnItsWay)).toEqual(underWay);
  });

  it('but where it waits for a dependency that is down for good', () => {
    expect(statesWhere(isOnItsWay, blocked)).toEqual(underWay.slice(1));
  });

  it('wherever its session ends for another to start', () => {
    expect(statesWhere(isOnItsWay, { next: 'starting' })).toEqual([...underWay.slice(0, 2), ...statesWith('live')]);
  });
});

describe('a server is tried again', () => {
  it('where it is wanted and not at rest', () => {
    for (const context of [{}, blocked])
      expect(statesWhere(isTriedAgain, context)).toEqual(
        states.filter((state) => !statesWhere(isAtRest, context).includes(state)),
      );
  });

  it('only where it starts already, if it is not wanted', () => {
    expect(statesWhere(isTriedAgain, { wanted: 'down' })).toEqual(statesWhere(isOnItsWay, { wanted: 'down' }));
  });
});

describe('a server is held back', () => {
  const dead = states.filter((state) => !statesWith('live').includes(state));

  it('in no state, if it waits for nothing', () => {
    expect(statesWhere(isHeldBack)).toEqual([]);
    expect(statesWhere(isHeldBack, { autostart: true })).toEqual([]);
  });

  it.each([
    ['whose dependency is down for good', blocked],
    ['that is to start and waits for a dependency', { autostart: true, waitingFor: ['d'] }],
    ['that is to start and waits for its group', { autostart: true, heldFor: ['b'] }],
  ] as const)('wherever it does not run, %s', (_, context) => {
    expect(statesWhere(isHeldBack, context)).toEqual(dead);
  });

  it('nowhere, if it is not to start', () => {
    expect(statesWhere(isHeldBack, { waitingFor: ['d'], heldFor: ['b'] })).toEqual([]);
  });
});

describe('a command', () => {
  const takes =
    (kind: CommandKind, context?: Partial<ServerContext>) =>
    (state: string): boolean =>
      snapshotIn(state, context).can({ type: `server.${kind}`, commandId: '', at: 0, random: 0 });

  it.each(['start', 'stop', 'restart', 'reset'] as const)(
    '%s is taken note of in every state, if only to refuse it',
    (kind) => {
      for (const context of [{}, blocked, { removing: true }, { shuttingDown: true }])
        expect(states.filter(takes(kind, context))).toEqual(states);
    },
  );

  it('retry means something where a try is due or a person is wanted', () => {
    for (const context of [{}, blocked])
      expect(states.filter(takes('retry', context))).toEqual([
        'backoff.delaying',
        'backoff.waiting',
        'backoff.queued',
        'needs-auth',
      ]);
  });
});

describe('a call', () => {
  const wakes = (context: Partial<ServerContext>) =>
    states.filter((state) => {
      const before = snapshotIn(state, { policy: policyOf({ lazy: true }), ...context });
      const [after] = transition(charts.server, before, { type: 'server.needed' });
      return isOnItsWay(after) && JSON.stringify(after) !== JSON.stringify(before);
    });
  const asleep = ['idle.resting', 'idle.waiting', 'idle.queued'];

  it('wakes a lazy server that sleeps or falls asleep', () => {
    expect(wakes({ next: 'idle' })).toEqual([
      ...asleep,
      ...states.filter((state) => /^(heartbeat-timeout|stopping)/.test(state)),
    ]);
    expect(wakes({ next: 'backoff' })).toEqual(asleep);
  });

  it.each([
    ['not lazy', { policy: policyOf() }],
    ['not wanted', { wanted: 'down' }],
    ['leaving', { removing: true }],
  ] as const)('wakes none that is %s', (_, context) => {
    expect(wakes(context)).toEqual([]);
  });
});
