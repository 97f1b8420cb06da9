/**
 * The manifest of a server's chart, second part: what it waits for before it starts, a slot, other servers, a delay or
 * something that it lacks, and what comes next.
 */

import { assign, cancel, enqueueActions } from 'xstate';
import { sendById } from '../holding/address.ts';
import { supervisorId } from '../ids.ts';
import { type Clearance, isApproved, isCleared, isSameClearance, waitsInVain } from './clearance.ts';
import type { ServerContext } from './context.ts';
import type { Next, ServerReport } from './events.ts';
import { type LookOrder, lookEveryMs, soughtBy } from './looking.ts';
import { serverSession } from './session-actions.ts';
import { isUrgent } from './standing.ts';

/**
 * A slot is returned after this time in `starting`, in milliseconds: a server that never answers must not keep the
 * others from starting.
 */
const slotMs = 5_000;

const lookoutId = 'lookout';
const lookId = 'look';

export const serverStart = serverSession.extend({
  delays: {
    slot: slotMs,
    retry: ({ context }) => context.delayMs,
  },
  guards: {
    autostarts: ({ context }) => context.autostart,
    /** It only has to wait for a slot. */
    isDue: ({ context }) => context.autostart && isCleared(context) && !isUrgent(context),
    rests: ({ context }) => !context.autostart,
    mayRun: ({ context }) => mayRun(context),
    /** A person's start waits for dependencies, not for a round. */
    mayStart: ({ context }) => mayRun(context) && context.waitingFor.length === 0 && isApproved(context),
    isBlocked: ({ context }) => mayRun(context) && waitsInVain(context),
    /** Not while a person has to act first: the server would wait in vain, and its caller gets an error. */
    mayBeCalled: ({ context }) => isWantedLazily(context) && !waitsInVain(context),
    startsWhenCalled: ({ context }) => isWantedLazily(context) && isCleared(context),
    fallsAsleep: ({ context }) => isWantedLazily(context) && context.next === 'idle',
    isCleared: ({ context }) => isCleared(context),
    isHeldBack: ({ context }) => !isCleared(context),
    /** A person or a caller waits for this start: it needs no slot. */
    startsUrgently: ({ context }) => isCleared(context) && isUrgent(context),
    isCalledInVain: ({ context }) => context.policy.lazy && waitsInVain(context),
    isAway: ({ context }) => context.failure?.class === 'unreachable' || context.counters.refusedSince !== null,
    /** What it lacked is there, but nobody needs this lazy server now. */
    sleepsOn: ({ context }) => isWantedLazily(context) && !context.heldAwake,
    isWanted: ({ context }) => context.wanted === 'up' && mayRun(context),
    startsAgain: ({ context }) =>
      context.next === 'starting' && isCleared(context) && (context.policy.lazy || isUrgent(context)),
    startsInTurn: ({ context }) => context.next === 'starting',
    retries: ({ context }) => context.next === 'backoff',
    isSpent: ({ context }) => context.next === 'failed',
    needsPerson: ({ context }) => context.next === 'needs-auth',
  },
  actions: {
    /** The session is already ending: only what comes next changes. */
    setNext: assign((_, { next }: { next: Next }) => ({ next })),
    autostart: assign({ autostart: true }),
    rest: assign({ autostart: false, called: false }),
    noteCall: assign({ called: true }),
    noteDependencies: enqueueActions(({ context, enqueue }, { waitingFor, blockedBy, nextRetryAt }: Cleared) => {
      if (nextRetryAt !== undefined && wentDownWithClient(context)) enqueue.assign({ nextRetryAt });
      if (isSameClearance({ waitingFor, blockedBy }, context)) return;
      enqueue.assign({ waitingFor, blockedBy });
      enqueue.emit({ type: 'dependencies.changed', waitingFor, blockedBy: blockedBy?.server ?? null });
    }),
    noteDependents: assign((_, { awake }: { awake: boolean }) => ({ heldAwake: awake })),
    hold: assign((_, { heldFor }: { heldFor: readonly string[] }) => ({ heldFor })),
    /** A person's start does not wait for a round. */
    overrule: assign({ heldFor: [] }),
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
    reportSlot: enqueueActions((args, report: { type: 'slot.wanted' | 'slot.returned'; isEarly?: boolean }) => {
      sendById(args, supervisorId, { ...report, server: args.context.name } satisfies ServerReport);
    }),
    /** A server that leaves the queue because it starts keeps its slot. */
    leaveQueue: enqueueActions((args) => {
      if (args.event.type === 'slot.granted') return;
      sendById(args, supervisorId, { type: 'slot.returned', server: args.context.name } satisfies ServerReport);
    }),
  },
});

/** What `dependencies.changed` says. */
type Cleared = Clearance & { readonly nextRetryAt?: number | null };

/** It is in `backoff` only because the client process is gone. */
function wentDownWithClient({ failure, phase }: ServerContext): boolean {
  return failure?.class === 'clientLost' && (phase === 'delaying' || phase === 'due');
}

function mayRun({ removing, shuttingDown }: ServerContext): boolean {
  return !removing && !shuttingDown;
}

function isWantedLazily(context: ServerContext): boolean {
  return context.policy.lazy && context.wanted === 'up' && mayRun(context);
}
