/**
 * The library's public face on actors: the tree, one actor as it is, events to any of them, and the charts they follow.
 */

import type { ChartDefinition } from '../../machines/definition.ts';
import type { McpvisorError } from '../errors.ts';

export type { ChartDefinition, ChartState } from '../../machines/definition.ts';
export type { ChartEdge } from '../../machines/edges.ts';

export const commandTypes = ['server.start', 'server.stop', 'server.restart', 'server.retry', 'server.reset'] as const;

export type CommandType = (typeof commandTypes)[number];

/** Every event that a person may send to some actor. */
export const actorEventTypes = [...commandTypes, 'group.reset', 'supervisor.shutdown'] as const;

export type ActorEventType = (typeof actorEventTypes)[number];

/** One actor in the tree. */
export interface ActorNode {
  /** `supervisor`, `group:NAME` (a part of a large group: `group:NAME/1`) or `server:NAME`. */
  readonly id: string;
  /** Id of the actor that holds it; null: it is the root. */
  readonly parent: string | null;
  readonly state: string;
  /** Dotted path below `state`, or null. */
  readonly substate: string | null;
  /** The state as the chart has it. */
  readonly value: unknown;
  /** When it entered `state`: UTC ISO 8601 with milliseconds. */
  readonly since: string;
  /** Ids of the actors it holds. */
  readonly children: readonly string[];
}

/** A live actor, as it is: nothing of it is secret. */
export interface ActorSnapshot {
  readonly actor: string;
  readonly value: unknown;
  readonly tags: readonly string[];
  /** Plain JSON. */
  readonly context: Readonly<Record<string, unknown>>;
  /** Events a person may send now. */
  readonly allowed: readonly string[];
  readonly timers: readonly { readonly name: string; readonly dueAt: string }[];
}

export interface CommandOutcome {
  readonly commandId: string;
  readonly outcome: 'done' | 'superseded';
}

/** A command on its way. `settled` rejects with `COMMAND_REJECTED` or `SHUTTING_DOWN`. */
export interface PostedCommand {
  readonly commandId: string;
  readonly settled: Promise<CommandOutcome>;
}

/** What became of one server of many: a command on its way, or why there is none. */
export type PostedToOne =
  | ({ readonly server: string } & PostedCommand)
  | { readonly server: string; readonly error: McpvisorError };

/** An event to one actor: a command of its own, or, for a server's event to a group, one for each of its servers. */
export type PostedToActor =
  | ({ readonly to: 'actor' } & PostedCommand)
  | { readonly to: 'members'; readonly commands: readonly PostedToOne[] };

/** A chart as data and as a picture, made from the definition that runs. */
export interface Chart extends ChartDefinition {
  /** A Mermaid `stateDiagram-v2`. */
  readonly mermaid: string;
}
