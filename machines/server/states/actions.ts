/** Actions with their params, and transitions, that several states of a server use. */

import type { Clearance } from '../clearance.ts';
import type { ServerContext } from '../context.ts';
import type { CommandEvent, Moment, ServerEvent, StandingPhase } from '../events.ts';
import { serverSetup } from '../setup.ts';

export const acceptNow = {
  type: 'accept',
  params: ({ event }: { event: CommandEvent }) => ({ ...event, ending: false }),
} as const;
export const acceptWhileEnding = {
  type: 'accept',
  params: ({ context, event }: { context: ServerContext; event: CommandEvent }) => ({
    ...event,
    ending: context.next === 'starting',
  }),
} as const;
export const refuse = { type: 'refuse', params: ({ event }: { event: CommandEvent }) => event } as const;
/** Reports what the entered state means to the actors above. */
export const standing = (phase: StandingPhase) => ({ type: 'enterPhase', params: { phase } }) as const;
export const slotWanted = { type: 'reportSlot', params: { type: 'slot.wanted' } } as const;
export const slotReturned = { type: 'reportSlot', params: { type: 'slot.returned' } } as const;
export const slotReturnedEarly = { type: 'reportSlot', params: { type: 'slot.returned', isEarly: true } } as const;
export const wantUp = { type: 'want', params: { wanted: 'up' } } as const;
export const wantDown = { type: 'want', params: { wanted: 'down' } } as const;
export const startsDone = { type: 'settle', params: { wish: 'up', outcome: 'done' } } as const;
export const startsRejected = { type: 'settle', params: { wish: 'up', outcome: 'rejected' } } as const;
export const stopsDone = { type: 'settle', params: { wish: 'down', outcome: 'done' } } as const;
export const thenIdle = { type: 'setNext', params: { next: 'idle' } } as const;
export const thenStart = { type: 'setNext', params: { next: 'starting' } } as const;
export const endThenIdle = { type: 'endThen', params: { next: 'idle' } } as const;
const endThenStart = { type: 'endThen', params: { next: 'starting' } } as const;

/** Comes after the action that stores a failure of `connected`: the group may have to act on it. */
export const lossReported = { type: 'reportLost', params: ({ event }: { event: Moment }) => event } as const;

export const dependenciesNoted = {
  type: 'noteDependencies',
  params: ({ event }: { event: Clearance }) => event,
} as const;

/** Which lists cannot be read decides over nothing: it is an alarm. */
export const unreadNoted = {
  guard: 'isCurrent',
  actions: {
    type: 'noteUnread',
    params: ({ event }: { event: Extract<ServerEvent, { type: 'session.unread' }> }) => event,
  },
} as const;

/** So does a shortage of connections. */
export const crowdingNoted = {
  guard: 'isCurrent',
  actions: {
    type: 'noteCrowding',
    params: ({ event }: { event: Extract<ServerEvent, { type: 'session.crowded' }> }) => event,
  },
} as const;

export const dueNow = { type: 'fallDue', params: ({ event }: { event: Moment }) => event } as const;

export const configured = {
  type: 'configure',
  params: ({ event }: { event: Extract<ServerEvent, { type: 'server.configure' }> }) => event,
} as const;

/**
 * New settings of a session that goes on. Another specification that waits for approval is none yet: its own plan
 * counts when it is approved.
 */
export const configuredAsItRuns = {
  type: 'configure',
  params: ({ event }: { event: Extract<ServerEvent, { type: 'server.configure' }> }) => ({ ...event, changed: false }),
} as const;

/** A restart of a live session. It is refused if a dependency is down for good: the session that works is kept. */
export const endThenRestart = [
  { guard: 'isBlocked', actions: refuse },
  { target: '#server.stopping', actions: [acceptNow, wantUp, 'forgetFailures', endThenStart] },
] as const;

/** A plan that ends a live session: it turns the server off, or gives it another specification. */
export const endsByPlan = [
  {
    guard: { type: 'turnsOff', params: configured.params },
    target: '#server.stopping',
    actions: [configured, 'rest', endThenIdle],
  },
  {
    guard: { type: 'isChanged', params: configured.params },
    target: '#server.stopping',
    actions: [configured, 'rest', endThenStart],
  },
] as const;

/** Creates a state of the server's chart, so that each can have a file of its own. */
export const state = serverSetup.createStateConfig;
