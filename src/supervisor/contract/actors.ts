/**
 * The public interface to actors: the tree, the state of one actor, events to any actor, and the charts.
 */

import type { ChartDefinition } from '../../../machines/chart/data.ts';
import type { McpvisorError } from '../../errors.ts';

export type { ChartDefinition, ChartEdge, ChartState } from '../../../machines/chart/data.ts';

export const commandTypes = ['server.start', 'server.stop', 'server.restart', 'server.retry', 'server.reset'] as const;

export type CommandType = (typeof commandTypes)[number];

/** Every event that a person may send to some actor. */
/** What a person may tell the client process: `client.drain` restarts it once its calls in flight have settled. */
export const clientEventTypes = ['client.start', 'client.restart', 'client.drain'] as const;

export type ClientEventType = (typeof clientEventTypes)[number];

export const actorEventTypes = [
  ...commandTypes,
  ...clientEventTypes,
  'group.reset',
  'supervisor.shutdown',
  'supervisor.leave',
] as const;

export type ActorEventType = (typeof actorEventTypes)[number];

/** One actor in the tree. */
export interface ActorNode {
  /** `supervisor`, `client-process`, `group:NAME` (a part of a large group: `group:NAME/1`) or `server:NAME`. */
  readonly id: string;
  /** Id of its parent; null: it is the root. */
  readonly parent: string | null;
  /** Name of the outermost state. */
  readonly state: string;
  /** Dotted path below `state`; null: there is none. */
  readonly substate: string | null;
  /** The state value of XState. */
  readonly value: unknown;
  /** When it entered `state`: UTC, ISO 8601 with milliseconds. */
  readonly since: string;
  /** Ids of its children. */
  readonly children: readonly string[];
}

/** The current state of one actor. It contains no secrets. */
export interface ActorSnapshot {
  /** Its id. */
  readonly actor: string;
  /** The state value of XState. */
  readonly value: unknown;
  readonly tags: readonly string[];
  /** Plain JSON. */
  readonly context: Readonly<Record<string, unknown>>;
  /** Events that a person may send now. */
  readonly allowed: readonly string[];
  /** Running timers. `dueAt` is UTC, ISO 8601 with milliseconds. */
  readonly timers: readonly { readonly name: string; readonly dueAt: string }[];
}

/** How a command settled. */
export interface CommandOutcome {
  readonly commandId: string;
  /** `superseded`: a later command took its place. */
  readonly outcome: 'done' | 'superseded';
}

/** A command that was sent. `settled` rejects with `COMMAND_REJECTED` or `SHUTTING_DOWN`. */
export interface PostedCommand {
  readonly commandId: string;
  /**
   * Resolves when the store has what was wanted, so that it counts after a restart, too; after half a second at most, and
   * at once while the store is away. Never rejects. `send` waits for it.
   */
  readonly kept: () => Promise<void>;
  readonly settled: Promise<CommandOutcome>;
}

/** One entry of the result of `postMany`: the command that was sent to the server, or why none was. */
export type PostedToOne =
  | ({ readonly server: string } & PostedCommand)
  | { readonly server: string; readonly error: McpvisorError };

/** The result of `postTo`: one command, or, if a server's command was sent to a group, one for each of its servers. */
export type PostedToActor =
  | ({ readonly to: 'actor' } & PostedCommand)
  | { readonly to: 'members'; readonly commands: readonly PostedToOne[] };

/** A chart as data and as a diagram, both made from the definition that runs. */
export interface Chart extends ChartDefinition {
  /** The configuration that XState's `createMachine` loads, without its functions. */
  readonly xstate: Readonly<Record<string, unknown>>;
  /** A Mermaid `stateDiagram-v2`. */
  readonly mermaid: string;
}
