/** The states in which the process holds sessions and answers: it serves, or serves the last calls. */

import { failed, leadsTo, order, startsAgain, state, tell } from './actions.ts';
import { disconnected } from './starting.ts';

export const connected = state({
  description: 'The process holds the sessions and speaks in time.',
  tags: ['settled'],
  initial: 'fresh',
  entry: tell('up'),
  after: { stableAfter: { actions: 'forgive' } },
  on: {
    'client.start': { actions: 'forgive' },
    'client.restart': { target: 'stopping', actions: startsAgain },
    'client.drain': { target: 'draining', actions: 'forgive' },
    'client.shutdown': { target: 'stopping', actions: 'shutDown' },
    'client.leave': { target: 'idle', actions: 'letGo' },
    'client.configure': { target: '.fresh', actions: { type: 'configure', params: ({ event }) => event } },
    'machine.resumed': '.fresh',
    'holder.beat': {
      guard: 'isCurrent',
      target: '.fresh',
      actions: [{ type: 'noteBeat', params: ({ event }) => event }, tell('up')],
    },
    'holder.lost': { guard: 'isCurrent', target: 'stopping.clearing', actions: failed },
    'holder.disconnected': disconnected,
  },
  states: {
    fresh: { description: 'It spoke not long ago.', after: { fresh: 'late' } },
    late: {
      description: 'It has not spoken for too long. What it may have said is read before it is called hung.',
      after: { late: { target: '#client-process.heartbeat-timeout', actions: 'hang' } },
    },
  },
});

/** It is replaced. If it hangs meanwhile, the time limits of this state and of the next end it. */
export const draining = state({
  description: 'It takes no new calls, and is replaced when the last one has been answered.',
  entry: [leadsTo('starting'), tell('coming'), order('drain')],
  after: { drain: 'stopping' },
  on: {
    'client.start': { actions: 'forgive' },
    'client.restart': { target: 'stopping', actions: 'forgive' },
    'client.drain': { actions: 'forgive' },
    'client.shutdown': { target: 'stopping', actions: 'shutDown' },
    'client.leave': { target: 'idle', actions: 'letGo' },
    'holder.beat': { guard: 'isCurrent', actions: { type: 'noteBeat', params: ({ event }) => event } },
    'holder.drained': { guard: 'isCurrent', target: 'stopping' },
    'holder.lost': { guard: 'isCurrent', target: 'stopping.clearing', actions: failed },
    'holder.disconnected': { guard: 'isCurrent', target: 'stopping' },
  },
});
