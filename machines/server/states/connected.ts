/** The state in which the session answers. */

import {
  acceptNow,
  configuredAsItRuns,
  crowdingNoted,
  endsByPlan,
  endThenIdle,
  endThenRestart,
  lossReported,
  standing,
  startsDone,
  state,
  unreadNoted,
  wantDown,
  wantUp,
} from './actions.ts';

const callTimeNoted = {
  type: 'noteCallTime',
  params: ({ event }: { event: { readonly callLeftMs: number } }) => event,
} as const;

/**
 * Every message shows that the server is alive: only a quiet session is probed. One that misses its probes is asked
 * in a second way before it counts as hung, and never counts as hung while a call in flight has time left.
 */
export const connected = state({
  description:
    'The session answers, and its lists are those of this life. A quiet session is probed. One that misses its probes is asked in a second way before it counts as hung.',
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
          configuredAsItRuns,
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
      actions: [{ type: 'fail', params: ({ event }) => event }, lossReported],
    },
    'session.exited': {
      guard: 'isCurrent',
      target: 'stopping.terminating',
      actions: [{ type: 'fail', params: ({ event }) => event }, lossReported],
    },
    'session.ended': {
      guard: 'isCurrent',
      target: 'deciding',
      actions: [{ type: 'conclude', params: ({ event }) => event }, lossReported],
    },
    'session.doubted': {},
    'session.unread': unreadNoted,
    'session.crowded': crowdingNoted,
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
      description: 'A message came not long ago: the next probe is not due.',
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
      description: 'It has been quiet for the interval, and has been sent a ping.',
      entry: [
        { type: 'probe', params: { kind: 'ping' } },
        { type: 'emitProbe', params: { kind: 'ping' } },
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
      description: 'It missed its probes and is asked in another way.',
      entry: [
        { type: 'probe', params: { kind: 'list' } },
        { type: 'emitProbe', params: { kind: 'list' } },
      ],
      after: { probeTimeout: { actions: 'ask' } },
      on: {
        'session.heard': [
          { guard: 'isAlive', target: 'quiet', actions: { type: 'keepQuiet', params: ({ event }) => event } },
          { guard: 'isOurLag', target: 'confirming', reenter: true, actions: 'excuse' },
          { guard: 'isPatient', target: 'probing', actions: 'miss' },
          { guard: 'isAwaited', target: 'awaiting', actions: callTimeNoted },
          {
            guard: 'isAnswer',
            target: '#server.heartbeat-timeout',
            actions: [{ type: 'hang', params: ({ event }) => ({ ...event, hadCalls: false }) }, lossReported],
          },
        ],
      },
    },
    /** Silent through the probes and the confirmation, but a call in flight has time left. Any message ends this. */
    awaiting: {
      description: 'It is silent, but a call in flight has time left.',
      after: { callTime: { actions: 'ask' } },
      on: {
        'session.heard': [
          { guard: 'isAlive', target: 'quiet', actions: { type: 'keepQuiet', params: ({ event }) => event } },
          { guard: 'isAwaited', target: 'awaiting', reenter: true, actions: callTimeNoted },
          { guard: 'isOurLag', target: 'confirming', actions: 'excuse' },
          { guard: 'isPatient', target: 'probing', actions: 'miss' },
          {
            guard: 'isAnswer',
            target: '#server.heartbeat-timeout',
            actions: [{ type: 'hang', params: ({ event }) => ({ ...event, hadCalls: true }) }, lossReported],
          },
        ],
      },
    },
  },
});
