/**
 * One MCP server: what state it is in, why, and what comes next.
 *
 * Invariant: at most one session at any instant; the next one opens only after `session.ended` of the last.
 * Invariant: `idle`, `backoff`, `failed` and `needs-auth` have no session, and no timer but the delay of `backoff`.
 * Invariant: `connected` is entered by `session.ready` only: after the handshake and the first lists.
 * Invariant: `stopping` and `heartbeat-timeout` are left by `session.ended` only; commands change what comes next.
 * Invariant: news of an older generation changes nothing.
 * Invariant: `starting` is entered only while every dependency is connected, as far as those above have been told, and
 * by its own account only when no round holds it.
 * Invariant: a server that is related to others tells where it stands as soon as that is another.
 * Invariant: every accepted command settles exactly once; what is open in `idle`, `connected`, `failed` or
 * `needs-auth` has settled.
 * Invariant: `attempt` is forgiven by stability or a person only.
 */

import { dependenciesNoted, slotReturned } from './server/actions.ts';
import { connected, starting } from './server/alive.ts';
import { failed, idle, needsAuth } from './server/at-rest.ts';
import { backoff } from './server/backoff.ts';
import { deciding, heartbeatTimeout, stopping } from './server/ending.ts';
import { contextOf } from './server/life.ts';
import { serverSetup } from './server/setup.ts';

export const serverMachine = serverSetup.createMachine({
  id: 'server',
  context: ({ input }) => contextOf(input),
  // An actor whose forerunners died too often is born in `failed`.
  initial: 'deciding',
  on: {
    /** Granted when nobody waits any more: it goes back. */
    'slot.granted': { actions: slotReturned },
    'machine.resumed': {},
    'dependents.waiting': {},
    'dependencies.changed': { actions: [dependenciesNoted, 'report'] },
    'dependents.changed': { actions: [{ type: 'noteDependents', params: ({ event }) => event }, 'report'] },
    'round.hold': { actions: [{ type: 'hold', params: ({ event }) => event }, 'report'] },
    /** Nothing of it runs, or it is ending already. */
    'round.stop': {},
  },
  states: {
    idle,
    starting,
    connected,
    'heartbeat-timeout': heartbeatTimeout,
    stopping,
    deciding,
    backoff,
    failed,
    'needs-auth': needsAuth,
  },
});
