/** The events of the root's chart, its context, and what it emits. */

import type { ClientProcessInput, ClientReport } from '../client-process/events.ts';
import type { ClientState } from '../client-process/standing.ts';
import type { GroupPolicy, GroupReport, HolderEmitted } from '../group/events.ts';
import type { Members } from '../members.ts';
import type { Dependencies } from '../order.ts';
import type { Moment, ServerInput, ServerReport } from '../server/events.ts';
import type { Configuration } from '../server/plan.ts';
import type { Table } from '../table.ts';

/** A plan as the charts see it. A server whose group changes is in `remove` and in `add`. */
export interface Steps {
  /** `keepsWish`: the server only moves, and keeps the operator's wish. */
  readonly add: readonly { readonly group: string; readonly server: ServerInput; readonly keepsWish?: boolean }[];
  readonly configure: readonly (Configuration & { readonly server: string })[];
  readonly remove: readonly { readonly group: string; readonly server: string }[];
  /** New policies of groups. Default: as before. */
  readonly groups?: Readonly<Record<string, GroupPolicy>>;
  /** New dependencies of all servers; a server without any may be left out. Default: as before. */
  readonly dependencies?: Dependencies;
  /** How long an orderly shutdown may take, in milliseconds. Default: as before. */
  readonly shutdownMs?: number;
  /** New settings of the client process. Default: as before. */
  readonly clientProcess?: ClientProcessInput;
}

export type SupervisorEvent =
  | (Moment & { readonly type: 'plan.apply'; readonly steps: Steps })
  | (Moment & { readonly type: 'supervisor.shutdown' })
  /** This control plane goes, and leaves the client process with all servers to the next one. */
  | (Moment & { readonly type: 'supervisor.leave' })
  | (Moment & { readonly type: 'machine.resumed' })
  | ClientReport
  /** From the root to itself: servers that a plan added can be told that there is no client process. */
  | { readonly type: 'clearances.due' }
  | ServerReport
  | GroupReport
  /** From the root to itself: every report that was on the way before has arrived. */
  | { readonly type: 'slots.due' }
  /** Raised by the chart itself: the actor that held these servers died. */
  | { readonly type: 'servers.died'; readonly servers: readonly string[] };

export type SupervisorEmitted =
  /** A group, or a part of one, died by a bug. Its servers are reaped and given to another. */
  | {
      readonly type: 'group.died';
      readonly group: string;
      readonly message: string;
      readonly servers: readonly string[];
    }
  /** The actor of the client process died by a bug: it counts as failed, and no other takes its place. */
  | { readonly type: 'client.died'; readonly message: string }
  /** A group lost its last server, and its actor ended. */
  | { readonly type: 'group.removed'; readonly group: string }
  /** About servers that the root holds itself. */
  | HolderEmitted;

export interface SupervisorContext {
  /** How many servers may be in `starting` at a time, not counting starts that somebody waits for. */
  readonly slots: number;
  readonly shutdownMs: number;
  /** Servers that hold a start slot, and those that wait for one. */
  readonly holders: readonly string[];
  readonly queue: readonly string[];
  /** Every server of the current plan, and those that are leaving. */
  readonly members: Members;
  readonly groups: readonly string[];
  readonly policies: Table<GroupPolicy>;
  readonly dependencies: Dependencies;
  readonly dependents: Dependencies;
  /** Servers to be added again once their old actor, in another group, is gone. */
  readonly moving: readonly (Moment & Steps['add'][number])[];
  /** Groups that have used up their rounds. */
  readonly degraded: readonly string[];
  /** Whether `slots.due` is on the way, and whether a server has reported something since. */
  readonly isOffering: boolean;
  readonly hasHeard: boolean;
  readonly isEnding: boolean;
  /** Its settings; null: sessions are held in this process. */
  readonly clientProcess: ClientProcessInput | null;
  /** What it reported last; null: there is none. */
  readonly client: ClientState | null;
  /** At shutdown: it was told to end, or its actor died and cannot be told anything. */
  readonly clientEnd: 'told' | 'impossible' | null;
  /** Why the root is in `failed`. */
  readonly problem: string | null;
  /** At shutdown: servers that are stopped only when their dependents are gone. */
  readonly spared: readonly string[];
}

export interface SupervisorInput {
  readonly slots: number;
  readonly shutdownMs: number;
  /** Null: sessions are held in this process. Default null. */
  readonly clientProcess?: ClientProcessInput | null;
}
