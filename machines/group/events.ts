/** What a group's chart is told, what it remembers, and what it tells. */

import type { Members } from '../members.ts';
import type { Dependencies } from '../order.ts';
import type { Moment, ServerInput, ServerReport, Wanted } from '../server/events.ts';
import type { Configuration } from '../server/plan.ts';
import type { Table } from '../table.ts';

/** Who restarts with a member that failed: nobody, those after it, or all. */
export type Strategy = 'one-for-one' | 'rest-for-one' | 'one-for-all';

export interface GroupPolicy {
  /** Default `one-for-one`. */
  readonly strategy: Strategy;
  /** Rounds allowed within `periodMs`; more, and the group acts `one-for-one` for a while. 0: no limit. Default 10. */
  readonly intensity: number;
  /** Length of the window of `intensity`, in milliseconds. Default 300 000. */
  readonly periodMs: number;
  /** The members, each after those it depends on, otherwise as the file has them. */
  readonly order: readonly string[];
  /** Of all servers, members or not: what a trigger depends on must not wait for it. */
  readonly dependencies: Dependencies;
}

export type GroupEvent =
  | (Moment & { readonly type: 'group.add'; readonly servers: readonly ServerInput[] })
  | (Moment & { readonly type: 'group.remove'; readonly server: string })
  /** New numbers for one of its servers. */
  | (Moment & Configuration & { readonly type: 'group.change'; readonly server: string })
  | { readonly type: 'group.configure'; readonly policy: GroupPolicy }
  /** A person forgives the rounds. */
  | { readonly type: 'group.reset' }
  /** `except`: servers that others still need; the root ends them later. */
  | { readonly type: 'group.shutdown'; readonly except: readonly string[] }
  | (Moment & { readonly type: 'machine.resumed' })
  /** From its servers. */
  | Extract<ServerReport, { type: 'server.gone' }>
  /** From the root, of members that are related to others. */
  | Extract<ServerReport, { type: 'server.changed' | 'server.lost' }>
  /** From a part of this group. */
  | GroupReport
  /** Raised by the chart itself. */
  | { readonly type: 'round.opened' }
  | { readonly type: 'rounds.spent' }
  | { readonly type: 'members.left' }
  | { readonly type: 'members.stopped' }
  | { readonly type: 'triggers.settled' };

/** Of the servers it holds. */
export type HolderEmitted =
  | { readonly type: 'server.removed'; readonly server: string }
  | { readonly type: 'actor.died'; readonly server: string; readonly message: string };

export type GroupEmitted =
  | HolderEmitted
  | { readonly type: 'round.opened'; readonly trigger: string; readonly victims: readonly string[] }
  | { readonly type: 'round.joined'; readonly trigger: string; readonly victims: readonly string[] }
  | { readonly type: 'round.closed'; readonly started: readonly string[] };

/** What a group tells the root, and a part of a group its group. */
export type GroupReport =
  /** `wanted`: the operator's last wish; null if it was never there. `group`: who held it. */
  | { readonly type: 'server.removed'; readonly server: string; readonly wanted: Wanted | null; readonly group: string }
  | { readonly type: 'group.gone'; readonly group: string }
  /** Its actor died by a bug, and has no successor yet. */
  | { readonly type: 'server.died'; readonly server: string }
  | Extract<ServerReport, { type: 'server.kept' }>
  /** A part of the group died by a bug, with these servers. */
  | {
      readonly type: 'group.broken';
      readonly group: string;
      readonly message: string;
      readonly servers: readonly string[];
    }
  /** The group acts `one-for-one`, for its rounds are spent; and no longer. */
  | { readonly type: 'group.degraded'; readonly group: string }
  | { readonly type: 'group.recovered'; readonly group: string };

export interface GroupContext {
  readonly name: string;
  readonly policy: GroupPolicy;
  /** Id of the actor that holds it: the root, or the group of which it is a part. */
  readonly holder: string;
  /** Its servers, whichever part of it holds them. */
  readonly members: Members;
  /** Ids of its parts. */
  readonly parts: readonly string[];
  readonly isEnding: boolean;
  /** At the end: how many of its own servers have gone, which the table still has. */
  readonly departed: number;
  /** At the end: what it holds that has not been told yet, by actor id. */
  readonly untold: readonly string[];
  /** At the end: servers that others still need. */
  readonly spared: readonly string[];
  /** When rounds were opened, within the period, in milliseconds. */
  readonly rounds: readonly number[];
  /** Members whose failure opened or joined the round. */
  readonly triggers: readonly string[];
  /** Members that the round stops, and the generation it ends. */
  readonly victims: Table<number>;
}

export interface GroupInput {
  readonly name: string;
  /** Id of the actor that holds it. */
  readonly holder: string;
  readonly policy?: GroupPolicy;
}

/** A group that only holds its servers. */
export const plainPolicy: GroupPolicy = {
  strategy: 'one-for-one',
  intensity: 10,
  periodMs: 300_000,
  order: [],
  dependencies: {},
};
