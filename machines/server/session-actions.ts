/**
 * The manifest of a server's chart, first part: its actors, and how a session is opened, watched and ended. What it
 * waits for before it starts is in `start-actions.ts`, what it is told and tells in `setup.ts`.
 */

import { assign, cancel, emit, enqueueActions, fromCallback, sendTo, setup, spawnChild } from 'xstate';
import type { Phase } from '../failure.ts';
import type { ServerContext } from './context.ts';
import type { Crowding, Next, ServerEmitted, ServerEvent, ServerInput, SessionOrder, UnreadList } from './events.ts';
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
  forgive,
  type Hang,
  hang,
  installMsOf,
  timeOut,
  timeOutAtWork,
} from './life.ts';
import type { LookOrder, LookoutInput } from './looking.ts';
import type { ServerTag } from './meaning.ts';

export interface SessionInput {
  readonly server: string;
  readonly generation: number;
}

const stuckRepeatMs = 30_000;

const sessionId = ({ context }: { context: ServerContext }) => `session:${context.generation}`;

export const serverSession = setup({
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
    /** A session that is taken over has been ready for a while. */
    stableAfter: ({ context, event }) => {
      const forMs = event.type === 'session.ready' ? (event.forMs ?? 0) : 0;
      return Math.max(0, context.policy.restart.stableAfterMs - forMs);
    },
    quiet: ({ context }) => context.quietMs,
    probeTimeout: ({ context }) => context.policy.heartbeat.timeoutMs,
    callTime: ({ context }) => awaitMsOf(context),
    close: ({ context }) => context.policy.stop.closeMs,
    terminate: ({ context }) => context.policy.stop.terminateMs,
    kill: ({ context }) => context.policy.stop.killMs,
    stuckRepeat: stuckRepeatMs,
  },
  guards: {
    isCurrent: ({ context, event }) => 'generation' in event && event.generation === context.generation,
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
    connect: assign(({ context }, ready: { at: number; random: number; forMs?: number }) => connect(context, ready)),
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
    /** Stopped by a round: this is not a failure. It is started again with the others, unless it is `temporary`. */
    endForRound: assign(({ context }, { heldFor }: { heldFor: readonly string[] }) => ({
      heldFor,
      next: context.policy.restart.kind === 'temporary' ? ('idle' as const) : ('starting' as const),
      endAsked: context.failure === null,
    })),
    conclude: enqueueActions(({ context, enqueue }, ended: Parameters<typeof conclude>[1]) => {
      const change = conclude(context, ended);
      enqueue.assign(change);
      const failure = change.failure ?? context.failure;
      if (failure !== null && change.lastFailure !== undefined) enqueue.emit({ type: 'server.failed', failure });
      enqueue.stopChild(sessionId({ context }));
    }),
    noteUnread: enqueueActions(({ enqueue }, { lists }: { lists: readonly UnreadList[] }) => {
      enqueue.assign({ unread: lists });
      enqueue.emit({ type: 'lists.unread', lists });
    }),
    noteCrowding: enqueueActions(({ enqueue }, { crowding }: { crowding: Crowding | null }) => {
      enqueue.assign({ crowding });
      enqueue.emit({ type: 'connections.crowded', crowding });
    }),
  },
});
