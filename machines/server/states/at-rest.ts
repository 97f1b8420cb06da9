/**
 * The states without a session and without a timer: the server rests, waits to start, has failed, or needs a person.
 */

import {
  acceptNow,
  configured,
  dependenciesNoted,
  refuse,
  slotWanted,
  standing,
  startsRejected,
  state,
  stopsDone,
  thenIdle,
  wantDown,
  wantUp,
} from './actions.ts';

/**
 * A person's start: at once, or when the dependencies are connected. It is refused if one of them does not connect by
 * itself, but the wish is kept.
 */
const startFromRest = [
  { guard: 'mayStart', target: '#server.starting', actions: [acceptNow, wantUp, 'forgetFailures'] },
  {
    guard: 'isBlocked',
    target: '#server.idle.waiting',
    actions: [refuse, wantUp, 'forgetFailures', 'autostart', 'overrule'],
  },
  {
    guard: 'mayRun',
    target: '#server.idle.waiting',
    actions: [acceptNow, wantUp, 'forgetFailures', 'autostart', 'overrule'],
  },
  { actions: refuse },
] as const;

/**
 * It rests; or waits in `waiting` for approval, for dependencies, or for members of its group that restart before it;
 * or waits in `queued` for a start slot: slots keep a boot from starting everything at once.
 */
export const idle = state({
  description: 'Nothing runs: the server is not wanted, or it is wanted and lazy, finished, or waiting to start.',
  initial: 'resting',
  entry: [stopsDone, thenIdle],
  on: {
    'server.start': startFromRest,
    'server.restart': startFromRest,
    'server.stop': { target: '.resting', actions: [acceptNow, wantDown, 'rest', stopsDone] },
    'server.reset': { actions: [acceptNow, 'forgetFailures', thenIdle] },
    'server.needed': [
      { guard: 'startsWhenCalled', target: 'starting' },
      { guard: 'mayBeCalled', target: '.waiting', actions: ['autostart', 'noteCall'] },
    ],
    'server.configure': { actions: [configured, 'rejectBlocked', 'report'] },
    'server.remove': { target: '.resting', actions: 'remove' },
    'server.shutdown': { target: '.resting', actions: 'shutDown' },
  },
  states: {
    resting: {
      description: 'Nothing is to be started.',
      tags: ['settled', 'rests'],
      entry: ['rejectAtRest', standing('resting'), 'reportGone'],
      always: [
        { guard: 'isDue', target: 'queued' },
        { guard: 'autostarts', target: 'waiting' },
      ],
      on: { 'dependents.waiting': { guard: 'mayBeCalled', target: 'waiting', actions: 'autostart' } },
    },
    waiting: {
      description: "It is to start, and waits for approval, for dependencies or for its group's round.",
      tags: ['waits', 'on-its-way'],
      entry: ['rejectBlocked', standing('waiting')],
      always: [
        { guard: 'rests', target: 'resting' },
        { guard: 'isCalledInVain', target: 'resting', actions: 'rest' },
        { guard: 'startsUrgently', target: '#server.starting' },
        { guard: 'isCleared', target: 'queued' },
      ],
      on: { 'dependencies.changed': { actions: [dependenciesNoted, 'rejectBlocked', 'report'] } },
    },
    queued: {
      description: 'It waits for a start slot.',
      tags: ['on-its-way'],
      entry: [slotWanted, standing('waiting')],
      exit: 'leaveQueue',
      always: [
        { guard: 'rests', target: 'resting' },
        { guard: 'isHeldBack', target: 'waiting' },
      ],
      on: { 'slot.granted': '#server.starting' },
    },
  },
});

/** With another specification the server is tried again. */
const tryAgainByPlan = [
  { guard: { type: 'turnsOff', params: configured.params }, target: '#server.idle', actions: configured },
  { guard: { type: 'changes', params: configured.params }, target: '#server.idle', actions: configured },
  { actions: [configured, 'rest', 'report'] },
] as const;

/** What the server lacked is there: it starts, or sleeps on until it is called. A person brought it, and so has forgiven it. */
const tryAgainAsFound = [
  { guard: 'sleepsOn', target: '#server.idle', actions: 'forgetFailures' },
  { guard: 'isWanted', target: '#server.idle', actions: ['forgetFailures', 'autostart'] },
] as const;

/** Other credentials may be wrong, too: nothing is forgiven. */
const tryOtherCredentials = [
  { guard: 'sleepsOn', target: '#server.idle' },
  { guard: 'isWanted', target: '#server.idle', actions: 'autostart' },
] as const;

/**
 * The budget is used up, or no restart can help: it waits for a person or another specification. A command or
 * folder that was missing is looked for.
 */
export const failed = state({
  description:
    'The restart budget is used up, or no restart can help: it waits for a person or another specification. A missing command or folder is looked for.',
  tags: ['settled', 'looks'],
  entry: [startsRejected, thenIdle, standing('failed'), 'beginLooking'],
  exit: 'endLooking',
  on: {
    'server.start': startFromRest,
    'server.restart': startFromRest,
    'server.stop': { target: 'idle', actions: [acceptNow, wantDown, 'rest'] },
    'server.reset': { target: 'idle', actions: [acceptNow, wantDown, 'forgetFailures', thenIdle] },
    'server.configure': tryAgainByPlan,
    'server.remove': { target: 'idle', actions: 'remove' },
    'server.shutdown': { target: 'idle', actions: 'shutDown' },
    'look.due': { actions: 'look' },
    'look.found': tryAgainAsFound,
  },
});

/**
 * A remote server needs a person to authorize it; it is not tried again with the same credentials. When the files that
 * they come from say something else, it is.
 */
export const needsAuth = state({
  description:
    'A remote server refuses our credentials: it needs a person, or files that say something else. The same ones are not tried again.',
  tags: ['settled', 'looks'],
  entry: [startsRejected, standing('needs-auth'), 'beginLooking'],
  exit: 'endLooking',
  on: {
    'server.start': startFromRest,
    'server.restart': startFromRest,
    'server.retry': [
      { guard: 'mayStart', target: 'starting', actions: [acceptNow, wantUp] },
      { guard: 'isBlocked', actions: refuse },
      { target: 'idle', actions: [acceptNow, wantUp, 'autostart'] },
    ],
    'server.stop': { target: 'idle', actions: [acceptNow, wantDown, 'rest'] },
    'server.reset': { actions: [acceptNow, 'forgetFailures'] },
    'server.configure': tryAgainByPlan,
    'server.remove': { target: 'idle', actions: 'remove' },
    'server.shutdown': { target: 'idle', actions: 'shutDown' },
    'look.due': { actions: 'look' },
    'look.found': tryOtherCredentials,
  },
});
