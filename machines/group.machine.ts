/**
 * The supervisor of one group's servers: spawns them, lets them go, and puts another in the place of one that died by a bug.
 *
 * Invariant: a server's actor is let go only when it is idle, so that no session is ever without an actor.
 * Invariant: after an actor's death its successor is spawned only when the reaper has seen its process group gone.
 * Invariant: no action here throws: a group outlives every bug of its servers.
 */

import { assign, emit, enqueueActions, fromPromise, setup } from 'xstate';
import { failure } from './failure.ts';
import { serverMachine } from './server.machine.ts';
import type { Moment, ServerContext, ServerInput, Wanted } from './server-events.ts';
import { report } from './server-life.ts';
import type { OpenCommand } from './settlement.ts';

/** Three deaths of a server's actor within this time, and its successor is born in `failed`, in milliseconds. */
const deathWindowMs = 60_000;
const deathLimit = 3;

const goldenRatio = 0.618_033_988_749;

/** XState's own events, which its types leave open. */
export interface ActorFailed {
  readonly actorId: string;
  readonly error: unknown;
}

export interface ReaperDone {
  readonly actorId: string;
  readonly output: Moment & { readonly generation: number };
}

export interface ReaperInput {
  readonly server: string;
}

export type GroupEvent =
  | (Moment & { readonly type: 'group.add'; readonly servers: readonly ServerInput[] })
  | (Moment & { readonly type: 'group.remove'; readonly server: string })
  | (Moment & { readonly type: 'group.shutdown' })
  | (Moment & { readonly type: 'machine.resumed' })
  | { readonly type: 'server.gone'; readonly server: string };

export type GroupEmitted =
  | { readonly type: 'server.removed'; readonly server: string }
  | { readonly type: 'actor.died'; readonly server: string; readonly message: string }
  | { readonly type: 'command.settled'; readonly command: OpenCommand; readonly server: string; readonly outcome: 'rejected'; readonly reason: string };

/** What a group tells the root. */
export type GroupReport =
  /** `wanted`: the operator's last wish; null if nobody was left to know it. */
  { readonly type: 'server.removed'; readonly server: string; readonly wanted: Wanted | null } | { readonly type: 'group.gone'; readonly group: string };

export interface GroupContext {
  readonly name: string;
  /** Servers whose actor died, and what their successors are made of, until the reaper is done. */
  readonly dead: Readonly<Record<string, ServerInput>>;
  /** When actors died, by server, in milliseconds. */
  readonly deaths: Readonly<Record<string, readonly number[]>>;
  /** Servers and reapers alive. */
  readonly charges: number;
}

const serverId = (server: string) => `server:${server}`;
const reaperId = (server: string) => `reaper:${server}`;

const groupSetup = setup({
  types: {} as {
    context: GroupContext;
    events: GroupEvent;
    input: { readonly name: string };
    emitted: GroupEmitted;
    children: Record<string, 'server' | 'reaper'>;
  },
  actors: {
    server: serverMachine,
    /** Resolves when no process of the server is left, with the time and the highest generation known; `src/supervisor` provides it. */
    reaper: fromPromise<Moment & { readonly generation: number }, ReaperInput>(() => {
      throw new Error('the actor "reaper" is provided by the supervisor room');
    }),
  },
  guards: {
    isEmpty: ({ context }) => context.charges === 0,
  },
  actions: {
    add: enqueueActions(({ context, enqueue, self }, { servers, at, random }: { servers: readonly ServerInput[]; at: number; random: number }) => {
      const { children } = self.getSnapshot();
      const returning: Record<string, ServerInput> = {};
      let { charges } = context;
      for (const input of servers) {
        const living = children[serverId(input.name)];
        // As long as the reaper is at work, a process of the old life may be left.
        if (children[reaperId(input.name)] !== undefined) returning[input.name] = { generation: context.dead[input.name]?.generation ?? 0, ...input };
        else if (living !== undefined) {
          const { policy, wanted } = input;
          enqueue.sendTo(living, { type: 'server.configure' as const, policy, wanted, changed: true, at, random });
        } else {
          enqueue.spawnChild('server', { id: serverId(input.name), systemId: serverId(input.name), input });
          charges += 1;
        }
      }
      enqueue.assign({ charges, dead: { ...context.dead, ...returning } });
    }),
    remove: enqueueActions(({ context, enqueue, self }, { server, at, random }: { server: string; at: number; random: number }) => {
      const { children } = self.getSnapshot();
      const living = children[serverId(server)];
      const removed: GroupReport = { type: 'server.removed', server, wanted: null };
      if (children[reaperId(server)] !== undefined) enqueue.assign({ dead: without(context.dead, server) });
      else if (living !== undefined) enqueue.sendTo(living, { type: 'server.remove' as const, at, random });
      else {
        enqueue.emit({ type: 'server.removed', server });
        if (self._parent !== undefined) enqueue.sendTo(self._parent, removed);
      }
    }),
    forward: enqueueActions(({ enqueue, self }, { type, at, random }: { type: 'server.shutdown' | 'machine.resumed'; at: number; random: number }) => {
      const servers = Object.entries(self.getSnapshot().children).filter(([id]) => id.startsWith('server:'));
      // One number for all would wake all at the same moment: multiples of the golden ratio spread evenly.
      for (const [index, [, child]] of servers.entries()) {
        if (child !== undefined) enqueue.sendTo(child, { type, at, random: (random + index * goldenRatio) % 1 });
      }
    }),
    letGo: enqueueActions(({ context, enqueue, self }, { server }: { server: string }) => {
      const memory = self.getSnapshot().children[serverId(server)]?.getSnapshot()?.context as ServerContext | undefined;
      enqueue.stopChild(serverId(server));
      enqueue.assign({ charges: context.charges - 1 });
      const removed: GroupReport = { type: 'server.removed', server, wanted: memory?.wanted ?? null };
      if (self._parent !== undefined) enqueue.sendTo(self._parent, removed);
    }),
    bury: enqueueActions(({ context, enqueue, self }, { actorId, error }: ActorFailed) => {
      const child = self.getSnapshot().children[actorId];
      enqueue.stopChild(actorId);
      const memory = child?.getSnapshot()?.context as ServerContext | undefined;
      const message = error instanceof Error ? error.message : String(error);
      if (!actorId.startsWith('server:') || memory === undefined) {
        const server = actorId.slice(actorId.indexOf(':') + 1);
        enqueue.assign({ charges: context.charges - 1, dead: without(context.dead, server) });
        enqueue.emit({ type: 'actor.died', server, message });
        return;
      }
      enqueue.emit({ type: 'actor.died', server: memory.name, message });
      for (const command of memory.open) {
        enqueue.emit({ type: 'command.settled', command, server: memory.name, outcome: 'rejected', reason: `its actor died: ${message}` });
      }
      if (!memory.removing && !memory.shuttingDown) enqueue.assign({ dead: { ...context.dead, [memory.name]: successorOf(memory) } });
      enqueue.spawnChild('reaper', { id: reaperId(memory.name), input: { server: memory.name } });
      if (self._parent !== undefined) enqueue.sendTo(self._parent, report('slot.returned', memory.name));
    }),
    revive: enqueueActions(({ context, enqueue, self }, { actorId, output }: ReaperDone) => {
      enqueue.stopChild(actorId);
      const server = actorId.slice('reaper:'.length);
      const successor = context.dead[server];
      if (successor === undefined) {
        enqueue.assign({ charges: context.charges - 1 });
        enqueue.emit({ type: 'server.removed', server });
        const removed: GroupReport = { type: 'server.removed', server, wanted: null };
        if (self._parent !== undefined) enqueue.sendTo(self._parent, removed);
        return;
      }
      const deaths = [...(context.deaths[server] ?? []).filter((diedAt) => diedAt > output.at - deathWindowMs), output.at];
      enqueue.assign({ dead: without(context.dead, server), deaths: { ...context.deaths, [server]: deaths } });
      const input: ServerInput = {
        ...successor,
        generation: Math.max(successor.generation ?? 0, output.generation),
        ...(deaths.length >= deathLimit ? { failure: { ...failure('internal', `its actor died ${deathLimit} times within a minute`), at: output.at } } : {}),
      };
      enqueue.spawnChild('server', { id: serverId(server), systemId: serverId(server), input });
    }),
    tellRemoval: emit((_, { server }: { server: string }) => ({ type: 'server.removed', server })),
    forgetDead: assign({ dead: {} }),
    reportGone: enqueueActions(({ context, enqueue, self }) => {
      const gone: GroupReport = { type: 'group.gone', group: context.name };
      if (self._parent !== undefined) enqueue.sendTo(self._parent, gone);
    }),
  },
});

export const groupMachine = groupSetup.createMachine({
  id: 'group',
  context: ({ input }) => ({ name: input.name, dead: {}, deaths: {}, charges: 0 }),
  initial: 'running',
  on: {
    'server.gone': { actions: { type: 'letGo', params: ({ event }) => event } },
    'xstate.error.actor.*': { actions: { type: 'bury', params: ({ event }: { event: unknown }) => event as ActorFailed } },
    'xstate.done.actor.*': { actions: { type: 'revive', params: ({ event }: { event: unknown }) => event as ReaperDone } },
  },
  states: {
    running: {
      on: {
        'server.gone': {
          actions: [
            { type: 'letGo', params: ({ event }) => event },
            { type: 'tellRemoval', params: ({ event }) => event },
          ],
        },
        'group.add': { actions: { type: 'add', params: ({ event }) => event } },
        'group.remove': { actions: { type: 'remove', params: ({ event }) => event } },
        'group.shutdown': { target: 'shutting-down', actions: { type: 'forward', params: ({ event }) => ({ ...event, type: 'server.shutdown' as const }) } },
        'machine.resumed': { actions: { type: 'forward', params: ({ event }) => event } },
      },
    },
    /** Whoever is being reaped has no successor any more. */
    'shutting-down': { entry: 'forgetDead', always: { guard: 'isEmpty', target: 'gone' } },
    gone: { entry: 'reportGone' },
  },
});

function successorOf({ name, policy, wanted, generation }: ServerContext): ServerInput {
  return { name, policy, wanted, generation };
}

function without<Value>(record: Readonly<Record<string, Value>>, key: string): Record<string, Value> {
  return Object.fromEntries(Object.entries(record).filter(([name]) => name !== key));
}
