/** The states in which a session is being ended, and the state that decides what comes after that. */

import {
  acceptNow,
  acceptWhileEnding,
  configured,
  refuse,
  standing,
  startsRejected,
  state,
  stopsDone,
  thenIdle,
  thenStart,
  wantDown,
  wantUp,
} from './actions.ts';

const startWhileEnding = [
  { guard: 'isBlocked', actions: [refuse, wantUp, 'forgetFailures', thenStart, 'overrule', 'report'] },
  { guard: 'mayRun', actions: [acceptWhileEnding, wantUp, 'forgetFailures', thenStart, 'overrule', 'report'] },
  { actions: refuse },
] as const;

/**
 * What these states have in common: commands and news change what comes next, but only `session.ended` leads out.
 */
const ending = state({
  on: {
    'server.start': startWhileEnding,
    'server.restart': startWhileEnding,
    'server.stop': { actions: [acceptNow, wantDown, thenIdle, 'rest', 'report'] },
    'server.reset': { actions: [acceptNow, 'forgetFailures'] },
    // Only a server that is falling asleep is started again: after a failure the delay and the budget apply.
    'server.needed': { guard: 'fallsAsleep', actions: [thenStart, 'noteCall', 'report'] },
    'server.configure': {
      actions: [{ type: 'setNextByPlan', params: ({ event }) => event }, configured, 'rest', 'report'],
    },
    'server.remove': { actions: ['remove', thenIdle, startsRejected, stopsDone, 'report'] },
    'server.shutdown': { actions: ['shutDown', thenIdle, startsRejected, 'report'] },
    'session.spawned': { guard: 'isCurrent', actions: { type: 'noteProcess', params: ({ event }) => event } },
    'session.failed': { guard: 'isCurrent', actions: { type: 'fail', params: ({ event }) => event } },
    'session.exited': { guard: 'isCurrent', actions: { type: 'fail', params: ({ event }) => event } },
    'session.ended': {
      guard: 'isCurrent',
      target: 'deciding',
      actions: { type: 'conclude', params: ({ event }) => event },
    },
  },
});

/** SIGKILL did not help. It is sent again from time to time, and other servers do not wait for this one any more. */
const stuck = state({
  description: 'The process group survives SIGKILL, which is sent again from time to time.',
  tags: ['stuck'],
  entry: [{ type: 'endSession', params: { kind: 'kill' } }, standing('stuck')],
  after: { stuckRepeat: { target: 'stuck', reenter: true } },
});

/** The server hangs. Its calls have failed, and its process group is being ended. */
export const heartbeatTimeout = state({
  description:
    'The server hangs, and its process group is being ended. Commands change what comes next, not this state.',
  tags: ['live'],
  initial: 'terminating',
  entry: standing('ending'),
  on: ending.on,
  states: {
    terminating: { entry: { type: 'endSession', params: { kind: 'terminate' } }, after: { terminate: 'killing' } },
    killing: { entry: { type: 'endSession', params: { kind: 'kill' } }, after: { kill: 'stuck' } },
    stuck,
  },
});

/** The session is being ended: first it is asked to close, then its process group is terminated, then killed. */
export const stopping = state({
  description:
    'The session is being ended: it is asked to close, then terminated, then killed. The chart remembers what comes next.',
  tags: ['live'],
  initial: 'closing',
  entry: standing('ending'),
  on: ending.on,
  states: {
    closing: {
      entry: { type: 'endSession', params: { kind: 'close' } },
      after: { close: 'terminating' },
      // The process itself is gone and cannot react to a closed stdin: the rest of its group is terminated.
      on: {
        'session.exited': {
          guard: 'isCurrent',
          target: 'terminating',
          actions: { type: 'fail', params: ({ event }) => event },
        },
      },
    },
    terminating: { entry: { type: 'endSession', params: { kind: 'terminate' } }, after: { terminate: 'killing' } },
    killing: { entry: { type: 'endSession', params: { kind: 'kill' } }, after: { kill: 'stuck' } },
    stuck,
  },
});

/** Chooses the state for a new actor and after the end of a session. It is left in the same step. */
export const deciding = state({
  description: 'Chooses the state of a new actor, and what comes after a session. It is left in the same step.',
  always: [
    { guard: 'startsAgain', target: 'starting' },
    { guard: 'startsInTurn', target: 'idle', actions: 'autostart' },
    { guard: 'retries', target: 'backoff' },
    { guard: 'isSpent', target: 'failed' },
    { guard: 'needsPerson', target: 'needs-auth' },
    { target: 'idle' },
  ],
});
