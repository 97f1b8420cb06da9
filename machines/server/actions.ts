/** Actions with what they are told, by the names that the states of a server use for them. */

import type { Clearance } from './clearance.ts';
import type { CommandEvent, Moment, ServerContext, ServerEvent, StandingPhase } from './events.ts';
import { serverSetup } from './setup.ts';

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
/** What the state that is entered means to those above. */
export const standing = (phase: StandingPhase) => ({ type: 'stand', params: { phase } }) as const;
export const slotWanted = { type: 'tellOfSlot', params: { type: 'slot.wanted' } } as const;
export const slotReturned = { type: 'tellOfSlot', params: { type: 'slot.returned' } } as const;
export const wantUp = { type: 'want', params: { wanted: 'up' } } as const;
export const wantDown = { type: 'want', params: { wanted: 'down' } } as const;
export const startsDone = { type: 'settle', params: { wish: 'up', outcome: 'done' } } as const;
export const startsRejected = { type: 'settle', params: { wish: 'up', outcome: 'rejected' } } as const;
export const stopsDone = { type: 'settle', params: { wish: 'down', outcome: 'done' } } as const;
export const thenIdle = { type: 'thenGo', params: { next: 'idle' } } as const;
export const thenStart = { type: 'thenGo', params: { next: 'starting' } } as const;
export const endThenIdle = { type: 'endWith', params: { next: 'idle' } } as const;
export const endThenStart = { type: 'endWith', params: { next: 'starting' } } as const;

/** After a failure in `connected` has been noted: its group may have to act on it. */
export const groupTold = { type: 'reportLost', params: ({ event }: { event: Moment }) => event } as const;

export const dependenciesNoted = {
  type: 'noteDependencies',
  params: ({ event }: { event: Clearance }) => event,
} as const;

export const dueNow = { type: 'fallDue', params: ({ event }: { event: Moment }) => event } as const;

export const configured = {
  type: 'configure',
  params: ({ event }: { event: Extract<ServerEvent, { type: 'server.configure' }> }) => event,
} as const;

/** A state of the server chart, kept apart so that it can be read alone. */
export const state = serverSetup.createStateConfig;
