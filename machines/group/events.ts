/** The events of a group's chart, its context, what it reports to the actor above it, and what it emits. */

import type { Members } from '../members.ts';
import type { Dependencies } from '../order.ts';
import type { Moment, ServerInput, ServerReport, Wanted } from '../server/events.ts';
import type { Configuration } from '../server/plan.ts';
import type { Table } from '../table.ts';

/** Which members restart with one that failed: none, those after it, or all. */
export type Strategy = 'one-for-one' | 'rest-for-one' | 'one-for-all';

export interface GroupPolicy {
  /** Default `one-for-one`. */
  readonly strategy: Strategy;
  /** Rounds allowed within `periodMs`; more, and the group acts `one-for-one` for a while. 0: no limit. Default 10. */
  readonly intensity: number;
  /** Length of the window of `intensity`, in milliseconds. Default 300 000. */
  readonly periodMs: number;
  /** The members, each after its dependencies, otherwise in the order of the file. */
  readonly order: readonly string[];
  /** Of all servers, members or not: a dependency of a trigger must not wait for the trigger. */
  readonly dependencies: Dependencies;
}

export type GroupEvent =
  | (Moment & { readonly type: 'group.add'; readonly servers: readonly ServerInput[] })
  | (Moment & { readonly type: 'group.remove'; readonly server: string })
  /** New settings for one of its servers. */
  | (Moment & Configuration & { readonly type: 'group.change'; readonly server: string })
  | { readonly type: 'group.configure'; readonly policy: GroupPolicy }
  /** A person resets the count of rounds. */
  | { readonly type: 'group.reset' }
  /** `except`: servers with dependents that still run; the root ends them later. */
  | { readonly type: 'group.shutdown'; readonly except: readonly string[] }
  | (Moment & { readonly type: 'machine.resumed' })
  /** From its servers. */
  | Extract<ServerReport, { type: 'server.gone' }>
  /** From the root, about members that are related to other servers. */
  | Extract<ServerReport, { type: 'server.changed' | 'server.lost' }>
  /** From a part of this group. */
  | GroupReport
  /** Raised by the chart itself. */
  | { readonly type: 'round.opened' }
  | { readonly type: 'rounds.spent' }
  | { readonly type: 'members.left' }
  | { readonly type: 'members.stopped' }
  | { readonly type: 'triggers.settled' };

/** What an actor emits about the servers that it holds. */
export type HolderEmitted =
  | { readonly type: 'server.removed'; readonly server: string }
  | { readonly type: 'actor.died'; readonly server: string; readonly message: string };

export type GroupEmitted =
  | HolderEmitted
  | { readonly type: 'round.opened'; readonly trigger: string; readonly victims: readonly string[] }
  | { readonly type: 'round.joined'; readonly trigger: string; readonly victims: readonly string[] }
  | { readonly type: 'round.closed'; readonly started: readonly string[] };

/** What a group reports to the root, and a part of a group to its group. */
export type GroupReport =
  /**
   * `wanted`: the operator's last wish; null if there was no such server. `group`: the group that it was in.
   * `isGivenUp`: nobody removed it; its actor died and gets no successor.
   */
  | {
      readonly type: 'server.removed';
      readonly server: string;
      readonly wanted: Wanted | null;
      readonly group: string;
      readonly isGivenUp: boolean;
    }
  | { readonly type: 'group.gone'; readonly group: string }
  /** The server's actor died by a bug, and has no successor yet. */
  | { readonly type: 'server.died'; readonly server: string }
  | Extract<ServerReport, { type: 'server.kept' }>
  /** A part of the group, which held these servers, died by a bug. */
  | {
      readonly type: 'group.broken';
      readonly group: string;
      readonly message: string;
      readonly servers: readonly string[];
    }
  /** The group has used up its rounds and acts `one-for-one` … */
  | { readonly type: 'group.degraded'; readonly group: string }
  /** … and does not any more. */
  | { readonly type: 'group.recovered'; readonly group: string };

export interface GroupContext {
  readonly name: string;
  readonly policy: GroupPolicy;
  /** Id of the actor that holds it: the root, or the group of which it is a part. */
  readonly holder: string;
  /** Its servers, also those that its parts hold. */
  readonly members: Members;
  /** Ids of its parts. */
  readonly parts: readonly string[];
  readonly isEnding: boolean;
  /** At shutdown: how many of its own servers are gone but still in the table. */
  readonly departed: number;
  /** At shutdown: ids of the servers and parts that have not been told to end yet. */
  readonly untold: readonly string[];
  /** At shutdown: servers with dependents that still run. */
  readonly spared: readonly string[];
  /** When the rounds within the period were opened, in milliseconds. */
  readonly rounds: readonly number[];
  /** Members whose failure opened or joined the round. */
  readonly triggers: readonly string[];
  /** Members that the round restarts, and the generation of each that it ends. */
  readonly victims: Table<number>;
}

export interface GroupInput {
  readonly name: string;
  /** Id of the actor that holds it. */
  readonly holder: string;
  readonly policy?: GroupPolicy;
}

/** The policy of a group that only holds its servers. */
export const plainPolicy: GroupPolicy = {
  strategy: 'one-for-one',
  intensity: 10,
  periodMs: 300_000,
  order: [],
  dependencies: {},
};
