/** The state in which a session is being opened. */

import {
  acceptNow,
  configuredAsItRuns,
  crowdingNoted,
  endsByPlan,
  endThenIdle,
  endThenRestart,
  slotReturned,
  slotReturnedEarly,
  standing,
  startsRejected,
  state,
  stopsDone,
  unreadNoted,
  wantDown,
  wantUp,
} from './actions.ts';

/** The session is being opened: process or connection, handshake, first lists, each with its own time limit. */
export const starting = state({
  description:
    'A session is being opened: the process or connection, the handshake, the first lists, each with its own time limit.',
  tags: ['live', 'on-its-way'],
  initial: 'spawning',
  // A stop that is still open, because a plan wants a start since, is done: the old session is gone.
  entry: [stopsDone, 'beginLife', 'openSession', standing('starting')],
  exit: slotReturned,
  after: { slot: { actions: slotReturnedEarly } },
  on: {
    'server.start': { actions: [acceptNow, wantUp, 'forgetFailures', 'report'] },
    'server.stop': { target: 'stopping', actions: [acceptNow, wantDown, endThenIdle] },
    'server.restart': endThenRestart,
    'server.reset': { actions: [acceptNow, 'forgetFailures'] },
    'server.needed': {},
    'round.stop': { target: 'stopping', actions: { type: 'endForRound', params: ({ event }) => event } },
    'server.configure': [...endsByPlan, { actions: [configuredAsItRuns, 'rest', 'report'] }],
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
    'session.progressed': {},
    'session.unread': unreadNoted,
    'session.crowded': crowdingNoted,
  },
  states: {
    spawning: {
      description: 'The process or the connection is being made.',
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
      description: 'The handshake is under way.',
      entry: 'awaitAnswer',
      exit: 'awaitNothing',
      after: { installTimeout: { target: '#server.stopping', actions: 'timeOutAtWork' } },
      on: {
        'session.initialized': { guard: 'isCurrent', target: 'listing' },
        'session.progressed': { guard: 'isCurrent', actions: 'awaitAnswer' },
        'start.due': {
          target: '#server.stopping',
          actions: { type: 'timeOut', params: { phase: 'initializing' } },
        },
      },
    },
    listing: {
      description: 'The first lists are being read.',
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
