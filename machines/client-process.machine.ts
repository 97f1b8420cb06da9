/**
 * The chart of the client process, which holds the sessions apart from the control plane.
 *
 * Invariant: at most one process at any instant: one is forked only if none was found, and after a loss only when
 * nothing of the lost one is left.
 * Invariant: `idle`, `backoff` and `failed` have no timer except the delay of `backoff`; `backoff` and `failed` have no
 * process either.
 * Invariant: only `holder.connected` leads to `connected`.
 * Invariant: `heartbeat-timeout` and `stopping` are left only when nothing of the process is left; commands change what
 * comes next.
 * Invariant: a process that held sessions is never given up without `clear` or `end`, unless it is left to another
 * control plane.
 * Invariant: news of an older generation changes nothing.
 * Invariant: the root knows that it is not `up` before any of its sessions ends.
 * Invariant: only stability or a person resets `attempt`.
 */

import { contextOf } from './client-process/life.ts';
import { clientProcessSetup } from './client-process/setup.ts';
import { backoff, deciding, failed, idle } from './client-process/states/at-rest.ts';
import { connected, draining } from './client-process/states/connected.ts';
import { heartbeatTimeout, stopping } from './client-process/states/ending.ts';
import { starting } from './client-process/states/starting.ts';

export const clientProcessMachine = clientProcessSetup.createMachine({
  id: 'client-process',
  context: ({ input }) => contextOf(input),
  invoke: { id: 'holder', src: 'holder' },
  initial: 'idle',
  on: {
    'client.configure': { actions: { type: 'configure', params: ({ event }) => event } },
    'machine.resumed': {},
  },
  states: {
    idle,
    starting,
    connected,
    'heartbeat-timeout': heartbeatTimeout,
    backoff,
    draining,
    stopping,
    deciding,
    failed,
  },
});
