/** A server whose session is being opened, or answers. */

import {
  acceptNow,
  configured,
  endThenIdle,
  endThenStart,
  groupTold,
  refuse,
  slotReturned,
  standing,
  startsDone,
  startsRejected,
  state,
  stopsDone,
  wantDown,
  wantUp,
} from './actions.ts';

/** A start whose dependency is down for good ends no session that works. */
const endThenRestart = [
  { guard: 'isBlocked', actions: refuse },
  { target: '#server.stopping', actions: [acceptNow, wantUp, 'forgetFailures', endThenStart] },
] as const;

/** A plan that turns the server off, or gives it another specification. */
const endsByPlan = [
  {
    guard: { type: 'turnsOff', params: configured.params },
    target: '#server.stopping',
    actions: [configured, 'rest', endThenIdle],
  },
  {
    guard: { type: 'isChanged', params: configured.params },
    target: '#server.stopping',
    actions: [configured, 'rest', endThenStart],
  },
] as const;

/** One session is being opened: process or connection, handshake, first lists, each with a budget of its own. */
export const starting = state({
  tags: ['live', 'on-its-way'],
  initial: 'spawning',
  // A stop that a plan overtook is done: its session is gone.
  entry: [stopsDone, 'beginLife', 'openSession', standing('starting')],
  exit: slotReturned,
  after: { slot: { actions: slotReturned } },
  on: {
    'server.start': { actions: [acceptNow, wantUp, 'forgetFailures', 'report'] },
    'server.stop': { target: 'stopping', actions: [acceptNow, wantDown, endThenIdle] },
    'server.restart': endThenRestart,
    'server.reset': { actions: [acceptNow, 'forgetFailures'] },
    'server.needed': {},
    'round.stop': { target: 'stopping', actions: { type: 'endForRound', params: ({ event }) => event } },
    'server.configure': [...endsByPlan, { actions: [configured, 'rest', 'report'] }],
    'server.remove': { target: 'stopping', actions: ['remove', endThenIdle, startsRejected] },
    'server.shutdown': { target: 'stopping', actions: ['shutDown', endThenIdle, startsRejected] },
    'session.failed': {
      guard: 'isCurrent',
      target: 'stopping',
      actions: { type: 'fail', params: ({ event }) => event },
    },
    'session.exited': {
      guard: 'isCurrent',
      target: 'stopping.terminating',
      actions: { type: 'fail', params: ({ event }) => event },
    },
    'session.ended': {
      guard: 'isCurrent',
      target: 'deciding',
      actions: { type: 'conclude', params: ({ event }) => event },
    },
    'session.doubted': {},
  },
  states: {
    spawning: {
      after: {
        spawnTimeout: { target: '#server.stopping', actions: { type: 'timeOut', params: { phase: 'spawning' } } },
      },
      on: {
        'session.spawned': {
          guard: 'isCurrent',
          target: 'initializing',
          actions: { type: 'noteProcess', params: ({ event }) => event },
        },
      },
    },
    initializing: {
      after: {
        initializeTimeout: {
          target: '#server.stopping',
          actions: { type: 'timeOut', params: { phase: 'initializing' } },
        },
      },
      on: { 'session.initialized': { guard: 'isCurrent', target: 'listing' } },
    },
    listing: {
      after: {
        listTimeout: { target: '#server.stopping', actions: { type: 'timeOut', params: { phase: 'listing' } } },
      },
      on: {
        'session.ready': {
          guard: 'isCurrent',
          target: '#server.connected',
          actions: { type: 'connect', params: ({ event }) => event },
        },
      },
    },
  },
});

/**
 * The session answers. Messages are life; only a quiet session is probed, and a silent one is asked twice before it is
 * called hung.
 */
export const connected = state({
  tags: ['live', 'settled'],
  initial: 'quiet',
  entry: [startsDone, { type: 'armIdleStop', params: { unusedForMs: 0 } }, standing('connected')],
  exit: 'disarmIdleStop',
  after: { stableAfter: { actions: 'forgive' } },
  on: {
    'server.start': { actions: [acceptNow, wantUp, 'forgetFailures', startsDone] },
    'server.stop': { target: 'stopping', actions: [acceptNow, wantDown, endThenIdle] },
    'server.restart': endThenRestart,
    'server.reset': { actions: [acceptNow, 'forgetFailures'] },
    'server.needed': {},
    'round.stop': { target: 'stopping', actions: { type: 'endForRound', params: ({ event }) => event } },
    'dependents.changed': {
      actions: [
        { type: 'noteDependents', params: ({ event }) => event },
        { type: 'armIdleStop', params: { unusedForMs: 0 } },
        'report',
      ],
    },
    'server.configure': [
      ...endsByPlan,
      {
        target: '.quiet',
        actions: [
          configured,
          'rest',
          { type: 'keepQuiet', params: { quietForMs: 0 } },
          { type: 'armIdleStop', params: { unusedForMs: 0 } },
          'report',
        ],
      },
    ],
    'server.remove': { target: 'stopping', actions: ['remove', endThenIdle] },
    'server.shutdown': { target: 'stopping', actions: ['shutDown', endThenIdle] },
    'machine.resumed': { target: '.quiet', actions: { type: 'wake', params: ({ event }) => event } },
    'session.failed': {
      guard: 'isCurrent',
      target: 'stopping',
      actions: [{ type: 'fail', params: ({ event }) => event }, groupTold],
    },
    'session.exited': {
      guard: 'isCurrent',
      target: 'stopping.terminating',
      actions: [{ type: 'fail', params: ({ event }) => event }, groupTold],
    },
    'session.ended': {
      guard: 'isCurrent',
      target: 'deciding',
      actions: [{ type: 'conclude', params: ({ event }) => event }, groupTold],
    },
    'session.doubted': {},
    'probe.answered': {
      guard: 'isCurrent',
      target: '.quiet',
      actions: [
        { type: 'noteLatency', params: ({ event }) => event },
        { type: 'keepQuiet', params: { quietForMs: 0 } },
      ],
    },
    'session.heard': {},
    'idle.due': {
      actions: {
        type: 'armIdleStop',
        params: ({ context }) => ({ unusedForMs: context.policy.idleStopMs - context.policy.heartbeat.timeoutMs }),
      },
    },
  },
  states: {
    quiet: {
      after: { quiet: { actions: 'ask' } },
      on: {
        'idle.due': { actions: 'ask' },
        'session.doubted': { guard: 'isCurrent', target: 'probing' },
        'session.heard': [
          { guard: 'isUnused', target: '#server.stopping', actions: endThenIdle },
          { guard: 'isQuiet', target: 'probing' },
          {
            guard: 'isAnswer',
            target: 'quiet',
            reenter: true,
            actions: [
              { type: 'keepQuiet', params: ({ event }) => event },
              { type: 'armIdleStop', params: ({ event }) => event },
            ],
          },
        ],
      },
    },
    probing: {
      entry: [
        { type: 'probe', params: { kind: 'ping' } },
        { type: 'tellProbe', params: { kind: 'ping' } },
      ],
      after: { probeTimeout: { actions: 'ask' } },
      on: {
        'session.heard': [
          { guard: 'isAlive', target: 'quiet', actions: { type: 'keepQuiet', params: ({ event }) => event } },
          { guard: 'isOurLag', target: 'probing', reenter: true, actions: 'excuse' },
          { guard: 'isPatient', target: 'probing', reenter: true, actions: 'miss' },
          { guard: 'isAnswer', target: 'confirming', actions: 'miss' },
        ],
      },
    },
    confirming: {
      entry: [
        { type: 'probe', params: { kind: 'list' } },
        { type: 'tellProbe', params: { kind: 'list' } },
      ],
      after: { probeTimeout: { actions: 'ask' } },
      on: {
        'session.heard': [
          { guard: 'isAlive', target: 'quiet', actions: { type: 'keepQuiet', params: ({ event }) => event } },
          { guard: 'isOurLag', target: 'confirming', reenter: true, actions: 'excuse' },
          { guard: 'isPatient', target: 'probing', actions: 'miss' },
          {
            guard: 'isAnswer',
            target: '#server.heartbeat-timeout',
            actions: [{ type: 'hang', params: ({ event }) => event }, groupTold],
          },
        ],
      },
    },
  },
});
