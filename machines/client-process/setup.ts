/** The manifest of the chart of the client process. `client-process.machine.ts` is the chart. */

import { assign, enqueueActions, fromCallback, setup } from 'xstate';
import type { Failure } from '../failure.ts';
import { sendById } from '../holding/address.ts';
import { supervisorId } from '../ids.ts';
import type { Moment } from '../server/events.ts';
import type { ClientProcessContext } from './context.ts';
import type {
  ClientEmitted,
  ClientNext,
  ClientProcessEvent,
  ClientProcessInput,
  ClientReport,
  Connection,
  HolderNews,
  HolderOrder,
} from './events.ts';
import {
  beginTry,
  careAt,
  clientLost,
  conclude,
  connect,
  type Ended,
  fail,
  isCounted,
  isRare,
  letGo,
  watchdogMsOf,
} from './life.ts';
import type { ClientProcessTag } from './meaning.ts';
import type { ClientStanding } from './standing.ts';

/** Time limits, in milliseconds. In `handshaking` the new process reaps what earlier ones left. */
const limits = { probing: 10_000, adopting: 10_000, forking: 10_000, handshaking: 60_000 } as const;
const drainMs = 30_000;
/** After this time in `clearing` a person should look. */
const clearMs = 10_000;
const stuckRepeatMs = 30_000;

type Beat = Extract<HolderNews, { type: 'holder.beat' }>;

export const clientProcessSetup = setup({
  types: {} as {
    context: ClientProcessContext;
    events: ClientProcessEvent;
    input: ClientProcessInput;
    emitted: ClientEmitted;
    tags: ClientProcessTag;
    children: { holder: 'holder' };
  },
  actors: {
    /** Has the process and the connection to it; `src/supervisor` provides it. */
    holder: fromCallback<HolderOrder>(() => {
      throw new Error('the actor "holder" is provided by the supervisor room');
    }),
  },
  delays: {
    ...limits,
    fresh: ({ context }) => watchdogMsOf(context, 'fresh'),
    late: ({ context }) => watchdogMsOf(context, 'late'),
    stableAfter: ({ context }) => context.policy.stableAfterMs,
    retry: ({ context }) => context.delayMs,
    drain: drainMs,
    stop: ({ context }) => context.stopMs,
    clear: clearMs,
    stuckRepeat: stuckRepeatMs,
  },
  guards: {
    isCurrent: ({ context, event }) => 'generation' in event && event.generation === context.generation,
    mayRun: ({ context }) => !context.shuttingDown,
    /** It has sessions of ours, even if there is no connection to it now. */
    holdsSessions: ({ context, event }) =>
      'generation' in event && event.generation === context.generation && context.connectedAt !== null,
    mayReconnect: ({ context, event }) =>
      'generation' in event &&
      event.generation === context.generation &&
      isRare(context.disconnectedAt, context, event.at),
    mayReplace: ({ context, event }) =>
      'generation' in event && event.generation === context.generation && isRare(context.replacedAt, context, event.at),
    /** A person wanted another one before this one was found. */
    isToBeReplaced: ({ context, event }) =>
      'generation' in event && event.generation === context.generation && context.next === 'starting',
    startsNext: ({ context }) => context.next === 'starting',
    retries: ({ context }) => context.next === 'backoff',
    isSpent: ({ context }) => context.next === 'failed',
  },
  actions: {
    order: enqueueActions(
      ({ context: { generation, isCareful }, enqueue }, { type }: { type: HolderOrder['type'] }) => {
        enqueue.sendTo('holder', type === 'clear' ? { type, generation, isCareful } : { type, generation });
      },
    ),
    /** Nothing is said twice. */
    tell: enqueueActions((args, { standing }: { standing: ClientStanding }) => {
      const { nextRetryAt, isCareful, told } = args.context;
      if (told.standing === standing && told.nextRetryAt === nextRetryAt && told.isCareful === isCareful) return;
      const now = { standing, nextRetryAt, isCareful };
      args.enqueue.assign({ told: now });
      sendById(args, supervisorId, { type: 'client.changed', ...now } satisfies ClientReport);
    }),
    beginTry: assign(({ context }) => beginTry(context)),
    noteFork: assign((_, { pid }: { pid: number }) => ({ pid })),
    connect: enqueueActions(({ context, enqueue }, { pid, startedAt, adopted, sessions, at }: Connection & Moment) => {
      const connection = { pid, startedAt, adopted, sessions };
      enqueue.assign(connect(context, { ...connection, at }));
      enqueue.emit({ type: 'client.connected', ...connection });
    }),
    noteBeat: assign(({ context }, { lagMs, sessions, at }: Beat) => ({ lagMs, sessions, ...careAt(context, at) })),
    noteDisconnection: assign((_, { at }: { at: number }) => ({ disconnectedAt: at })),
    noteReplacement: assign((_, { at }: { at: number }) => ({ replacedAt: at })),
    forgive: assign({ attempt: 0 }),
    fail: assign(({ context }, { failure }: { failure: Failure }) => fail(context, failure)),
    /** After an end that was asked for, how it ended is no failure. */
    addCause: assign(({ context }, { failure }: { failure: Failure }) =>
      context.failure === null ? {} : fail(context, failure),
    ),
    failAs: assign(({ context }, { message }: { message: string }) => fail(context, clientLost(message))),
    timeOut: assign(({ context }, { phase }: { phase: keyof typeof limits }) =>
      fail(context, clientLost(`the client process did not finish ${phase} within ${limits[phase]} ms`)),
    ),
    hang: assign(({ context }) =>
      fail(context, clientLost(`the client process said nothing for ${context.policy.watchdogMs} ms`)),
    ),
    setNext: assign((_, { next }: { next: ClientNext }) => ({ next })),
    conclude: enqueueActions(({ context, enqueue }, ended: Ended) => {
      const change = conclude(context, ended);
      enqueue.assign(change);
      const { failure, lastFailure } = change;
      if (failure && lastFailure !== undefined)
        enqueue.emit({ type: 'client.failed', failure, isCounted: isCounted(context, change) });
    }),
    forgetRetry: assign({ nextRetryAt: null }),
    keepRetryTime: assign(({ context }, { at }: { at: number }) => ({
      delayMs: Math.max(0, (context.nextRetryAt ?? at) - at),
    })),
    configure: assign((_, { policy, stopMs }: ClientProcessInput) => ({ policy, stopMs })),
    shutDown: assign({ shuttingDown: true, next: 'idle' }),
    letGo: assign(letGo),
  },
});
