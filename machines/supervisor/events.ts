/** What the root's chart is told, what it remembers, and what it tells. */

import type { GroupPolicy, GroupReport, HolderEmitted } from '../group/events.ts';
import type { Members } from '../members.ts';
import type { Dependencies } from '../order.ts';
import type { Moment, ServerInput, ServerReport } from '../server/events.ts';
import type { Configuration } from '../server/plan.ts';
import type { Table } from '../table.ts';

/** What a plan does, in the words of the charts. A server whose group changes is in `remove` and in `add`. */
export interface Steps {
  /** `keepsWish`: the server only moves, and the operator's wish moves with it. */
  readonly add: readonly { readonly group: string; readonly server: ServerInput; readonly keepsWish?: boolean }[];
  readonly configure: readonly (Configuration & { readonly server: string })[];
  readonly remove: readonly { readonly group: string; readonly server: string }[];
  /** How groups act from now on. Default: as before. */
  readonly groups?: Readonly<Record<string, GroupPolicy>>;
  /** What each server depends on from now on; who depends on nothing need not be named. Default: as before. */
  readonly dependencies?: Dependencies;
  /** How long an orderly end may take from now on, in milliseconds. Default: as before. */
  readonly shutdownMs?: number;
}

export type SupervisorEvent =
  | (Moment & { readonly type: 'plan.apply'; readonly steps: Steps })
  | (Moment & { readonly type: 'supervisor.shutdown' })
  | (Moment & { readonly type: 'machine.resumed' })
  | ServerReport
  | GroupReport
  /** From the root to itself: what had been told before has been heard. */
  | { readonly type: 'slots.due' }
  /** Raised by the chart itself: so many actors died at once. */
  | { readonly type: 'servers.died'; readonly servers: readonly string[] };

export type SupervisorEmitted =
  /** A group, or a part of one, died by a bug, with these servers; they are reaped and given to another. */
  | {
      readonly type: 'group.died';
      readonly group: string;
      readonly message: string;
      readonly servers: readonly string[];
    }
  /** Of servers that the root holds itself. */
  | HolderEmitted;

export interface SupervisorContext {
  /** Servers that may be in `starting` at a time on our own account. */
  readonly slots: number;
  readonly shutdownMs: number;
  readonly holders: readonly string[];
  readonly queue: readonly string[];
  /** Every server of the plan in force, and those on their way out. */
  readonly members: Members;
  readonly groups: readonly string[];
  readonly policies: Table<GroupPolicy>;
  readonly dependencies: Dependencies;
  readonly dependents: Dependencies;
  /** Servers to add again as soon as their old actor, in another group, has gone. */
  readonly moving: readonly (Moment & Steps['add'][number])[];
  /** Groups whose rounds are spent. */
  readonly degraded: readonly string[];
  /** `slots.due` is on its way; and whether a server has told something since. */
  readonly isOffering: boolean;
  readonly hasHeard: boolean;
  readonly isEnding: boolean;
  /** Why the root is in `failed`. */
  readonly problem: string | null;
  /** At the end: servers that are told to stop when those that depend on them are gone. */
  readonly spared: readonly string[];
}

export interface SupervisorInput {
  readonly slots: number;
  readonly shutdownMs: number;
}
