/** The manifest of a server's chart: its actors, delays, guards and actions. `server.machine.ts` is the chart. */

import { assign, cancel, emit, enqueueActions, fromCallback, sendTo, setup, spawnChild } from 'xstate';
import type { Phase } from '../failure.ts';
import { sendById } from '../holding/address.ts';
import { supervisorId } from '../ids.ts';
import { type Clearance, isSameClearance } from './clearance.ts';
import {
  acceptCommand,
  refuseCommand,
  rejectAtRest,
  rejectBlocked,
  type Settlement,
  settleCommands,
} from './commands.ts';
import type { ServerContext } from './context.ts';
import type {
  CommandEvent,
  Crowding,
  Moment,
  Next,
  ServerEmitted,
  ServerEvent,
  ServerInput,
  ServerReport,
  SessionOrder,
  StandingPhase,
  UnreadList,
} from './events.ts';
import {
  awaitMsOf,
  isAnswer,
  isAwaited,
  isLagged,
  isPatient,
  isQuiet,
  isSilent,
  isUnused,
  keepQuiet,
  probeSoon,
} from './heartbeat.ts';
import {
  beginLife,
  conclude,
  connect,
  type Failed,
  fail,
  forgetFailures,
  forgive,
  type Hang,
  hang,
  installMsOf,
  timeOut,
  timeOutAtWork,
} from './life.ts';
import { type LookOrder, type LookoutInput, lookEveryMs, soughtBy } from './looking.ts';
import type { ServerTag } from './meaning.ts';
import { type Configuration, configure, nextAfterConfigure } from './plan.ts';
import { reportGone, reportLost, reportStanding } from './reports.ts';
import { isUrgent } from './standing.ts';

export interface SessionInput {
  readonly server: string;
  readonly generation: number;
}

/**
 * A slot is returned after this time in `starting`, in milliseconds: a server that never answers must not keep the
 * others from starting.
 */
const slotMs = 5_000;

const stuckRepeatMs = 30_000;

const lookoutId = 'lookout';
const lookId = 'look';

const sessionId = ({ context }: { context: ServerContext }) => `session:${context.generation}`;

export const serverSetup = setup({
  types: {} as {
    context: ServerContext;
    events: ServerEvent;
    input: ServerInput;
    emitted: ServerEmitted;
    tags: ServerTag;
  },
  actors: {
    /** Holds one session; `src/supervisor` provides it. */
    session: fromCallback<SessionOrder, SessionInput>(() => {
      throw new Error('the actor "session" is provided by the supervisor room');
    }),
    /** Looks for what a resting server lacks each time it is told to; `src/supervisor` provides it. */
    lookout: fromCallback<LookOrder, LookoutInput>(() => {
      throw new Error('the actor "lookout" is provided by the supervisor room');
    }),
  },
  delays: {
    spawnTimeout: ({ context }) => context.policy.startTimeoutMs,
    installTimeout: ({ context }) => installMsOf(context),
    listTimeout: ({ context }) => context.policy.startTimeoutMs,
    slot: slotMs,
    stableAfter: ({ context }) => context.policy.restart.stableAfterMs,
    quiet: ({ context }) => context.quietMs,
    probeTimeout: ({ context }) => context.policy.heartbeat.timeoutMs,
    callTime: ({ context }) => awaitMsOf(context),
    retry: ({ context }) => context.delayMs,
    close: ({ context }) => context.policy.stop.closeMs,
    terminate: ({ context }) => context.policy.stop.terminateMs,
    kill: ({ context }) => context.policy.stop.killMs,
    stuckRepeat: stuckRepeatMs,
  },
  guards: {
    isCurrent: ({ context, event }) => 'generation' in event && event.generation === context.generation,
    autostarts: ({ context }) => context.autostart,
    /** It only has to wait for a slot. */
    isDue: ({ context }) => context.autostart && isCleared(context) && !isUrgent(context),
    rests: ({ context }) => !context.autostart,
    mayRun: ({ context }) => mayRun(context),
    /** A person's start waits for dependencies, not for a round. */
    mayStart: ({ context }) => mayRun(context) && context.waitingFor.length === 0,
    isBlocked: ({ context }) => mayRun(context) && context.blockedBy !== null,
    /** Not while a dependency is down for good: the server would wait in vain, and its caller gets an error. */
    mayBeCalled: ({ context }) => isWantedLazily(context) && context.blockedBy === null,
    startsWhenCalled: ({ context }) => isWantedLazily(context) && isCleared(context),
    fallsAsleep: ({ context }) => isWantedLazily(context) && context.next === 'idle',
    isCleared: ({ context }) => isCleared(context),
    isHeldBack: ({ context }) => !isCleared(context),
    /** A person or a caller waits for this start: it needs no slot. */
    startsUrgently: ({ context }) => isCleared(context) && isUrgent(context),
    isCalledInVain: ({ context }) => context.policy.lazy && context.blockedBy !== null,
    isAway: ({ context }) => context.failure?.class === 'unreachable' || context.counters.refusedSince !== null,
    /** What it lacked is there, but nobody needs this lazy server now. */
    sleepsOn: ({ context }) => isWantedLazily(context) && !context.heldAwake,
    isWanted: ({ context }) => context.wanted === 'up' && mayRun(context),
    turnsOff: (_, { wanted }: Configuration) => wanted === 'down',
    isChanged: (_, { changed }: Configuration) => changed,
    changes: (_, { changed, wanted }: Configuration) => changed || wanted === 'up',
    startsAgain: ({ context }) =>
      context.next === 'starting' && isCleared(context) && (context.policy.lazy || isUrgent(context)),
    startsInTurn: ({ context }) => context.next === 'starting',
    retries: ({ context }) => context.next === 'backoff',
    isSpent: ({ context }) => context.next === 'failed',
    needsPerson: ({ context }) => context.next === 'needs-auth',
    isAnswer: ({ context, event }) => isAnswer(context, event),
    isUnused: ({ context, event }) => isAnswer(context, event) && isUnused(context, event),
    isQuiet: ({ context, event }) => isAnswer(context, event) && isQuiet(context, event),
    isAlive: ({ context, event }) => isAnswer(context, event) && !isSilent(context, event),
    isAwaited: ({ context, event }) => isAnswer(context, event) && isAwaited(event),
    isOurLag: ({ context, event }) => isAnswer(context, event) && isLagged(context, event),
    isPatient: ({ context, event }) => isAnswer(context, event) && isPatient(context, event),
  },
  actions: {
    beginLife: assign(({ context }) => beginLife(context)),
    openSession: spawnChild('session', {
      id: sessionId,
      input: ({ context }) => ({ server: context.name, generation: context.generation }),
    }),
    endSession: sendTo(sessionId, (_, { kind }: { kind: 'close' | 'terminate' | 'kill' }) => ({ type: 'end', kind })),
    noteProcess: assign((_, { pid }: { pid: number | null }) => ({ pid })),
    connect: assign(({ context }, moment: { at: number; random: number }) => connect(context, moment)),
    forgive: assign(({ context }) => forgive(context)),
    probe: sendTo(sessionId, (_, { kind }: { kind: 'ping' | 'list' }) => ({ type: 'probe', kind })),
    emitProbe: emit((_, { kind }: { kind: 'ping' | 'list' }) => ({ type: 'probe.sent', kind })),
    ask: enqueueActions(({ context, enqueue }) => {
      const question = context.question + 1;
      enqueue.assign({ question });
      enqueue.sendTo(sessionId, { type: 'report', question } satisfies SessionOrder);
    }),
    keepQuiet: assign(({ context }, { quietForMs }: { quietForMs: number }) => keepQuiet(context, quietForMs)),
    noteLatency: assign((_, { latencyMs }: { latencyMs: number }) => ({ latencyMs })),
    miss: enqueueActions(({ context, enqueue }) => {
      enqueue.assign({ misses: context.misses + 1 });
      enqueue.emit({ type: 'probe.missed', misses: context.misses + 1, counted: true });
    }),
    excuse: emit(({ context }) => ({ type: 'probe.missed', misses: context.misses, counted: false })),
    noteCallTime: assign((_, { callLeftMs }: { callLeftMs: number }) => ({ callLeftMs })),
    hang: assign(({ context }, heard: Hang) => hang(context, heard)),
    wake: assign(({ context }, { random }: { random: number }) => probeSoon(context, random)),
    armIdleStop: enqueueActions(({ context, enqueue }, { unusedForMs }: { unusedForMs: number }) => {
      if (!context.policy.lazy) return;
      enqueue(cancel('idle'));
      // Its time starts again when no dependent needs it any more.
      if (context.heldAwake) return;
      enqueue.raise(
        { type: 'idle.due' },
        { id: 'idle', delay: Math.max(1_000, Math.ceil(context.policy.idleStopMs - unusedForMs)) },
      );
    }),
    disarmIdleStop: cancel('idle'),
    fail: assign(({ context }, failed: Failed) => fail(context, failed)),
    /** Each sign of work starts the time to the first answer again, within `installTimeout`. */
    awaitAnswer: enqueueActions(({ context, enqueue }) => {
      enqueue(cancel('start'));
      enqueue.raise({ type: 'start.due' }, { id: 'start', delay: context.policy.startTimeoutMs });
    }),
    awaitNothing: cancel('start'),
    timeOut: assign(({ context }, { phase }: { phase: Phase }) => timeOut(context, phase)),
    timeOutAtWork: assign(({ context }) => timeOutAtWork(context)),
    /** The session is ended on request: its end is not a failure, unless it failed before. */
    endThen: assign(({ context }, { next }: { next: Next }) => ({ next, endAsked: context.failure === null })),
    /** The session is already ending: only what comes next changes. */
    setNext: assign((_, { next }: { next: Next }) => ({ next })),
    setNextByPlan: assign(({ context }, configuration: Configuration) => ({
      next: nextAfterConfigure(context, configuration),
    })),
    conclude: enqueueActions(({ context, enqueue }, ended: Parameters<typeof conclude>[1]) => {
      const change = conclude(context, ended);
      enqueue.assign(change);
      const failure = change.failure ?? context.failure;
      if (failure !== null && change.lastFailure !== undefined) enqueue.emit({ type: 'server.failed', failure });
      enqueue.stopChild(sessionId({ context }));
    }),
    autostart: assign({ autostart: true }),
    rest: assign({ autostart: false, called: false }),
    noteCall: assign({ called: true }),
    noteDependencies: enqueueActions(({ context, enqueue }, { waitingFor, blockedBy }: Clearance) => {
      if (isSameClearance({ waitingFor, blockedBy }, context)) return;
      enqueue.assign({ waitingFor, blockedBy });
      enqueue.emit({ type: 'dependencies.changed', waitingFor, blockedBy: blockedBy?.server ?? null });
    }),
    noteUnread: enqueueActions(({ enqueue }, { lists }: { lists: readonly UnreadList[] }) => {
      enqueue.assign({ unread: lists });
      enqueue.emit({ type: 'lists.unread', lists });
    }),
    noteCrowding: enqueueActions(({ enqueue }, { crowding }: { crowding: Crowding | null }) => {
      enqueue.assign({ crowding });
      enqueue.emit({ type: 'connections.crowded', crowding });
    }),
    noteDependents: assign((_, { awake }: { awake: boolean }) => ({ heldAwake: awake })),
    hold: assign((_, { heldFor }: { heldFor: readonly string[] }) => ({ heldFor })),
    /** A person's start does not wait for a round. */
    overrule: assign({ heldFor: [] }),
    /** Stopped by a round: this is not a failure. It is started again with the others, unless it is `temporary`. */
    endForRound: assign(({ context }, { heldFor }: { heldFor: readonly string[] }) => ({
      heldFor,
      next: context.policy.restart.kind === 'temporary' ? ('idle' as const) : ('starting' as const),
      endAsked: context.failure === null,
    })),
    rejectBlocked: enqueueActions((args) => rejectBlocked(args)),
    rejectAtRest: enqueueActions((args) => rejectAtRest(args)),
    beginLooking: enqueueActions(({ context, enqueue }) => {
      const sought = soughtBy(context);
      if (sought === null) return;
      enqueue.spawnChild('lookout', { id: lookoutId, input: { server: context.name, sought } });
      enqueue.raise({ type: 'look.due' }, { id: lookId, delay: lookEveryMs[sought] });
    }),
    look: enqueueActions(({ context, enqueue }) => {
      const sought = soughtBy(context);
      if (sought === null) return;
      enqueue.sendTo(lookoutId, { type: 'look' } satisfies LookOrder);
      enqueue.raise({ type: 'look.due' }, { id: lookId, delay: lookEveryMs[sought] });
    }),
    endLooking: enqueueActions(({ enqueue }) => {
      enqueue(cancel(lookId));
      enqueue.stopChild(lookoutId);
    }),
    forgetRetry: assign({ nextRetryAt: null }),
    keepRetryTime: assign(({ context }, { at }: { at: number }) => ({
      delayMs: Math.max(0, (context.nextRetryAt ?? at) - at),
    })),
    /** Skips the rest of the delay. */
    fallDue: assign(({ context }, { at }: { at: number }) => ({
      nextRetryAt: Math.min(context.nextRetryAt ?? at, at),
    })),
    want: enqueueActions((args, { wanted }: { wanted: 'up' | 'down' }) => {
      const { name, holder, wanted: before } = args.context;
      if (wanted === before) return;
      args.enqueue.assign({ wanted });
      if (holder !== null) sendById(args, holder, { type: 'server.kept', server: name, wanted } satisfies ServerReport);
    }),
    forgetFailures: assign(({ context }) => forgetFailures(context)),
    configure: assign(({ context }, configuration: Configuration) => configure(context, configuration)),
    remove: assign({ removing: true, autostart: false, called: false }),
    shutDown: assign({ shuttingDown: true, autostart: false, called: false }),
    accept: enqueueActions((args, command: CommandEvent & { ending: boolean }) => acceptCommand(args, command)),
    refuse: enqueueActions((args, command: CommandEvent) => refuseCommand(args, command)),
    settle: enqueueActions((args, settlement: Settlement) => settleCommands(args, settlement)),
    reportSlot: enqueueActions((args, { type }: { type: 'slot.wanted' | 'slot.returned' }) => {
      sendById(args, supervisorId, { type, server: args.context.name } satisfies ServerReport);
    }),
    /** A server that leaves the queue because it starts keeps its slot. */
    leaveQueue: enqueueActions((args) => {
      if (args.event.type === 'slot.granted') return;
      sendById(args, supervisorId, { type: 'slot.returned', server: args.context.name } satisfies ServerReport);
    }),
    enterPhase: enqueueActions((args, { phase }: { phase: StandingPhase }) => {
      if (args.context.phase !== phase) args.enqueue.assign({ phase });
      reportStanding(args, { ...args.context, phase });
    }),
    report: enqueueActions((args) => reportStanding(args, args.context)),
    reportLost: enqueueActions((args, moment: Moment) => reportLost(args, moment)),
    reportGone: enqueueActions((args) => reportGone(args)),
  },
});

function mayRun({ removing, shuttingDown }: ServerContext): boolean {
  return !removing && !shuttingDown;
}

function isWantedLazily(context: ServerContext): boolean {
  return context.policy.lazy && context.wanted === 'up' && mayRun(context);
}

/** No dependency and no round keeps it from starting. */
function isCleared({ waitingFor, heldFor }: ServerContext): boolean {
  return waitingFor.length === 0 && heldFor.length === 0;
}
