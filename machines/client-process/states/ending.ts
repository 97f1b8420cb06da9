/** The states in which the process is being ended, or what a lost one left. */

import { concluded, leadsTo, order, startsAgain, state, tell } from './actions.ts';

/** What these states have in common: commands change what comes next, but only the end of everything leads out. */
const ending = state({
  on: {
    'client.start': { guard: 'mayRun', actions: startsAgain },
    'client.restart': { guard: 'mayRun', actions: startsAgain },
    'client.shutdown': { actions: 'shutDown' },
    'client.leave': { actions: leadsTo('idle') },
    'holder.lost': { guard: 'isCurrent', actions: { type: 'addCause', params: ({ event }) => event } },
    'holder.cleared': { guard: 'isCurrent', target: 'deciding', actions: concluded },
  },
});

/** The process is killed, then every group that it recorded. Until all are gone, none is started again. */
const clearing = state({
  description: 'The process and every group that it recorded are being killed.',
  entry: order('clear'),
  after: { clear: 'stuck' },
});

const stuck = state({
  description: 'Something of it survives SIGKILL, which is sent again from time to time.',
  tags: ['stuck'],
  entry: order('clear'),
  after: { stuckRepeat: { target: 'stuck', reenter: true } },
});

/** It hangs. The root is told before the sessions end. */
export const heartbeatTimeout = state({
  description:
    'The process hangs: it and its groups are being killed. Commands change what comes next, not this state.',
  initial: 'clearing',
  entry: tell('coming'),
  on: ending.on,
  states: { clearing, stuck },
});

export const stopping = state({
  description: 'The process is being ended, or what a lost one left. The chart remembers what comes next.',
  initial: 'ending',
  entry: tell('coming'),
  on: ending.on,
  states: {
    ending: {
      description: 'It ends its sessions by their own stop times, then itself.',
      entry: order('end'),
      after: { stop: 'clearing' },
      on: {
        'holder.gone': { guard: 'isCurrent', target: '#client-process.deciding', actions: concluded },
        'holder.lost': { guard: 'isCurrent', target: 'clearing' },
        // How it ends is seen without a connection, too.
        'holder.disconnected': {},
        'holder.beat': { guard: 'isCurrent', actions: { type: 'noteBeat', params: ({ event }) => event } },
      },
    },
    clearing,
    stuck,
  },
});
