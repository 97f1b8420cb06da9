/**
 * The chart of one MCP server.
 *
 * Invariant: at most one session at any instant; the next one opens only after `session.ended` of the last.
 * Invariant: `idle`, `backoff`, `failed` and `needs-auth` have no session, and no timer except the delay of `backoff`
 * and the time of the next look for a missing command or renewed credentials.
 * Invariant: only `session.ready` leads to `connected`: after the handshake and the first lists.
 * Invariant: only `session.ended` leads out of `stopping` and `heartbeat-timeout`; commands change what comes next.
 * Invariant: news of an older generation changes nothing.
 * Invariant: `starting` is entered only while every dependency is connected, as far as the root knows, and
 * automatically only while no round holds the server back.
 * Invariant: `starting` is entered only with a specification that is approved or needs no approval.
 * Invariant: a server that is related to others reports its standing as soon as it changes.
 * Invariant: every accepted command settles exactly once; none is open in `idle.resting`, `connected`, `failed` or
 * `needs-auth`.
 * Invariant: only stability or a person resets `attempt`.
 */

import { contextOf } from './server/life.ts';
import { serverSetup } from './server/setup.ts';
import { dependenciesNoted, slotReturned } from './server/states/actions.ts';
import { failed, idle, needsAuth } from './server/states/at-rest.ts';
import { backoff } from './server/states/backoff.ts';
import { connected } from './server/states/connected.ts';
import { deciding, heartbeatTimeout, stopping } from './server/states/ending.ts';
import { starting } from './server/states/starting.ts';

export const serverMachine = serverSetup.createMachine({
  id: 'server',
  context: ({ input }) => contextOf(input),
  // An actor whose predecessors died too often starts in `failed`.
  initial: 'deciding',
  on: {
    /** The slot is not needed any more: return it. */
    'slot.granted': { actions: slotReturned },
    'machine.resumed': {},
    'dependents.waiting': {},
    'dependencies.changed': { actions: [dependenciesNoted, 'report'] },
    'dependents.changed': { actions: [{ type: 'noteDependents', params: ({ event }) => event }, 'report'] },
    'round.hold': { actions: [{ type: 'hold', params: ({ event }) => event }, 'report'] },
    /** Nothing of the server runs, or it is ending already. */
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
