/** The state between a failure and the next try. */

import {
  acceptNow,
  configured,
  dependenciesNoted,
  dueNow,
  refuse,
  slotWanted,
  standing,
  state,
  wantDown,
  wantUp,
} from './actions.ts';

/** A person's start skips the delay, but not the wait for a dependency. */
const startFromBackoff = [
  { guard: 'mayStart', target: '#server.starting', actions: [acceptNow, wantUp, 'forgetFailures'] },
  {
    guard: 'isBlocked',
    target: '#server.backoff.waiting',
    actions: [refuse, wantUp, 'forgetFailures', 'overrule', dueNow],
  },
  { target: '#server.backoff.waiting', actions: [acceptNow, wantUp, 'forgetFailures', 'overrule', dueNow] },
] as const;

/** It waits out the delay, then waits for dependencies and its group's round, then for a start slot. */
export const backoff = state({
  description: 'Waits for the next try, then for dependencies and the round of its group, then for a start slot.',
  initial: 'delaying',
  exit: 'forgetRetry',
  on: {
    'server.start': startFromBackoff,
    'server.restart': startFromBackoff,
    'server.retry': [
      { guard: 'mayStart', target: 'starting', actions: [acceptNow, wantUp] },
      { guard: 'isBlocked', actions: refuse },
      { target: '.waiting', actions: [acceptNow, wantUp, 'overrule', dueNow] },
    ],
    'server.stop': { target: 'idle', actions: [acceptNow, wantDown, 'rest'] },
    'server.reset': { actions: [acceptNow, 'forgetFailures'] },
    'server.configure': [
      { guard: { type: 'turnsOff', params: ({ event }) => event }, target: 'idle', actions: configured },
      {
        guard: { type: 'changes', params: ({ event }) => event },
        target: '.queued',
        actions: [configured, dueNow, 'report'],
      },
      { actions: [configured, 'rest', 'rejectBlocked', 'report'] },
    ],
    'server.remove': { target: 'idle', actions: 'remove' },
    'server.shutdown': { target: 'idle', actions: 'shutDown' },
  },
  states: {
    delaying: {
      description: 'The delay before the next try is running.',
      tags: ['delayed'],
      entry: standing('delaying'),
      after: { retry: [{ guard: 'isHeldBack', target: 'waiting' }, { target: 'queued' }] },
      on: {
        'machine.resumed': [
          { guard: 'isAway', target: 'waiting', actions: dueNow },
          // Timers stop while the machine sleeps, but `nextRetryAt`, which users see, must stay true.
          { target: 'delaying', reenter: true, actions: { type: 'keepRetryTime', params: ({ event }) => event } },
        ],
      },
    },
    waiting: {
      description: "The delay is over: it waits for approval, for dependencies or for its group's round.",
      tags: ['waits'],
      entry: ['rejectBlocked', standing('due')],
      always: [
        { guard: 'startsUrgently', target: '#server.starting' },
        { guard: 'isCleared', target: 'queued' },
      ],
      on: { 'dependencies.changed': { actions: [dependenciesNoted, 'rejectBlocked', 'report'] } },
    },
    queued: {
      description: 'It waits for a start slot.',
      entry: slotWanted,
      exit: 'leaveQueue',
      always: { guard: 'isHeldBack', target: 'waiting' },
      on: { 'slot.granted': '#server.starting' },
    },
  },
});
