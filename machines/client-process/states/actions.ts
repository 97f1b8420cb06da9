/** Actions with their params, and transitions, that several states of the client process use. */

import type { Failure } from '../../failure.ts';
import type { ClientNext, HolderOrder } from '../events.ts';
import type { Ended } from '../life.ts';
import { clientProcessSetup } from '../setup.ts';
import type { ClientStanding } from '../standing.ts';

export const order = (type: HolderOrder['type']) => ({ type: 'order', params: { type } }) as const;
/** Tells the root what the entered state means. */
export const tell = (standing: ClientStanding) => ({ type: 'tell', params: { standing } }) as const;
export const leadsTo = (next: ClientNext) => ({ type: 'setNext', params: { next } }) as const;
export const failedAs = (message: string) => ({ type: 'failAs', params: { message } }) as const;
export const failed = { type: 'fail', params: ({ event }: { event: { failure: Failure } }) => event } as const;
/** A person wants another one: that forgives. */
export const startsAgain = [leadsTo('starting'), 'forgive'] as const;
export const concluded = { type: 'conclude', params: ({ event }: { event: Ended }) => event } as const;

/** Creates a state of the chart of the client process, so that each can have a file of its own. */
export const state = clientProcessSetup.createStateConfig;
