/**
 * One MCP server: what state it is in, why, and what comes next.
 *
 * Invariant: at most one session at any instant; the next one opens only after `session.ended` of the last.
 * Invariant: `idle`, `backoff`, `failed` and `needs-auth` have no session, and no timer but the delay of `backoff`.
 * Invariant: `connected` is entered by `session.ready` only: after the handshake and the first lists.
 * Invariant: `stopping` and `heartbeat-timeout` are left by `session.ended` only; commands change what comes next.
 * Invariant: news of an older generation changes nothing.
 * Invariant: `starting` is entered only while every dependency is connected, and by its own account only when no round holds it.
 * Invariant: every accepted command settles exactly once; what is open in `idle`, `connected`, `failed` or `needs-auth` has settled.
 * Invariant: `attempt` is forgiven by stability or a person only.
 */

import type { Clearance } from './clearance.ts';
import type { CommandEvent, Moment, ServerContext } from './server-events.ts';
import { contextOf } from './server-life.ts';
import { serverSetup } from './server-setup.ts';

const acceptNow = { type: 'accept', params: ({ event }: { event: CommandEvent }) => ({ ...event, ending: false }) } as const;
const acceptWhileEnding = {
  type: 'accept',
  params: ({ context, event }: { context: ServerContext; event: CommandEvent }) => ({ ...event, ending: context.next === 'starting' }),
} as const;
const refuse = { type: 'refuse', params: ({ event }: { event: CommandEvent }) => event } as const;
const wantUp = { type: 'want', params: { wanted: 'up' } } as const;
const wantDown = { type: 'want', params: { wanted: 'down' } } as const;
const startsDone = { type: 'settle', params: { wish: 'up', outcome: 'done' } } as const;
const startsRejected = { type: 'settle', params: { wish: 'up', outcome: 'rejected' } } as const;
const stopsDone = { type: 'settle', params: { wish: 'down', outcome: 'done' } } as const;
const thenIdle = { type: 'thenGo', params: { next: 'idle' } } as const;
const thenStart = { type: 'thenGo', params: { next: 'starting' } } as const;
const endThenIdle = { type: 'endWith', params: { next: 'idle' } } as const;
const endThenStart = { type: 'endWith', params: { next: 'starting' } } as const;

/** After a failure in `connected` has been noted: its group may have to act on it. */
const groupTold = { type: 'reportLost', params: ({ event }: { event: Moment }) => event } as const;

const state = serverSetup.createStateConfig;

/** A person's start: at once, or as soon as the dependencies are connected; refused, with the wish kept, if one of them does not come by itself. */
const startFromRest = [
  { guard: 'mayStart', target: '#server.starting', actions: [acceptNow, wantUp, 'forgetFailures'] },
  { guard: 'isBlocked', target: '#server.idle.waiting', actions: [refuse, wantUp, 'forgetFailures', 'autostart', 'overrule'] },
  { guard: 'mayRun', target: '#server.idle.waiting', actions: [acceptNow, wantUp, 'forgetFailures', 'autostart', 'overrule'] },
  { actions: refuse },
] as const;

/** A start whose dependency is down for good ends no session that works. */
const endThenRestart = [
  { guard: 'isBlocked', actions: refuse },
  { target: '#server.stopping', actions: [acceptNow, wantUp, 'forgetFailures', endThenStart] },
] as const;

const dependenciesNoted = { type: 'noteDependencies', params: ({ event }: { event: Clearance }) => event } as const;

/**
 * Rests; or waits in `waiting` for dependencies or for the members of its group that restart before it; or in `queued` for one of the start slots that
 * keep a boot from starting everything at once.
 */
const idle = state({
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
    'server.configure': { actions: { type: 'configure', params: ({ event }) => event } },
    'server.remove': { target: '.resting', actions: 'remove' },
    'server.shutdown': { target: '.resting', actions: 'shutDown' },
  },
  states: {
    resting: {
      tags: ['settled'],
      entry: ['rejectAtRest', 'reportChanged', 'reportGone'],
      always: [
        { guard: 'isDue', target: 'queued' },
        { guard: 'autostarts', target: 'waiting' },
      ],
      on: { 'dependents.waiting': { guard: 'mayBeCalled', target: 'waiting', actions: 'autostart' } },
    },
    waiting: {
      entry: ['reportChanged', 'rejectBlocked'],
      always: [
        { guard: 'rests', target: 'resting' },
        { guard: 'isCalledInVain', target: 'resting', actions: 'rest' },
        { guard: 'startsUrgently', target: '#server.starting' },
        { guard: 'isCleared', target: 'queued' },
      ],
      on: { 'dependencies.changed': { actions: [dependenciesNoted, 'rejectBlocked'] } },
    },
    queued: {
      entry: ['requestSlot', 'reportChanged'],
      exit: 'leaveQueue',
      always: [
        { guard: 'rests', target: 'resting' },
        { guard: 'isHeldBack', target: 'waiting' },
      ],
      on: { 'slot.granted': '#server.starting' },
    },
  },
});

/** One session is being opened: process or connection, handshake, first lists, each with a budget of its own. */
const starting = state({
  tags: ['live'],
  initial: 'spawning',
  // A stop that a plan overtook is done: its session is gone.
  entry: [stopsDone, 'beginLife', 'openSession', 'reportChanged'],
  exit: 'returnSlot',
  after: { slot: { actions: 'returnSlot' } },
  on: {
    'server.start': { actions: [acceptNow, wantUp, 'forgetFailures'] },
    'server.stop': { target: 'stopping', actions: [acceptNow, wantDown, endThenIdle] },
    'server.restart': endThenRestart,
    'server.reset': { actions: [acceptNow, 'forgetFailures'] },
    'server.needed': {},
    'round.stop': { target: 'stopping', actions: { type: 'endForRound', params: ({ event }) => event } },
    'server.configure': [
      {
        guard: { type: 'turnsOff', params: ({ event }) => event },
        target: 'stopping',
        actions: [{ type: 'configure', params: ({ event }) => event }, 'rest', endThenIdle],
      },
      {
        guard: { type: 'isChanged', params: ({ event }) => event },
        target: 'stopping',
        actions: [{ type: 'configure', params: ({ event }) => event }, 'rest', endThenStart],
      },
      { actions: [{ type: 'configure', params: ({ event }) => event }, 'rest'] },
    ],
    'server.remove': { target: 'stopping', actions: ['remove', endThenIdle, startsRejected] },
    'server.shutdown': { target: 'stopping', actions: ['shutDown', endThenIdle, startsRejected] },
    'session.failed': { guard: 'isCurrent', target: 'stopping', actions: { type: 'fail', params: ({ event }) => event } },
    'session.exited': { guard: 'isCurrent', target: 'stopping.terminating', actions: { type: 'fail', params: ({ event }) => event } },
    'session.ended': { guard: 'isCurrent', target: 'deciding', actions: { type: 'conclude', params: ({ event }) => event } },
    'session.doubted': {},
  },
  states: {
    spawning: {
      after: { spawnTimeout: { target: '#server.stopping', actions: { type: 'timeOut', params: { phase: 'spawning' } } } },
      on: { 'session.spawned': { guard: 'isCurrent', target: 'initializing', actions: { type: 'noteProcess', params: ({ event }) => event } } },
    },
    initializing: {
      after: { initializeTimeout: { target: '#server.stopping', actions: { type: 'timeOut', params: { phase: 'initializing' } } } },
      on: { 'session.initialized': { guard: 'isCurrent', target: 'listing' } },
    },
    listing: {
      after: { listTimeout: { target: '#server.stopping', actions: { type: 'timeOut', params: { phase: 'listing' } } } },
      on: {
        'session.ready': { guard: 'isCurrent', target: '#server.connected', actions: { type: 'connect', params: ({ event }) => event } },
      },
    },
  },
});

/** The session answers. Messages are life; only a quiet session is probed, and a silent one is asked twice before it is called hung. */
const connected = state({
  tags: ['live', 'settled'],
  initial: 'quiet',
  entry: [startsDone, { type: 'armIdleStop', params: { unusedForMs: 0 } }, 'reportChanged'],
  exit: ['disarmIdleStop', 'reportChanged'],
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
      ],
    },
    'server.configure': [
      {
        guard: { type: 'turnsOff', params: ({ event }) => event },
        target: 'stopping',
        actions: [{ type: 'configure', params: ({ event }) => event }, 'rest', endThenIdle],
      },
      {
        guard: { type: 'isChanged', params: ({ event }) => event },
        target: 'stopping',
        actions: [{ type: 'configure', params: ({ event }) => event }, 'rest', endThenStart],
      },
      {
        target: '.quiet',
        actions: [
          { type: 'configure', params: ({ event }) => event },
          'rest',
          { type: 'keepQuiet', params: { quietForMs: 0 } },
          { type: 'armIdleStop', params: { unusedForMs: 0 } },
        ],
      },
    ],
    'server.remove': { target: 'stopping', actions: ['remove', endThenIdle] },
    'server.shutdown': { target: 'stopping', actions: ['shutDown', endThenIdle] },
    'machine.resumed': { target: '.quiet', actions: { type: 'wake', params: ({ event }) => event } },
    'session.failed': { guard: 'isCurrent', target: 'stopping', actions: [{ type: 'fail', params: ({ event }) => event }, groupTold] },
    'session.exited': { guard: 'isCurrent', target: 'stopping.terminating', actions: [{ type: 'fail', params: ({ event }) => event }, groupTold] },
    'session.ended': { guard: 'isCurrent', target: 'deciding', actions: [{ type: 'conclude', params: ({ event }) => event }, groupTold] },
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
      actions: { type: 'armIdleStop', params: ({ context }) => ({ unusedForMs: context.policy.idleStopMs - context.policy.heartbeat.timeoutMs }) },
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
          { guard: 'isAnswer', target: '#server.heartbeat-timeout', actions: [{ type: 'hang', params: ({ event }) => event }, groupTold] },
        ],
      },
    },
  },
});

const startWhileEnding = [
  { guard: 'isBlocked', actions: [refuse, wantUp, 'forgetFailures', thenStart, 'overrule'] },
  { guard: 'mayRun', actions: [acceptWhileEnding, wantUp, 'forgetFailures', thenStart, 'overrule'] },
  { actions: refuse },
] as const;

/** What a dying session's states have in common: commands and news change what comes next, only `session.ended` leads out. */
const ending = state({
  on: {
    'server.start': startWhileEnding,
    'server.restart': startWhileEnding,
    'server.stop': { actions: [acceptNow, wantDown, thenIdle, 'rest', 'reportChanged'] },
    'server.reset': { actions: [acceptNow, 'forgetFailures'] },
    // Only one that goes to sleep is woken: after a failure the delay and the budget hold.
    'server.needed': { guard: 'fallsAsleep', actions: [thenStart, 'noteCall'] },
    'server.configure': {
      actions: [{ type: 'thenGoAsConfigured', params: ({ event }) => event }, { type: 'configure', params: ({ event }) => event }, 'rest'],
    },
    'server.remove': { actions: ['remove', thenIdle, startsRejected, stopsDone] },
    'server.shutdown': { actions: ['shutDown', thenIdle, startsRejected] },
    'session.spawned': { guard: 'isCurrent', actions: { type: 'noteProcess', params: ({ event }) => event } },
    'session.failed': { guard: 'isCurrent', actions: { type: 'fail', params: ({ event }) => event } },
    'session.exited': { guard: 'isCurrent', actions: { type: 'fail', params: ({ event }) => event } },
    'session.ended': { guard: 'isCurrent', target: 'deciding', actions: { type: 'conclude', params: ({ event }) => event } },
  },
});

/** KILL did not help; it is sent again, and whoever waits for the end of this server waits no longer. */
const stuck = state({
  entry: [{ type: 'endSession', params: { kind: 'kill' } }, 'reportChanged'],
  after: { stuckRepeat: { target: 'stuck', reenter: true } },
});

/** The server hangs. Its calls have been failed; its process group is being ended. */
const heartbeatTimeout = state({
  tags: ['live'],
  initial: 'terminating',
  on: ending.on,
  states: {
    terminating: { entry: { type: 'endSession', params: { kind: 'terminate' } }, after: { terminate: 'killing' } },
    killing: { entry: { type: 'endSession', params: { kind: 'kill' } }, after: { kill: 'stuck' } },
    stuck,
  },
});

/** The session is being ended, politely, then surely. */
const stopping = state({
  tags: ['live'],
  initial: 'closing',
  on: ending.on,
  states: {
    closing: {
      entry: { type: 'endSession', params: { kind: 'close' } },
      after: { close: 'terminating' },
      // Its leader is gone: nobody is left to be polite to.
      on: { 'session.exited': { guard: 'isCurrent', target: 'terminating', actions: { type: 'fail', params: ({ event }) => event } } },
    },
    terminating: { entry: { type: 'endSession', params: { kind: 'terminate' } }, after: { terminate: 'killing' } },
    killing: { entry: { type: 'endSession', params: { kind: 'kill' } }, after: { kill: 'stuck' } },
    stuck,
  },
});

/** Never seen from outside: where an actor just born, and a life that has ended, are led on. */
const deciding = state({
  always: [
    { guard: 'startsAgain', target: 'starting' },
    { guard: 'startsInTurn', target: 'idle', actions: 'autostart' },
    { guard: 'retries', target: 'backoff' },
    { guard: 'isSpent', target: 'failed' },
    { guard: 'needsPerson', target: 'needs-auth' },
    { target: 'idle' },
  ],
});

const dueNow = { type: 'fallDue', params: ({ event }: { event: Moment }) => event } as const;

/** A person's start cuts the delay short, not the wait for a dependency. */
const startFromBackoff = [
  { guard: 'mayStart', target: '#server.starting', actions: [acceptNow, wantUp, 'forgetFailures'] },
  { guard: 'isBlocked', target: '#server.backoff.waiting', actions: [refuse, wantUp, 'forgetFailures', 'overrule', dueNow] },
  { target: '#server.backoff.waiting', actions: [acceptNow, wantUp, 'forgetFailures', 'overrule', dueNow] },
] as const;

/** Waits for the next try, then for dependencies and for its group's round, then for a start slot. */
const backoff = state({
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
      { guard: { type: 'turnsOff', params: ({ event }) => event }, target: 'idle', actions: { type: 'configure', params: ({ event }) => event } },
      { guard: { type: 'changes', params: ({ event }) => event }, target: '.queued', actions: [{ type: 'configure', params: ({ event }) => event }, dueNow] },
      { actions: [{ type: 'configure', params: ({ event }) => event }, 'rest'] },
    ],
    'server.remove': { target: 'idle', actions: 'remove' },
    'server.shutdown': { target: 'idle', actions: 'shutDown' },
  },
  states: {
    delaying: {
      entry: 'reportChanged',
      after: { retry: [{ guard: 'isHeldBack', target: 'waiting' }, { target: 'queued' }] },
      on: {
        'machine.resumed': [
          { guard: 'isUnreachable', target: 'waiting', actions: dueNow },
          // Timers stand still while the machine sleeps; the time that was told does not.
          { target: 'delaying', reenter: true, actions: { type: 'keepRetryTime', params: ({ event }) => event } },
        ],
      },
    },
    waiting: {
      entry: ['reportChanged', 'rejectBlocked'],
      always: [
        { guard: 'startsUrgently', target: '#server.starting' },
        { guard: 'isCleared', target: 'queued' },
      ],
      on: { 'dependencies.changed': { actions: [dependenciesNoted, 'rejectBlocked'] } },
    },
    queued: {
      entry: 'requestSlot',
      exit: 'leaveQueue',
      always: { guard: 'isHeldBack', target: 'waiting' },
      on: { 'slot.granted': '#server.starting' },
    },
  },
});

/** The budget is spent, or no restart can mend it: waits for a person or another specification. */
const failed = state({
  tags: ['settled'],
  entry: [startsRejected, thenIdle, 'reportChanged'],
  on: {
    'server.start': startFromRest,
    'server.restart': startFromRest,
    'server.stop': { target: 'idle', actions: [acceptNow, wantDown, 'rest'] },
    'server.reset': { target: 'idle', actions: [acceptNow, wantDown, 'forgetFailures', thenIdle] },
    'server.configure': [
      { guard: { type: 'turnsOff', params: ({ event }) => event }, target: 'idle', actions: { type: 'configure', params: ({ event }) => event } },
      { guard: { type: 'changes', params: ({ event }) => event }, target: 'idle', actions: { type: 'configure', params: ({ event }) => event } },
      { actions: [{ type: 'configure', params: ({ event }) => event }, 'rest'] },
    ],
    'server.remove': { target: 'idle', actions: 'remove' },
    'server.shutdown': { target: 'idle', actions: 'shutDown' },
  },
});

/** A remote server wants a person; it is not tried blindly. */
const needsAuth = state({
  tags: ['settled'],
  entry: [startsRejected, 'reportChanged'],
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
    'server.configure': [
      { guard: { type: 'turnsOff', params: ({ event }) => event }, target: 'idle', actions: { type: 'configure', params: ({ event }) => event } },
      { guard: { type: 'changes', params: ({ event }) => event }, target: 'idle', actions: { type: 'configure', params: ({ event }) => event } },
      { actions: [{ type: 'configure', params: ({ event }) => event }, 'rest'] },
    ],
    'server.remove': { target: 'idle', actions: 'remove' },
    'server.shutdown': { target: 'idle', actions: 'shutDown' },
  },
});

export const serverMachine = serverSetup.createMachine({
  id: 'server',
  context: ({ input }) => contextOf(input),
  // An actor whose forerunners died too often is born in `failed`.
  initial: 'deciding',
  on: {
    /** Granted when nobody waits any more: it goes back. */
    'slot.granted': { actions: 'returnSlot' },
    'machine.resumed': {},
    'dependents.waiting': {},
    'dependencies.changed': { actions: dependenciesNoted },
    'dependents.changed': { actions: { type: 'noteDependents', params: ({ event }) => event } },
    'round.hold': { actions: { type: 'hold', params: ({ event }) => event } },
    /** Nothing of it runs, or it is ending already. */
    'round.stop': {},
  },
  states: { idle, starting, connected, 'heartbeat-timeout': heartbeatTimeout, stopping, deciding, backoff, failed, 'needs-auth': needsAuth },
});
