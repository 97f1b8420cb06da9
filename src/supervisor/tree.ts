/** The tree of actors as the public methods show it: all actors, the state of one, and events to any. */

import { randomUUID } from 'node:crypto';
import { type AnyActorRef, getNextTransitions, type StateValue } from 'xstate';
import { eventText } from '../../machines/chart/edges.ts';
import { clientProcessId, kindOf } from '../../machines/ids.ts';
import { pathOf } from '../../machines/state-path.ts';
import { isMcpvisorError, McpvisorError } from '../errors.ts';
import type { PublishFact } from '../observe/facts/fact.ts';
import type { Inspection } from '../observe/facts/inspection.ts';
import type { Moments } from './actors/moments.ts';
import type { Actors, ClientActor, ServerActor } from './actors/system.ts';
import type { Commands } from './commands/commands.ts';
import type { Recipients } from './commands/recipients.ts';
import {
  type ActorEventType,
  type ActorNode,
  type ActorSnapshot,
  type ClientEventType,
  type CommandOutcome,
  type CommandType,
  clientEventTypes,
  commandTypes,
  type PostedToActor,
} from './contract.ts';
import { allowedOf, stateOf, toIso } from './status/status.ts';

export interface Tree {
  actors(): readonly ActorNode[];
  snapshotOf(id: string): ActorSnapshot;
  postTo(id: string, event: { readonly type: ActorEventType; readonly by?: string }): PostedToActor;
}

export interface TreeOptions {
  readonly actors: Actors;
  readonly commands: Pick<Commands, 'post'>;
  readonly inspection: Pick<Inspection, 'sinceMs'>;
  readonly isShuttingDown: () => boolean;
  /** Whether a server of this name exists or is being removed. */
  readonly isKnown: (server: string) => boolean;
  readonly publish: PublishFact;
  /** The running actor of a server, or else its last one. */
  readonly shownActorOf: (server: string) => ServerActor;
  readonly wallNow: () => number;
  readonly moments: Moments;
  readonly recipients: Recipients;
  /** Begins to close the supervisor. */
  readonly shutDown: () => void;
  /** Begins to close it, and leaves its servers to the next one. Null: they are held in this process. */
  readonly leave: (() => void) | null;
  /** Resolves when everything has ended. */
  readonly whenEnded: () => Promise<void>;
}

/** What is read from the snapshot of any chart. XState types the snapshot of an unknown chart as `any`. */
interface ChartSnapshot {
  readonly value: StateValue;
  readonly tags: ReadonlySet<string>;
  readonly context: Readonly<Record<string, unknown>>;
  readonly children: Readonly<Record<string, AnyActorRef | undefined>>;
}

const rootId = 'supervisor';

export function createTree(options: TreeOptions): Tree {
  const { actors, commands, inspection, isShuttingDown, isKnown, publish, recipients, shownActorOf, wallNow, moments } =
    options;

  /** Children to show. For a server whose actor died and has no successor yet, that is the dead actor. */
  function heldBy(actor: AnyActorRef): readonly AnyActorRef[] {
    return Object.values(snapshotIn(actor).children).flatMap((child) => {
      const { kind, name } = kindOf(child?.id ?? '');
      const shown =
        kind === 'reaper'
          ? deadActorOf(name)
          : kind === 'server' || kind === 'group' || kind === clientProcessId
            ? child
            : undefined;
      // An actor that is being created has no snapshot yet.
      return shown === undefined || (shown.getSnapshot() as unknown) === undefined ? [] : [shown];
    });
  }

  function deadActorOf(server: string): ServerActor | undefined {
    try {
      return isKnown(server) ? shownActorOf(server) : undefined;
    } catch (error) {
      if (!isMcpvisorError(error)) throw error;
      return undefined;
    }
  }

  function nodesFrom(actor: AnyActorRef, parent: string | null): readonly ActorNode[] {
    const held = heldBy(actor);
    const node: ActorNode = {
      id: actor.id,
      parent,
      ...placeOf(actor),
      value: snapshotIn(actor).value,
      since: toIso(inspection.sinceMs(actor) ?? wallNow()),
      children: held.map(({ id }) => id),
    };
    return [node, ...held.flatMap((child) => nodesFrom(child, actor.id))];
  }

  function find(id: string): AnyActorRef {
    const { kind, name } = kindOf(id);
    if (id === rootId) return actors.root;
    if (kind === 'server' && isKnown(name)) return shownActorOf(name);
    if (id === clientProcessId && actors.client() !== undefined) return actors.client() as AnyActorRef;
    const group = kind === 'group' ? actors.group(name) : undefined;
    if (group !== undefined) return group;
    throw new McpvisorError('ACTOR_NOT_FOUND', { actor: id });
  }

  function allowedIn(actor: AnyActorRef): readonly string[] {
    const { kind, name } = kindOf(actor.id);
    if (actor.id === rootId)
      return isShuttingDown()
        ? []
        : options.leave === null
          ? ['supervisor.shutdown']
          : ['supervisor.shutdown', 'supervisor.leave'];
    if (kind === 'server') return allowedOf((actor as ServerActor).getSnapshot());
    if (actor.id === clientProcessId) return allowedClientEvents(actor as ClientActor);
    // A part of a large group takes no events; its group does.
    if (actor._parent?.id !== rootId) return [];
    const members = recipients.membersOf(name).flatMap((server) => actors.server(server)?.getSnapshot() ?? []);
    return [
      'group.reset',
      ...commandTypes.filter((type) => members.some((member) => allowedOf(member).includes(type))),
    ];
  }

  /** Publishes the same facts as for a server's command, with who sent it. */
  function accept(
    actor: string,
    command: ActorEventType,
    by: string | undefined,
  ): { readonly commandId: string; settle(): CommandOutcome } {
    const commandId = randomUUID();
    publish({ type: 'command.accepted', actor, commandId, command, by: by ?? null });
    return {
      commandId,
      settle() {
        publish({ type: 'command.settled', actor, commandId, command, outcome: 'done', reason: null });
        return { commandId, outcome: 'done' };
      },
    };
  }

  return {
    actors: () => nodesFrom(actors.root, null),
    snapshotOf(id) {
      const actor = find(id);
      const { value, tags, context } = snapshotIn(actor);
      const timers = actors
        .timersOf(actor)
        .map(({ event, dueAtMs }) => ({ name: eventText(event), dueAt: toIso(dueAtMs) }));
      return { actor: id, value, tags: [...tags], context: { ...context }, allowed: allowedIn(actor), timers };
    },
    postTo(id, { type, by }) {
      if (isShuttingDown()) throw new McpvisorError('SHUTTING_DOWN', {});
      const actor = find(id);
      const allowed = allowedIn(actor);
      const { kind, name } = kindOf(id);
      const whose = kind === 'server' ? { server: name } : { actor: id };
      if (!allowed.includes(type))
        throw new McpvisorError('EVENT_NOT_ALLOWED', { event: type, ...whose, state: placeOf(actor).state, allowed });
      const signed = by === undefined ? {} : { by };
      if (type === 'supervisor.leave') {
        const { commandId, settle } = accept(id, type, by);
        const settled = options.whenEnded().then(settle);
        options.leave?.();
        return { to: 'actor', commandId, kept: nothingToKeep, settled };
      }
      if (type === 'supervisor.shutdown') {
        const { commandId, settle } = accept(id, type, by);
        const settled = options.whenEnded().then(settle);
        options.shutDown();
        return { to: 'actor', commandId, kept: nothingToKeep, settled };
      }
      if (isClientEvent(type)) {
        const { commandId, settle } = accept(id, type, by);
        actors.client()?.send({ type, ...moments.next() });
        return { to: 'actor', commandId, kept: nothingToKeep, settled: Promise.resolve(settle()) };
      }
      if (type === 'group.reset') {
        const { commandId, settle } = accept(id, type, by);
        actors.group(name)?.send({ type });
        return { to: 'actor', commandId, kept: nothingToKeep, settled: Promise.resolve(settle()) };
      }
      if (kind === 'server')
        return { to: 'actor', ...commands.post(name, { type: type satisfies CommandType, ...signed }) };
      return { to: 'members', commands: recipients.postMany({ type, servers: [id], ...signed }) };
    },
  };
}

/** Only the wishes for servers outlive this run. */
const nothingToKeep = () => Promise.resolve();

function snapshotIn(actor: AnyActorRef): ChartSnapshot {
  return actor.getSnapshot() as ChartSnapshot;
}

function isClientEvent(type: ActorEventType): type is ClientEventType {
  return clientEventTypes.some((known) => known === type);
}

function allowedClientEvents(actor: ClientActor): readonly ClientEventType[] {
  const events = new Set(getNextTransitions(actor.getSnapshot()).map(({ eventType }) => eventType));
  return clientEventTypes.filter((type) => events.has(type));
}

function placeOf(actor: AnyActorRef): Pick<ActorNode, 'state' | 'substate'> {
  if (actor.id.startsWith('server:')) return stateOf((actor as ServerActor).getSnapshot());
  const [state = 'unknown', ...below] = pathOf(snapshotIn(actor).value).split('.');
  return { state, substate: below.length === 0 ? null : below.join('.') };
}
