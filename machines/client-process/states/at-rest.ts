/** The states without a process: nothing is wanted, the next try is waited for, or only a person starts another. */

import { state, tell } from './actions.ts';

export const idle = state({
  description: 'No client process is wanted, or it has been left to another control plane.',
  tags: ['settled'],
  entry: tell('down'),
  on: {
    'client.start': { guard: 'mayRun', target: 'starting', actions: 'forgive' },
    'client.restart': { guard: 'mayRun', target: 'starting', actions: 'forgive' },
    'client.shutdown': { actions: 'shutDown' },
    'client.leave': {},
  },
});

export const backoff = state({
  description: 'Waits for the next try.',
  tags: ['settled'],
  entry: tell('coming'),
  exit: 'forgetRetry',
  initial: 'delaying',
  on: {
    'client.start': { target: 'starting', actions: 'forgive' },
    'client.restart': { target: 'starting', actions: 'forgive' },
    'client.shutdown': { target: 'idle', actions: 'shutDown' },
    'client.leave': { target: 'idle', actions: 'letGo' },
  },
  states: {
    delaying: {
      after: { retry: '#client-process.starting' },
      // Timers stop while the machine sleeps, but `nextRetryAt`, which users see, must stay true.
      on: {
        'machine.resumed': {
          target: 'delaying',
          reenter: true,
          actions: { type: 'keepRetryTime', params: ({ event }) => event },
        },
      },
    },
  },
});

export const failed = state({
  description: 'It failed too often in a row: only a person starts it again.',
  tags: ['settled'],
  entry: tell('failed'),
  on: {
    'client.start': { target: 'starting', actions: 'forgive' },
    'client.restart': { target: 'starting', actions: 'forgive' },
    'client.shutdown': { target: 'idle', actions: 'shutDown' },
    'client.leave': { target: 'idle', actions: 'letGo' },
  },
});

/** Chooses what comes after an end. It is left in the same step. */
export const deciding = state({
  description: 'Chooses what comes after the end of the process. It is left in the same step.',
  always: [
    { guard: 'startsNext', target: 'starting' },
    { guard: 'retries', target: 'backoff' },
    { guard: 'isSpent', target: 'failed' },
    { target: 'idle' },
  ],
});
