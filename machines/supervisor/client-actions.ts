/**
 * The manifest of the root's chart, first part: its actors, and the client process, from its start until it has ended
 * or is left to another control plane. Without one there is nothing to do here. What the root does with servers and
 * groups is in `setup.ts`.
 */

import { assign, enqueueActions, fromPromise, setup } from 'xstate';
import type { ClientProcessEvent, ClientReport } from '../client-process/events.ts';
import { clientProcessMachine } from '../client-process.machine.ts';
import type { ReaperInput } from '../group/holding.ts';
import { groupMachine } from '../group.machine.ts';
import { sendById } from '../holding/address.ts';
import type { Reaped } from '../holding/deaths.ts';
import { clientProcessId, groupId, serverId, supervisorId } from '../ids.ts';
import { holdsAny } from '../members.ts';
import type { Moment } from '../server/events.ts';
import { serverMachine } from '../server.machine.ts';
import type { Steps, SupervisorContext, SupervisorEmitted, SupervisorEvent, SupervisorInput } from './events.ts';
import { livingOf } from './holding.ts';
import { notifyOfClient } from './messages.ts';

/** How long the client process may take to be let go, in milliseconds. */
const leaveMs = 2_000;

export const supervisorClient = setup({
  types: {} as {
    context: SupervisorContext;
    events: SupervisorEvent;
    input: SupervisorInput;
    emitted: SupervisorEmitted;
    children: Record<string, 'group' | 'server' | 'reaper' | 'client-process'>;
  },
  actors: {
    group: groupMachine,
    /** A server whose group died too often. */
    server: serverMachine,
    /** Holds the sessions, if they are held apart from this process. */
    'client-process': clientProcessMachine,
    /** Resolves when no process of the server is left; `src/supervisor` provides it, as for groups. */
    reaper: fromPromise<Reaped, ReaperInput>(() => {
      throw new Error('the actor "reaper" is provided by the supervisor room');
    }),
    /** Resolves when no other control plane uses the store; `src/supervisor` provides it. */
    claim: fromPromise<void>(() => {
      throw new Error('the actor "claim" is provided by the supervisor room');
    }),
    /** Ends the processes that an earlier run left behind; `src/supervisor` provides it. */
    reap: fromPromise<void>(() => {
      throw new Error('the actor "reap" is provided by the supervisor room');
    }),
    /** Kills every known process group; `src/supervisor` provides it. */
    killAll: fromPromise<void>(() => {
      throw new Error('the actor "killAll" is provided by the supervisor room');
    }),
  },
  delays: { leave: leaveMs },
  guards: {
    isOver: ({ context }) => isAlone(context) && (context.client?.standing ?? 'down') === 'down',
    hasClient: ({ context }) => context.client !== null,
    isClientDue: ({ context }) => isAlone(context) && context.client !== null && context.clientEnd === null,
    /** Nobody can tell the client process to end. */
    isClientLost: ({ context }) => isAlone(context) && context.clientEnd === 'impossible',
    isLeft: ({ context }) => context.client?.standing === 'down' || context.clientEnd === 'impossible',
  },
  actions: {
    startClient: enqueueActions(({ context, enqueue }) => {
      if (context.clientProcess === null) return;
      const input = context.clientProcess;
      enqueue.spawnChild('client-process', { id: clientProcessId, systemId: clientProcessId, input });
      enqueue.sendTo(clientProcessId, { type: 'client.start' } satisfies ClientProcessEvent);
    }),
    noteClient: assign((_, { standing, nextRetryAt, isCareful }: ClientReport) => ({
      client: { standing, nextRetryAt, isCareful },
    })),
    /** Of all servers, related or not. */
    notifyOfClient: enqueueActions((args) => notifyOfClient(args, Object.keys(args.context.members))),
    /** Servers of the plan have no actor before this step is over. */
    notifyAdded: enqueueActions(({ context, enqueue, self }) => {
      if (context.client !== null && context.client.standing !== 'up') enqueue.sendTo(self, { type: 'clearances.due' });
    }),
    /** A server that asks for a slot may not have been told that there is no client process. */
    notifyApplicant: enqueueActions((args, { server }: { server: string }) => {
      if (args.context.client !== null && args.context.client.standing !== 'up') notifyOfClient(args, [server]);
    }),
    configureClient: enqueueActions((args, { steps, at, random }: Moment & { steps: Steps }) => {
      const { clientProcess } = steps;
      if (clientProcess === undefined || args.context.client === null) return;
      args.enqueue.assign({ clientProcess });
      const event: ClientProcessEvent = { type: 'client.configure', ...clientProcess, at, random };
      sendById(args, clientProcessId, event);
    }),
    /** Once: nothing needs it any more. */
    endClient: enqueueActions((args) => {
      args.enqueue.assign({ clientEnd: 'told' });
      sendById(args, clientProcessId, { type: 'client.shutdown' } satisfies ClientProcessEvent);
    }),
    leaveClient: enqueueActions((args) =>
      sendById(args, clientProcessId, { type: 'client.leave' } satisfies ClientProcessEvent),
    ),
    /** Their sessions go on without them. */
    dropServers: enqueueActions(({ context, enqueue }) => {
      for (const id of [...context.groups.map(groupId), ...livingOf(context).map(serverId)]) enqueue.stopChild(id);
    }),
  },
});

/** No server is left. */
function isAlone({ groups, members }: SupervisorContext): boolean {
  return groups.length === 0 && !holdsAny(members, supervisorId);
}
