/** What a group's chart is told, what it remembers, and what it tells. */

import type { Dependencies } from '../order.ts';
import type { Moment, ServerInput, Wanted } from '../server/events.ts';
import type { OpenCommand } from '../server/settlement.ts';

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
  | { readonly type: 'group.configure'; readonly policy: GroupPolicy }
  /** A person forgives the rounds. */
  | { readonly type: 'group.reset' }
  /** `except`: servers that others still need; the root ends them later. */
  | { readonly type: 'group.shutdown'; readonly except: readonly string[] }
  | (Moment & { readonly type: 'machine.resumed' })
  | { readonly type: 'server.gone'; readonly server: string }
  /** From the root, of members of a group that acts as one. */
  | { readonly type: 'server.changed'; readonly server: string }
  | (Moment & { readonly type: 'server.lost'; readonly server: string })
  /** From a part of this group. */
  | GroupReport
  /** Raised by the chart itself. */
  | { readonly type: 'round.opened' }
  | { readonly type: 'rounds.spent' }
  | { readonly type: 'members.stopped' }
  | { readonly type: 'triggers.settled' };

export type GroupEmitted =
  | { readonly type: 'server.removed'; readonly server: string }
  | { readonly type: 'actor.died'; readonly server: string; readonly message: string }
  | { readonly type: 'round.opened'; readonly trigger: string; readonly victims: readonly string[] }
  | { readonly type: 'round.joined'; readonly trigger: string; readonly victims: readonly string[] }
  | { readonly type: 'round.closed'; readonly started: readonly string[] }
  | {
      readonly type: 'command.settled';
      readonly command: OpenCommand;
      readonly server: string;
      readonly outcome: 'rejected';
      readonly reason: string;
    };

/** What a group tells the root, and a part of a group its group. */
export type GroupReport =
  /** `wanted`: the operator's last wish; null if nobody was left to know it. `group`: who held it. */
  | { readonly type: 'server.removed'; readonly server: string; readonly wanted: Wanted | null; readonly group: string }
  | { readonly type: 'group.gone'; readonly group: string }
  /** A part of the group died by a bug. */
  | { readonly type: 'group.broken'; readonly group: string; readonly message: string }
  /** The group acts `one-for-one`, for its rounds are spent; and no longer. */
  | { readonly type: 'group.degraded'; readonly group: string }
  | { readonly type: 'group.recovered'; readonly group: string };

export interface GroupContext {
  readonly name: string;
  readonly policy: GroupPolicy;
  /** Servers whose actor died, and what their successors are made of, until the reaper is done. */
  readonly dead: Readonly<Record<string, ServerInput>>;
  /** When actors died, by server, in milliseconds. */
  readonly deaths: Readonly<Record<string, readonly number[]>>;
  /** Servers, reapers and parts of the group alive. */
  readonly charges: number;
  /** Servers given to each part, by its name. */
  readonly parts: Readonly<Record<string, number>>;
  /** At the end: what it holds that has not been told yet, by actor id. */
  readonly untold: readonly string[];
  /** At the end: servers that others still need. */
  readonly spared: readonly string[];
  /** When rounds were opened, within the period, in milliseconds. */
  readonly rounds: readonly number[];
  /** Members whose failure opened or joined the round. */
  readonly triggers: readonly string[];
  /** Members that the round stops, and the generation it ends. */
  readonly victims: Readonly<Record<string, number>>;
}

export interface GroupInput {
  readonly name: string;
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
