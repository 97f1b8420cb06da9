/** A server whose session is being ended, because it hangs or for any other reason, and what comes after that. */

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
 * What a dying session's states have in common: commands and news change what comes next, only `session.ended` leads
 * out.
 */
const ending = state({
  on: {
    'server.start': startWhileEnding,
    'server.restart': startWhileEnding,
    'server.stop': { actions: [acceptNow, wantDown, thenIdle, 'rest', 'report'] },
    'server.reset': { actions: [acceptNow, 'forgetFailures'] },
    // Only one that goes to sleep is woken: after a failure the delay and the budget hold.
    'server.needed': { guard: 'fallsAsleep', actions: [thenStart, 'noteCall', 'report'] },
    'server.configure': {
      actions: [{ type: 'thenGoAsConfigured', params: ({ event }) => event }, configured, 'rest', 'report'],
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

/** KILL did not help: it is sent again, and what waits for the end of this server goes on. */
const stuck = state({
  tags: ['stuck'],
  entry: [{ type: 'endSession', params: { kind: 'kill' } }, standing('stuck')],
  after: { stuckRepeat: { target: 'stuck', reenter: true } },
});

/** The server hangs. Its calls have been failed; its process group is being ended. */
export const heartbeatTimeout = state({
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

/** The session is being ended, politely, then surely. */
export const stopping = state({
  tags: ['live'],
  initial: 'closing',
  entry: standing('ending'),
  on: ending.on,
  states: {
    closing: {
      entry: { type: 'endSession', params: { kind: 'close' } },
      after: { close: 'terminating' },
      // Its leader is gone: nobody is left to be polite to.
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

/** Never seen from outside: where an actor just born, and a life that has ended, are led on. */
export const deciding = state({
  always: [
    { guard: 'startsAgain', target: 'starting' },
    { guard: 'startsInTurn', target: 'idle', actions: 'autostart' },
    { guard: 'retries', target: 'backoff' },
    { guard: 'isSpent', target: 'failed' },
    { guard: 'needsPerson', target: 'needs-auth' },
    { target: 'idle' },
  ],
});
