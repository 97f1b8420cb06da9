/** The manifest of a server's chart: everything it may do, by name. The chart itself is `server.machine.ts`. */

import { assign, cancel, emit, enqueueActions, fromCallback, sendTo, setup, spawnChild } from 'xstate';
import type { Failure, Phase } from '../failure.ts';
import { type Post, sendById } from '../holding/address.ts';
import { supervisorId } from '../ids.ts';
import { blockedText, type Clearance, isSameClearance } from './clearance.ts';
import type {
  CommandEvent,
  Next,
  ServerContext,
  ServerEmitted,
  ServerEvent,
  ServerInput,
  ServerReport,
  SessionOrder,
  StandingPhase,
} from './events.ts';
import {
  beginLife,
  conclude,
  connect,
  fail,
  forgetFailures,
  forgive,
  hang,
  jitteredQuietOf,
  quietLeftOf,
  timeOut,
} from './life.ts';
import type { ServerTag } from './meaning.ts';
import { type Configuration, configure, nextAfterConfigure } from './plan.ts';
import { accept, type CommandKind, type OpenCommand, type Outcome } from './settlement.ts';
import { isUrgent, standingOf } from './standing.ts';

export interface SessionInput {
  readonly server: string;
  readonly generation: number;
}

/** Timers are never exact: a quiet time this much short of the delay is taken as reached, in milliseconds. */
const timerSlackMs = 2;

/**
 * A slot is given back after this long in `starting`: a server that never answers does not keep the others from
 * starting.
 */
const slotMs = 5_000;

const stuckRepeatMs = 30_000;

const sessionId = ({ context }: { context: ServerContext }) => `session:${context.generation}`;

/** Failures that are nobody's doing: a group does not act on them. */
const silentLosses: ReadonlySet<string> = new Set(['sessionLost', 'clientLost']);

const upKinds: ReadonlySet<CommandKind> = new Set(['start', 'restart', 'retry']);

type HeardEvent = Extract<ServerEvent, { type: 'session.heard' }>;

function isAnswer(context: ServerContext, event: ServerEvent): event is HeardEvent {
  return (
    event.type === 'session.heard' && event.generation === context.generation && event.question === context.question
  );
}

/** Messages that came after the probe was sent make `quietForMs` shorter than the probe's own time. */
function isSilent(context: ServerContext, event: HeardEvent): boolean {
  return event.quietForMs + timerSlackMs >= context.policy.heartbeat.timeoutMs;
}

/** When our own loop was late by half of the probe's time, the silence may be ours. */
function isLagged(context: ServerContext, event: HeardEvent): boolean {
  return event.lagMs > context.policy.heartbeat.timeoutMs / 2;
}

function patienceOf(context: ServerContext, event: HeardEvent): number {
  const { misses, busyMisses } = context.policy.heartbeat;
  return event.inFlight > 0 || event.usedCpu ? busyMisses : misses;
}

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
  },
  delays: {
    spawnTimeout: ({ context }) => context.policy.startTimeoutMs,
    initializeTimeout: ({ context }) => context.policy.initializeTimeoutMs,
    listTimeout: ({ context }) => context.policy.startTimeoutMs,
    slot: slotMs,
    stableAfter: ({ context }) => context.policy.restart.stableAfterMs,
    quiet: ({ context }) => context.quietMs,
    probeTimeout: ({ context }) => context.policy.heartbeat.timeoutMs,
    retry: ({ context }) => context.delayMs,
    close: ({ context }) => context.policy.stop.closeMs,
    terminate: ({ context }) => context.policy.stop.terminateMs,
    kill: ({ context }) => context.policy.stop.killMs,
    stuckRepeat: stuckRepeatMs,
  },
  guards: {
    isCurrent: ({ context, event }) => 'generation' in event && event.generation === context.generation,
    autostarts: ({ context }) => context.autostart,
    /** Nothing but a slot is waited for. */
    isDue: ({ context }) => context.autostart && isCleared(context) && !isUrgent(context),
    rests: ({ context }) => !context.autostart,
    mayRun: ({ context }) => mayRun(context),
    /** A person's start waits for dependencies, not for a round. */
    mayStart: ({ context }) => mayRun(context) && context.waitingFor.length === 0,
    isBlocked: ({ context }) => mayRun(context) && context.blockedBy !== null,
    /** One that is called while a dependency is down for good would wait in vain; its caller is told. */
    mayBeCalled: ({ context }) => isWantedLazily(context) && context.blockedBy === null,
    startsWhenCalled: ({ context }) => isWantedLazily(context) && isCleared(context),
    fallsAsleep: ({ context }) => isWantedLazily(context) && context.next === 'idle',
    isCleared: ({ context }) => isCleared(context),
    isHeldBack: ({ context }) => !isCleared(context),
    /** Somebody waits for this start: it takes no slot. */
    startsUrgently: ({ context }) => isCleared(context) && isUrgent(context),
    isCalledInVain: ({ context }) => context.policy.lazy && context.blockedBy !== null,
    isUnreachable: ({ context }) => context.failure?.class === 'unreachable',
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
    isUnused: ({ context, event }) =>
      isAnswer(context, event) &&
      context.policy.lazy &&
      !context.heldAwake &&
      event.inFlight === 0 &&
      event.unusedForMs + timerSlackMs >= context.policy.idleStopMs,
    isQuiet: ({ context, event }) =>
      isAnswer(context, event) &&
      context.policy.heartbeat.intervalMs > 0 &&
      event.quietForMs + timerSlackMs >= context.quietMs,
    isAlive: ({ context, event }) => isAnswer(context, event) && !isSilent(context, event),
    isOurLag: ({ context, event }) => isAnswer(context, event) && isLagged(context, event),
    isPatient: ({ context, event }) => isAnswer(context, event) && context.misses + 1 < patienceOf(context, event),
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
    tellProbe: emit((_, { kind }: { kind: 'ping' | 'list' }) => ({ type: 'probe.sent', kind })),
    ask: enqueueActions(({ context, enqueue }) => {
      const question = context.question + 1;
      enqueue.assign({ question });
      enqueue.sendTo(sessionId, { type: 'report', question } satisfies SessionOrder);
    }),
    keepQuiet: assign(({ context }, { quietForMs }: { quietForMs: number }) => ({
      misses: 0,
      quietMs: Math.max(timerSlackMs, quietLeftOf(context.policy.heartbeat.intervalMs, quietForMs)),
    })),
    noteLatency: assign((_, { latencyMs }: { latencyMs: number }) => ({ latencyMs })),
    miss: enqueueActions(({ context, enqueue }) => {
      enqueue.assign({ misses: context.misses + 1 });
      enqueue.emit({ type: 'probe.missed', misses: context.misses + 1, counted: true });
    }),
    excuse: emit(({ context }) => ({ type: 'probe.missed', misses: context.misses, counted: false })),
    hang: assign(({ context }, heard: { at: number; quietForMs: number }) => hang(context, heard)),
    wake: assign(({ context }, { random }: { random: number }) => ({
      misses: 0,
      quietMs: jitteredQuietOf(
        context.policy.heartbeat.intervalMs,
        random,
        context.policy.remote ? 1_000 : context.policy.heartbeat.intervalMs,
      ),
    })),
    armIdleStop: enqueueActions(({ context, enqueue }, { unusedForMs }: { unusedForMs: number }) => {
      if (!context.policy.lazy) return;
      enqueue(cancel('idle'));
      // When no dependent needs it any more, its time starts again.
      if (context.heldAwake) return;
      enqueue.raise(
        { type: 'idle.due' },
        { id: 'idle', delay: Math.max(1_000, Math.ceil(context.policy.idleStopMs - unusedForMs)) },
      );
    }),
    disarmIdleStop: cancel('idle'),
    fail: assign(({ context }, { failure }: { failure: Failure }) => fail(context, failure)),
    timeOut: assign(({ context }, { phase }: { phase: Phase }) =>
      timeOut(
        context,
        phase,
        phase === 'initializing' ? context.policy.initializeTimeoutMs : context.policy.startTimeoutMs,
      ),
    ),
    /** The life ends because somebody wishes so: its end is no failure. */
    endWith: assign(({ context }, { next }: { next: Next }) => ({ next, endAsked: context.failure === null })),
    /** The life ends already; only what comes next changes. */
    thenGo: assign((_, { next }: { next: Next }) => ({ next })),
    thenGoAsConfigured: assign(({ context }, configuration: Configuration) => ({
      next: nextAfterConfigure(context, configuration),
    })),
    conclude: enqueueActions(({ context, enqueue }, ended: { failure: Failure | null; at: number; random: number }) => {
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
    noteDependents: assign((_, { awake }: { awake: boolean }) => ({ heldAwake: awake })),
    hold: assign((_, { heldFor }: { heldFor: readonly string[] }) => ({ heldFor })),
    /** A person does not wait for a round. */
    overrule: assign({ heldFor: [] }),
    /** Stopped by a round: no failure, and started again with the others. A `temporary` server is not. */
    endForRound: assign(({ context }, { heldFor }: { heldFor: readonly string[] }) => ({
      heldFor,
      next: context.policy.restart.kind === 'temporary' ? ('idle' as const) : ('starting' as const),
      endAsked: context.failure === null,
    })),
    rejectBlocked: enqueueActions(({ context, enqueue }) => {
      if (context.blockedBy === null) return;
      const reason = blockedText(context.blockedBy);
      for (const command of openUps(context))
        enqueue.emit({ type: 'command.settled', command, outcome: 'rejected', reason });
      enqueue.assign({ open: context.open.filter(({ kind }) => !upKinds.has(kind)) });
    }),
    /** Passing through on the way to a start is no rest. */
    rejectAtRest: enqueueActions(({ context, enqueue }) => {
      if (context.autostart) return;
      for (const command of openUps(context))
        enqueue.emit({ type: 'command.settled', command, outcome: 'rejected', reason: rejectionOf(context) });
      enqueue.assign({ open: context.open.filter(({ kind }) => !upKinds.has(kind)) });
    }),
    forgetRetry: assign({ nextRetryAt: null }),
    keepRetryTime: assign(({ context }, { at }: { at: number }) => ({
      delayMs: Math.max(0, (context.nextRetryAt ?? at) - at),
    })),
    /** What is left of the delay is waived. */
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
    accept: enqueueActions(({ context, enqueue }, { commandId, type, ending }: CommandEvent & { ending: boolean }) => {
      const command = { id: commandId, kind: type.slice('server.'.length) as CommandKind };
      const { open, superseded } = accept(context.open, command, ending);
      enqueue.emit({ type: 'command.accepted', command });
      for (const older of superseded)
        enqueue.emit({ type: 'command.settled', command: older, outcome: 'superseded', reason: type });
      enqueue.assign({ open });
      if (command.kind === 'reset') enqueue.emit({ type: 'command.settled', command, outcome: 'done', reason: null });
    }),
    refuse: enqueueActions(({ context, enqueue }, { commandId, type }: CommandEvent) => {
      const command = { id: commandId, kind: type.slice('server.'.length) as CommandKind };
      enqueue.emit({ type: 'command.accepted', command });
      enqueue.emit({ type: 'command.settled', command, outcome: 'rejected', reason: refusalOf(context) });
    }),
    settle: enqueueActions(({ context, enqueue }, { wish, outcome }: { wish: 'up' | 'down'; outcome: Outcome }) => {
      const settled = context.open.filter(({ kind }) => upKinds.has(kind) === (wish === 'up'));
      if (settled.length === 0) return;
      const reason = outcome === 'rejected' ? rejectionOf(context) : null;
      for (const command of settled) enqueue.emit({ type: 'command.settled', command, outcome, reason });
      enqueue.assign({ open: context.open.filter((command) => !settled.includes(command)) });
    }),
    tellOfSlot: enqueueActions((args, { type }: { type: 'slot.wanted' | 'slot.returned' }) => {
      sendById(args, supervisorId, { type, server: args.context.name } satisfies ServerReport);
    }),
    /** A server that leaves the queue because it starts keeps its slot. */
    leaveQueue: enqueueActions((args) => {
      if (args.event.type === 'slot.granted') return;
      sendById(args, supervisorId, { type: 'slot.returned', server: args.context.name } satisfies ServerReport);
    }),
    stand: enqueueActions((args, { phase }: { phase: StandingPhase }) => {
      if (args.context.phase !== phase) args.enqueue.assign({ phase });
      tellStanding(args, { ...args.context, phase });
    }),
    report: enqueueActions((args) => tellStanding(args, args.context)),
    reportLost: enqueueActions((args, { at, random }: { at: number; random: number }) => {
      const { name, policy, failure, next } = args.context;
      if (!policy.related || failure === null) return;
      // One that finished has not failed.
      if (silentLosses.has(failure.class) || next === 'idle') return;
      const standing = standingOf({ ...args.context, phase: 'ending' });
      sendById(args, supervisorId, { type: 'server.lost', server: name, standing, at, random } satisfies ServerReport);
    }),
    reportGone: enqueueActions((args) => {
      const { name, holder, removing, shuttingDown } = args.context;
      if (holder !== null && (removing || shuttingDown))
        sendById(args, holder, { type: 'server.gone', server: name } satisfies ServerReport);
    }),
  },
});

function mayRun({ removing, shuttingDown }: ServerContext): boolean {
  return !removing && !shuttingDown;
}

function isWantedLazily(context: ServerContext): boolean {
  return context.policy.lazy && context.wanted === 'up' && mayRun(context);
}

/** Neither a dependency nor a round keeps it from starting. */
function isCleared({ waitingFor, heldFor }: ServerContext): boolean {
  return waitingFor.length === 0 && heldFor.length === 0;
}

function openUps({ open }: ServerContext): readonly OpenCommand[] {
  return open.filter(({ kind }) => upKinds.has(kind));
}

/** Most servers are related to nobody, and do not pay for what they do not use. */
function tellStanding(post: Post, context: ServerContext): void {
  if (!context.policy.related) return;
  const changed: ServerReport = { type: 'server.changed', server: context.name, standing: standingOf(context) };
  sendById(post, supervisorId, changed);
}

function refusalOf({ shuttingDown, removing, blockedBy }: ServerContext): string {
  if (shuttingDown) return 'SHUTTING_DOWN';
  return removing || blockedBy === null ? 'removed' : blockedText(blockedBy);
}

function rejectionOf(context: ServerContext): string {
  if (context.shuttingDown || context.removing) return refusalOf(context);
  if (context.wanted === 'down') return 'stopped';
  return context.lastFailure?.class ?? 'stopped';
}
