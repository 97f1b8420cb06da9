/** The state in which a process is looked for, and adopted or started. */

import { concluded, failed, failedAs, leadsTo, order, startsAgain, state, tell } from './actions.ts';

const disconnectionNoted = {
  type: 'noteDisconnection',
  params: ({ event }: { event: { readonly at: number } }) => event,
} as const;

/** A broken connection alone leads back here once, uncounted; a second one soon after is a loss. */
export const disconnected = [
  { guard: 'mayReconnect', target: '#client-process.starting', actions: disconnectionNoted },
  {
    guard: 'isCurrent',
    target: '#client-process.stopping.clearing',
    actions: [disconnectionNoted, failedAs('the connection to the client process broke again and again')],
  },
] as const;

export const starting = state({
  description: 'A living client process is looked for and adopted; if there is none, one is started.',
  initial: 'probing',
  entry: ['beginTry', tell('coming')],
  on: {
    'client.start': { actions: 'forgive' },
    'client.restart': { target: 'stopping', actions: startsAgain },
    'client.shutdown': { target: 'stopping', actions: 'shutDown' },
    'client.leave': { target: 'idle', actions: 'letGo' },
    'holder.lost': { guard: 'isCurrent', target: 'stopping.clearing', actions: failed },
  },
  states: {
    probing: {
      description: 'An earlier control plane may have left a living process.',
      entry: order('probe'),
      // Whatever it is, if it is ours and does not answer, it has to go before there is another.
      after: {
        probing: {
          target: '#client-process.stopping.clearing',
          actions: { type: 'timeOut', params: { phase: 'probing' } },
        },
      },
      on: {
        // There is nothing to end yet: what is found is ended, and what is started is the one that was asked for.
        'client.restart': { actions: startsAgain },
        'holder.found': [
          { guard: 'isToBeReplaced', target: '#client-process.stopping' },
          { guard: 'isCurrent', target: 'adopting' },
        ],
        'holder.outdated': [
          {
            guard: 'mayReplace',
            target: '#client-process.draining',
            actions: { type: 'noteReplacement', params: ({ event }) => event },
          },
          {
            guard: 'isCurrent',
            target: '#client-process.stopping',
            actions: failedAs('a client process of another version was found again and again'),
          },
        ],
        'holder.ending': { guard: 'isCurrent', target: 'awaiting' },
        'holder.none': [
          // Its connection broke because it died.
          {
            guard: 'holdsSessions',
            target: '#client-process.stopping.clearing',
            actions: failedAs('the client process is gone'),
          },
          { guard: 'isCurrent', target: 'forking' },
        ],
        'holder.refused': [
          { guard: 'holdsSessions', target: '#client-process.stopping.clearing', actions: failed },
          { guard: 'isCurrent', target: '#client-process.deciding', actions: [failed, concluded] },
        ],
      },
    },
    awaiting: {
      description: 'An earlier process is ending its sessions, and is waited for.',
      after: {
        stop: {
          target: '#client-process.stopping.clearing',
          actions: failedAs('an earlier client process did not end in time'),
        },
      },
      on: {
        'holder.none': [
          {
            guard: 'holdsSessions',
            target: '#client-process.stopping.clearing',
            actions: failedAs('the client process ended because it had no control plane'),
          },
          { guard: 'isCurrent', target: 'forking' },
        ],
      },
    },
    adopting: {
      description: 'The process that was found is handed the configuration, and its sessions are taken over.',
      entry: order('adopt'),
      after: {
        adopting: {
          target: '#client-process.stopping.clearing',
          actions: { type: 'timeOut', params: { phase: 'adopting' } },
        },
      },
      on: {
        'holder.connected': {
          guard: 'isCurrent',
          target: '#client-process.connected',
          actions: { type: 'connect', params: ({ event }) => event },
        },
        'holder.disconnected': disconnected,
      },
    },
    forking: {
      description: 'A new process is being started.',
      entry: [leadsTo('backoff'), order('fork')],
      after: {
        forking: {
          target: '#client-process.stopping.clearing',
          actions: { type: 'timeOut', params: { phase: 'forking' } },
        },
      },
      on: {
        'holder.forked': {
          guard: 'isCurrent',
          target: 'handshaking',
          actions: { type: 'noteFork', params: ({ event }) => event },
        },
      },
    },
    handshaking: {
      description: 'The new process is reaping what earlier ones left, and is about to answer.',
      after: {
        handshaking: {
          target: '#client-process.stopping.clearing',
          actions: { type: 'timeOut', params: { phase: 'handshaking' } },
        },
      },
      on: {
        'holder.connected': {
          guard: 'isCurrent',
          target: '#client-process.connected',
          actions: { type: 'connect', params: ({ event }) => event },
        },
        'holder.disconnected': {
          guard: 'isCurrent',
          target: '#client-process.stopping.clearing',
          actions: failedAs('the connection to the new client process broke before it answered'),
        },
      },
    },
  },
});
