/**
 * How a group holds its servers: spawns them, lets them go, and puts another in the place of one that died by a bug.
 * What it decides over them is `round-actions.ts`.
 */

import { type AnyActorLogic, type AnyActorRef, assign, emit, enqueueActions, fromPromise, setup } from 'xstate';
import { failure } from '../failure.ts';
import type { Moment, ServerContext, ServerInput } from '../server/events.ts';
import { report } from '../server/life.ts';
import { serverMachine } from '../server.machine.ts';
import type { GroupContext, GroupEmitted, GroupEvent, GroupInput, GroupReport } from './events.ts';

/**
 * A parent's cost per child grows with their number (XState copies its table of children): above this, parts of the
 * group hold the rest.
 */
const mostHeld = 128;

/** Three deaths of a server's actor within this time, and its successor is born in `failed`, in milliseconds. */
const deathWindowMs = 60_000;
const deathLimit = 3;

/** Told to end in one turn of the event loop: telling all of a thousand would keep everybody else waiting. */
const endedPerTurn = 4;

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

const supervisorId = 'supervisor';
export const groupId = (group: string) => `group:${group}`;
export const serverId = (server: string) => `server:${server}`;
const reaperId = (server: string) => `reaper:${server}`;

/** The actor that holds a server or its reaper: a group or a part of one. */
export function holderOf(
  server: string,
  system: { get(id: string): AnyActorRef | undefined },
): AnyActorRef | undefined {
  return (system.get(serverId(server)) ?? system.get(reaperId(server)))?._parent;
}

/** The name of the part of this group that holds a server. */
function partOf({ parts }: GroupContext, holder: AnyActorRef | undefined): string | null {
  const name = holder?.id.slice(groupId('').length);
  return name !== undefined && parts[name] !== undefined ? name : null;
}

export const groupHolding = setup({
  types: {} as {
    context: GroupContext;
    events: GroupEvent;
    input: GroupInput;
    emitted: GroupEmitted;
    children: Record<string, 'server' | 'reaper' | 'part'>;
  },
  actors: {
    server: serverMachine,
    /** A part of the group, which only holds servers: this chart again; `src/supervisor` provides it. */
    part: fromPromise<void>(() => {
      throw new Error('the actor "part" is provided by the supervisor room');
    }) as AnyActorLogic,
    /** Resolves in the next turn of the event loop; `src/supervisor` provides it. */
    turn: fromPromise<void>(() => {
      throw new Error('the actor "turn" is provided by the supervisor room');
    }),
    /**
     * Resolves when no process of the server is left, with the time and the highest generation known; `src/supervisor`
     * provides it.
     */
    reaper: fromPromise<Moment & { readonly generation: number }, ReaperInput>(() => {
      throw new Error('the actor "reaper" is provided by the supervisor room');
    }),
  },
  guards: {
    isEmpty: ({ context }) => context.charges === 0,
    isTold: ({ context }) => context.untold.length === 0,
  },
  actions: {
    add: enqueueActions(
      (
        { context, enqueue, self, system },
        { servers, at, random }: { servers: readonly ServerInput[]; at: number; random: number },
      ) => {
        const { children } = self.getSnapshot();
        const returning: Record<string, ServerInput> = {};
        const elsewhere = new Map<string, ServerInput[]>();
        const parts = { ...context.parts };
        let { charges } = context;
        let held = charges - Object.keys(parts).length;
        const give = (part: string, input: ServerInput) => elsewhere.set(part, [...(elsewhere.get(part) ?? []), input]);
        for (const input of servers) {
          const living = children[serverId(input.name)];
          const part = partOf(context, holderOf(input.name, system));
          if (part !== null) give(part, input);
          // As long as the reaper is at work, a process of the old life may be left.
          else if (children[reaperId(input.name)] !== undefined)
            returning[input.name] = { generation: context.dead[input.name]?.generation ?? 0, ...input };
          else if (living !== undefined) {
            const { policy, wanted } = input;
            enqueue.sendTo(living, { type: 'server.configure' as const, policy, wanted, changed: true, at, random });
          } else if (held < mostHeld) {
            enqueue.spawnChild('server', { id: serverId(input.name), systemId: serverId(input.name), input });
            [charges, held] = [charges + 1, held + 1];
          } else {
            const roomy = partWithRoom(context.name, parts, (name) => system.get(groupId(name)) === undefined);
            if (parts[roomy] === undefined) {
              enqueue.spawnChild('part', {
                id: groupId(roomy),
                systemId: groupId(roomy),
                input: { name: roomy } satisfies GroupInput,
              });
              charges += 1;
            }
            parts[roomy] = (parts[roomy] ?? 0) + 1;
            give(roomy, input);
          }
        }
        enqueue.assign({ charges, parts, dead: { ...context.dead, ...returning } });
        for (const [part, inputs] of elsewhere)
          enqueue.sendTo(groupId(part), { type: 'group.add', servers: inputs, at, random } satisfies GroupEvent);
      },
    ),
    remove: enqueueActions(
      ({ context, enqueue, self, system }, { server, at, random }: { server: string; at: number; random: number }) => {
        const { children } = self.getSnapshot();
        const part = partOf(context, holderOf(server, system));
        const living = children[serverId(server)];
        if (part !== null)
          enqueue.sendTo(groupId(part), { type: 'group.remove', server, at, random } satisfies GroupEvent);
        else if (children[reaperId(server)] !== undefined) enqueue.assign({ dead: without(context.dead, server) });
        else if (living !== undefined) enqueue.sendTo(living, { type: 'server.remove' as const, at, random });
        else {
          enqueue.emit({ type: 'server.removed', server });
          if (self._parent !== undefined) enqueue.sendTo(self._parent, removal(context, server, null));
        }
      },
    ),
    wake: enqueueActions(({ enqueue, self }, moment: Moment) => {
      // One number for all would wake all at the same moment: multiples of the golden ratio spread evenly.
      for (const [index, child] of chargesOf(self).entries()) {
        enqueue.sendTo(child, {
          type: 'machine.resumed',
          at: moment.at,
          random: (moment.random + index * goldenRatio) % 1,
        });
      }
    }),
    beginEnd: enqueueActions(({ enqueue, self }, { except }: { except: readonly string[] }) => {
      const spared = new Set(except.map(serverId));
      const untold = chargesOf(self)
        .map(({ id }) => id)
        .filter((id) => !spared.has(id));
      enqueue.assign({ untold, spared: except });
    }),
    endSome: enqueueActions(({ context, enqueue, self }) => {
      const { children } = self.getSnapshot();
      enqueue.assign({ untold: context.untold.slice(endedPerTurn) });
      for (const id of context.untold.slice(0, endedPerTurn)) {
        const child = children[id];
        if (child === undefined) continue;
        if (id.startsWith(groupId('')))
          enqueue.sendTo(child as AnyActorRef, { type: 'group.shutdown', except: context.spared } satisfies GroupEvent);
        else enqueue.sendTo(child, { type: 'server.shutdown' });
      }
    }),
    letGo: enqueueActions(({ context, enqueue, self }, { server }: { server: string }) => {
      const memory = self.getSnapshot().children[serverId(server)]?.getSnapshot()?.context as ServerContext | undefined;
      enqueue.stopChild(serverId(server));
      enqueue.assign({ charges: context.charges - 1 });
      if (self._parent !== undefined) enqueue.sendTo(self._parent, removal(context, server, memory?.wanted ?? null));
    }),
    bury: enqueueActions(({ context, enqueue, self, system }, { actorId, error }: ActorFailed) => {
      const child = self.getSnapshot().children[actorId];
      enqueue.stopChild(actorId);
      const memory = memoryOf(child);
      const message = error instanceof Error ? error.message : String(error);
      if (actorId.startsWith(groupId(''))) {
        const part = actorId.slice(groupId('').length);
        const broken: GroupReport = { type: 'group.broken', group: context.name, message };
        if (self._parent !== undefined) enqueue.sendTo(self._parent, broken);
        endOrphans(child, (orphan) => enqueue.sendTo(orphan, { type: 'server.shutdown' }));
        enqueue.assign({ charges: context.charges - 1, parts: without(context.parts, part) });
        return;
      }
      if (!actorId.startsWith(serverId('')) || memory === undefined) {
        const server = actorId.slice(actorId.indexOf(':') + 1);
        enqueue.assign({ charges: context.charges - 1, dead: without(context.dead, server) });
        enqueue.emit({ type: 'actor.died', server, message });
        return;
      }
      enqueue.emit({ type: 'actor.died', server: memory.name, message });
      for (const command of memory.open) {
        enqueue.emit({
          type: 'command.settled',
          command,
          server: memory.name,
          outcome: 'rejected',
          reason: `its actor died: ${message}`,
        });
      }
      if (!memory.removing && !memory.shuttingDown)
        enqueue.assign({ dead: { ...context.dead, [memory.name]: successorOf(memory) } });
      enqueue.spawnChild('reaper', {
        id: reaperId(memory.name),
        systemId: reaperId(memory.name),
        input: { server: memory.name },
      });
      const supervisor = system.get(supervisorId);
      if (supervisor !== undefined) enqueue.sendTo(supervisor, report('slot.returned', memory.name));
      // A round that waits for it waits no longer.
      enqueue.raise({ type: 'server.changed', server: memory.name });
    }),
    revive: enqueueActions(({ context, enqueue, self }, { actorId, output }: ReaperDone) => {
      enqueue.stopChild(actorId);
      const server = actorId.slice('reaper:'.length);
      const successor = context.dead[server];
      if (successor === undefined) {
        enqueue.assign({ charges: context.charges - 1 });
        enqueue.emit({ type: 'server.removed', server });
        if (self._parent !== undefined) enqueue.sendTo(self._parent, removal(context, server, null));
        return;
      }
      const deaths = [
        ...(context.deaths[server] ?? []).filter((diedAt) => diedAt > output.at - deathWindowMs),
        output.at,
      ];
      enqueue.assign({ dead: without(context.dead, server), deaths: { ...context.deaths, [server]: deaths } });
      const input: ServerInput = {
        ...successor,
        generation: Math.max(successor.generation ?? 0, output.generation),
        ...(deaths.length >= deathLimit
          ? { failure: { ...failure('internal', `its actor died ${deathLimit} times within a minute`), at: output.at } }
          : {}),
      };
      enqueue.spawnChild('server', { id: serverId(server), systemId: serverId(server), input });
    }),
    /** What a part tells is for the root; a place in it is free again. */
    passOn: enqueueActions(({ context, enqueue, self }, told: GroupReport) => {
      if (told.type === 'server.removed' && context.parts[told.group] !== undefined) {
        enqueue.assign({ parts: { ...context.parts, [told.group]: (context.parts[told.group] ?? 1) - 1 } });
      }
      if (self._parent !== undefined)
        enqueue.sendTo(self._parent, told.type === 'server.removed' ? { ...told, group: context.name } : told);
    }),
    forgetPart: assign(({ context }, { group }: { group: string }) => ({
      charges: context.charges - 1,
      parts: without(context.parts, group),
    })),
    tellRemoval: emit((_, { server }: { server: string }) => ({ type: 'server.removed', server })),
    forgetDead: assign({ dead: {} }),
    reportGone: enqueueActions(({ context, enqueue, self }) => {
      const gone: GroupReport = { type: 'group.gone', group: context.name };
      if (self._parent !== undefined) enqueue.sendTo(self._parent, gone);
    }),
  },
});

/**
 * XState leaves the children of an actor that died running: each server is to end its session, settle its commands and
 * start no other.
 */
export function endOrphans(dead: AnyActorRef | undefined, end: (server: AnyActorRef) => void): void {
  const { children = {} } = (dead?.getSnapshot() ?? {}) as {
    readonly children?: Readonly<Record<string, AnyActorRef>>;
  };
  for (const [id, child] of Object.entries(children)) {
    if (id.startsWith(serverId(''))) end(child);
    else if (id.startsWith(groupId(''))) endOrphans(child, end);
  }
}

/** What a server's actor remembers. One that died at its birth remembers nothing, not even its name. */
function memoryOf(child: AnyActorRef | undefined): ServerContext | undefined {
  const memory = child?.getSnapshot()?.context as Partial<ServerContext> | undefined;
  return memory?.name === undefined ? undefined : (memory as ServerContext);
}

/** Servers and parts of the group, not reapers. */
function chargesOf(self: {
  getSnapshot(): { readonly children: Readonly<Record<string, AnyActorRef | undefined>> };
}): readonly AnyActorRef[] {
  return Object.values(self.getSnapshot().children).filter(
    (child) => child !== undefined && !child.id.startsWith(reaperId('')),
  ) as AnyActorRef[];
}

/** The first part that has room, or a new one under a name that nobody has. */
function partWithRoom(
  group: string,
  parts: Readonly<Record<string, number>>,
  isFree: (name: string) => boolean,
): string {
  const known = Object.entries(parts).find(([, held]) => held < mostHeld);
  if (known !== undefined) return known[0];
  let number = Object.keys(parts).length + 1;
  while (parts[`${group}/${number}`] !== undefined || !isFree(`${group}/${number}`)) number += 1;
  return `${group}/${number}`;
}

function removal({ name }: GroupContext, server: string, wanted: ServerContext['wanted'] | null): GroupReport {
  return { type: 'server.removed', server, wanted, group: name };
}

function successorOf({ name, policy, wanted, generation }: ServerContext): ServerInput {
  return { name, policy, wanted, generation };
}

function without<Value>(record: Readonly<Record<string, Value>>, key: string): Record<string, Value> {
  return Object.fromEntries(Object.entries(record).filter(([name]) => name !== key));
}
