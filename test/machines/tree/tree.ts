/**
 * Runs the whole tree of charts: root, groups, servers, on a virtual clock, with sessions, reapers and killers that a
 * test controls.
 */

import { type AnyActorRef, createActor, fromCallback, fromPromise } from 'xstate';
import type { ClientProcessInput, HolderOrder } from '../../../machines/client-process/events.ts';
import type { ReaperInput } from '../../../machines/group/holding.ts';
import type { Reaped } from '../../../machines/holding/deaths.ts';
import type { ServerContext } from '../../../machines/server/context.ts';
import type { ServerEvent, SessionOrder } from '../../../machines/server/events.ts';
import type { LookOrder, LookoutInput } from '../../../machines/server/looking.ts';
import type { SessionInput } from '../../../machines/server/session-actions.ts';
import type { Steps, SupervisorContext, SupervisorEvent } from '../../../machines/supervisor/events.ts';
import { charts, type PolicyOverrides, policyOf, type SessionLogic, stateText } from '../../support/charts/chart.ts';
import { createVirtualClock, type VirtualClock } from '../../support/charts/virtual-clock.ts';

export interface Door {
  readonly open: () => void;
  readonly fail: (error: Error) => void;
}

export interface Tree {
  readonly clock: VirtualClock;
  readonly send: (event: Record<string, unknown> & { readonly type: SupervisorEvent['type'] }) => void;
  readonly plan: (steps: Partial<Steps>) => void;
  /** Adds servers to a group. */
  readonly add: (names: readonly string[], group?: string, policy?: PolicyOverrides) => void;
  readonly remove: (name: string, group?: string) => void;
  readonly state: () => string;
  readonly context: () => SupervisorContext;
  /** The innermost state of a server; null: it has no actor. */
  readonly serverState: (name: string) => string | null;
  readonly serverContext: (name: string) => ServerContext;
  readonly server: (name: string) => AnyActorRef;
  readonly group: (name: string) => AnyActorRef;
  readonly client: () => AnyActorRef;
  /** Sends a server news of its current session. */
  readonly news: (name: string, type: ServerEvent['type'], fields?: Record<string, unknown>) => void;
  readonly connect: (name: string) => void;
  readonly openSessions: () => readonly string[];
  readonly starting: () => readonly string[];
  /** Makes the actor of a server die by a bug, in its session. */
  readonly break: (name: string) => void;
  /** What every server and group did, in order. */
  readonly records: TreeRecord[];
  /** Reapers at work, by server. */
  readonly reapers: Map<string, Door>;
  readonly boot: Door;
  /** Open unless the tree is started with `claimed: false`. */
  readonly claim: Door;
  /** What groups and the root emitted. */
  readonly emitted: Record<string, unknown>[];
  /** By command: `accepted`, and its outcomes. */
  readonly commands: Map<string, string[]>;
  readonly kills: () => number;
  readonly rootError: () => unknown;
  /** Events that lost their time or their random number on the way from actor to actor. */
  readonly untimed: string[];
  /** Events for which a chart had no edge, as `server:a server.needed`. */
  readonly ignored: string[];
  readonly stop: () => void;
}

export interface TreeRecord {
  readonly at: number;
  readonly actor: string;
  readonly text: string;
}

export interface TreeOptions {
  readonly slots?: number;
  readonly clock?: VirtualClock;
  readonly random?: () => number;
  /** How the sessions of a server behave. Default: they do nothing by themselves. */
  readonly session?: (server: string) => SessionLogic;
  /** Whether a server's look finds what it lacks. Default: never. */
  readonly finds?: (server: string) => boolean;
  /** Called after each step of each actor. */
  readonly onStep?: (tree: Tree, actor: string) => void;
  readonly shutdownMs?: number;
  readonly booted?: boolean;
  /** Whether no other control plane uses the store. Default: true. */
  readonly claimed?: boolean;
  readonly highestGeneration?: number;
  /** Default: sessions are held in this process. */
  readonly clientProcess?: ClientProcessInput;
  /** Hears the orders of the chart of the client process; may throw, which is a bug. */
  readonly holder?: (order: HolderOrder) => void;
  /** What the reaper of a server says of it. Default: it has not. */
  readonly hasWorked?: (server: string) => boolean;
  /** Instead of the chart of groups, of their parts, or of servers. */
  readonly buggyGroup?: typeof charts.group;
  readonly buggyPart?: typeof charts.group;
  readonly buggyServer?: typeof charts.server;
}

/** Events from outside, with a time and a random number, that actors pass on. */
const timed = /^(plan\.apply|group\.(add|remove)|server\.(configure|remove|lost)|machine\.resumed)$/;

/** Promises of the tree settle between two turns of the real loop. */
export const settled = () => new Promise<void>((resolve) => setImmediate(resolve));

export async function startTree(options: TreeOptions = {}): Promise<Tree> {
  const { slots = 2, shutdownMs = 25_000, booted = true, claimed = true, highestGeneration = 0 } = options;
  const { clock = createVirtualClock(1_000), random = () => 0.5 } = options;
  const records: TreeRecord[] = [];
  const states = new Map<string, string>();
  let isMade = false;
  const generations = new Map<string, number>();
  const sessions = new Map<string, (order: SessionOrder | { type: 'break' }) => void>();
  const reapers = new Map<string, Door>();
  const emitted: Record<string, unknown>[] = [];
  const ignored: string[] = [];
  const untimed: string[] = [];
  let [kills, rootError]: [number, unknown] = [0, null];
  const moment = () => ({ at: clock.now(), random: random() });
  const commands = new Map<string, string[]>();
  const noteCommand = (
    actor: string,
    {
      command,
      outcome = 'accepted',
    }: {
      readonly command?: { readonly id: string };
      readonly outcome?: string;
    },
  ) => {
    if (command === undefined) return;
    commanded.set(command.id, actor.slice('server:'.length));
    commands.set(command.id, [...(commands.get(command.id) ?? []), outcome]);
  };
  /** As in `src`: the open commands of an actor that died are rejected. */
  const abandon = (names: readonly string[]) => {
    for (const [id, told] of commands) {
      const server = commanded.get(id);
      if (server !== undefined && names.includes(server) && told.length === 1) told.push('rejected');
    }
  };
  const commanded = new Map<string, string>();
  const record = (actor: string, text: string) => records.push({ at: clock.now(), actor, text });
  const [claim, boot] = [deferred(), deferred()];

  const session = fromCallback<SessionOrder, SessionInput>(({ input, receive, sendBack }) => {
    const key = `${input.server}:${input.generation}`;
    generations.set(input.server, input.generation);
    let hear: (order: SessionOrder) => void = () => undefined;
    sessions.set(key, () => undefined);
    const tell = (event: ServerEvent) => sendBack(event);
    const close = options.session?.(input.server)(input, tell, (listener) => {
      hear = listener;
    });
    receive((order) => {
      if ((order as { type: string }).type === 'break') {
        sessions.delete(key);
        throw new Error('a bug');
      }
      hear(order);
    });
    return () => {
      sessions.delete(key);
      close?.();
    };
  });
  const lookout = fromCallback<LookOrder, LookoutInput>(({ input, sendBack, receive }) =>
    receive(() => {
      if (options.finds?.(input.server) === true) sendBack({ type: 'look.found', ...moment() });
    }),
  );
  const reaper = fromPromise<Reaped, ReaperInput>(({ input }) => {
    const door = deferred();
    reapers.set(input.server, { open: () => door.resolve(), fail: door.reject });
    return door.promise.then(() => {
      reapers.delete(input.server);
      const generation = Math.max(highestGeneration, generations.get(input.server) ?? 0);
      return { ...moment(), generation, worked: options.hasWorked?.(input.server) ?? false };
    });
  });
  const server = (options.buggyServer ?? charts.server).provide({ actors: { session, lookout } });
  const turn = fromPromise<void>(() => Promise.resolve());
  const part = (options.buggyPart ?? charts.group).provide({ actors: { server, reaper, turn } });
  const group = (options.buggyGroup ?? charts.group).provide({ actors: { server, reaper, turn, part } });
  const chart = charts.supervisor.provide({
    actors: {
      group,
      server,
      reaper,
      'client-process': charts.clientProcess.provide({
        actors: { holder: fromCallback<HolderOrder>(({ receive }) => receive((order) => options.holder?.(order))) },
      }),
      claim: fromPromise<void>(() => claim.promise),
      reap: fromPromise<void>(() => boot.promise),
      killAll: fromPromise<void>(() => {
        kills += 1;
        return Promise.resolve();
      }),
    },
  });
  const root = createActor(chart, {
    clock,
    systemId: 'supervisor',
    input: { slots, shutdownMs, clientProcess: options.clientProcess ?? null },
    inspect: (inspection) => {
      const actor = inspection.actorRef as AnyActorRef;
      if (inspection.type === '@xstate.actor' && /^(group|server):/.test(actor.id)) {
        actor.on('*', (event: unknown) => {
          if (actor.id.startsWith('group:')) emitted.push(event as Record<string, unknown>);
          record(actor.id, emittedText(event as Record<string, unknown>));
          const { type, server: whose = '' } = event as { readonly type: string; readonly server?: string };
          if (type === 'actor.died') abandon([whose]);
          noteCommand(
            actor.id,
            event as { readonly type: string; readonly command?: { readonly id: string }; readonly outcome?: string },
          );
        });
      }
      if (
        inspection.type === '@xstate.microstep' &&
        inspection._transitions.length === 0 &&
        !inspection.event.type.startsWith('xstate.')
      ) {
        ignored.push(`${actor === root ? 'supervisor' : actor.id} ${inspection.event.type}`);
      }
      // What an actor sends comes after the step that sends it.
      if (inspection.type === '@xstate.event' && inspection.sourceRef !== undefined) {
        note(inspection.sourceRef as AnyActorRef);
        const { type, at, random } = inspection.event as { type: string; at?: unknown; random?: unknown };
        if (timed.test(type) && (typeof at !== 'number' || typeof random !== 'number'))
          untimed.push(`${actor.id} ${type}`);
      }
      if (inspection.type === '@xstate.snapshot') note(actor);
    },
  });
  function note(actor: AnyActorRef): void {
    if (actor !== root && !/^(group|server):/.test(actor.id)) return;
    const name = actor === root ? 'supervisor' : actor.id;
    const snapshot = actor.getSnapshot() as { readonly value?: unknown } | undefined;
    if (snapshot?.value === undefined) return;
    if (states.get(name) !== stateText(snapshot.value)) {
      states.set(name, stateText(snapshot.value));
      record(name, stateText(snapshot.value));
    }
    if (isMade) options.onStep?.(tree, name);
  }

  root.on('*', (event) => {
    emitted.push(event as unknown as Record<string, unknown>);
    if (event.type === 'group.died') abandon(event.servers);
    else if (event.type === 'actor.died') abandon([event.server]);
  });
  root.subscribe({
    error: (error) => {
      rootError = error;
    },
  });
  root.start();

  const tree: Tree = {
    clock,
    send: (event) => root.send({ ...moment(), ...event } as SupervisorEvent),
    plan: (steps) =>
      root.send({ type: 'plan.apply', steps: { add: [], configure: [], remove: [], ...steps }, ...moment() }),
    add: (names, groupName = 'default', policy = {}) =>
      tree.plan({
        add: names.map((name) => ({ group: groupName, server: { name, policy: policyOf(policy), wanted: 'up' } })),
      }),
    remove: (name, groupName = 'default') => tree.plan({ remove: [{ group: groupName, server: name }] }),
    state: () => stateText(root.getSnapshot().value),
    context: () => root.getSnapshot().context,
    serverState: (name) => {
      const actor = root.system.get(`server:${name}`) as AnyActorRef | undefined;
      return actor === undefined ? null : stateText(actor.getSnapshot().value);
    },
    server: (name) => root.system.get(`server:${name}`) as AnyActorRef,
    serverContext: (name) => tree.server(name).getSnapshot().context as ServerContext,
    group: (name) => root.system.get(`group:${name}`) as AnyActorRef,
    client: () => root.system.get('client-process') as AnyActorRef,
    news: (name, type, fields = {}) =>
      tree
        .server(name)
        .send({ type, generation: tree.serverContext(name).generation, pid: 1, failure: null, ...moment(), ...fields }),
    connect: (name) => {
      for (const type of ['session.spawned', 'session.initialized', 'session.ready'] as const) tree.news(name, type);
    },
    openSessions: () => [...sessions.keys()],
    starting: () =>
      [...sessions.keys()]
        .map((key) => key.split(':')[0] ?? '')
        .filter((name) => tree.serverState(name)?.startsWith('starting')),
    break: (name) => {
      const { children } = tree.server(name).getSnapshot() as { children: Record<string, AnyActorRef> };
      Object.values(children)[0]?.send({ type: 'break' });
    },
    reapers,
    boot: { open: () => boot.resolve(), fail: boot.reject },
    claim: { open: () => claim.resolve(), fail: claim.reject },
    records,
    emitted,
    commands,
    kills: () => kills,
    rootError: () => rootError,
    ignored,
    untimed,
    stop: () => root.stop(),
  };
  isMade = true;
  if (claimed) claim.resolve();
  if (booted) boot.resolve();
  await settled();
  return tree;
}

/** What an actor emits, in a few words. */
function emittedText({ type, ...rest }: Record<string, unknown>): string {
  const { command, outcome, reason, failure, ...fields } = rest as {
    command?: { kind: string; id: string };
    outcome?: string;
    reason?: string;
    failure?: { class: string };
  };
  const words = [
    ...(command === undefined
      ? []
      : [
          `${command.kind}${outcome === undefined ? '' : `: ${outcome}`}${typeof reason === 'string' ? ` (${reason})` : ''}`,
        ]),
    ...(failure === undefined ? [] : [failure.class]),
    ...Object.entries(fields).map(
      ([key, value]) => `${key} ${Array.isArray(value) ? value.join(' ') || 'none' : String(value)}`,
    ),
  ];
  return `! ${[type, ...words].join(' ')}`;
}

function deferred(): { promise: Promise<void>; resolve: () => void; reject: (error: Error) => void } {
  let [resolve, reject]: [() => void, (error: Error) => void] = [() => undefined, () => undefined];
  const promise = new Promise<void>((yes, no) => {
    resolve = yes;
    reject = no;
  });
  return { promise, resolve, reject };
}
