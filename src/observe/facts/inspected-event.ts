/** What XState's inspection reports, in types without XState's: those fail where a host's compiler is strict. */

import type { Edge } from '../../../machines/chart/data.ts';

/** An event as one actor sends it to another: its type, and data as in JSON. */
export interface InspectedMessage {
  readonly type: string;
  readonly [field: string]: unknown;
}

export interface InspectedSnapshot {
  readonly status: 'active' | 'done' | 'error' | 'stopped';
  /** The state as a path, `starting.listing`; null: the actor has no chart. */
  readonly state: string | null;
  /** As in JSON; null: the actor has no chart. */
  readonly context: unknown;
}

interface Common {
  /** The actor as facts name it: `server:NAME`, `group:NAME`, `supervisor`; of other actors the id. */
  readonly actor: string;
  /** XState's own id: no two actors share one. */
  readonly sessionId: string;
  readonly rootId: string;
  /** UTC, ISO 8601 with milliseconds. */
  readonly at: string;
}

/** XState's inspection events, under XState's names. */
export type InspectedEvent =
  /**
   * An actor was created. `machine` is the id of its chart, as `machines()` has it; null: none. `parentId` is the
   * `sessionId` of the actor that spawned it; null: the root.
   */
  | (Common & { readonly type: '@xstate.actor'; readonly machine: string | null; readonly parentId: string | null })
  /** An event was sent to the actor. `sourceId` is the `sessionId` of the sender; null: none. */
  | (Common & { readonly type: '@xstate.event'; readonly event: InspectedMessage; readonly sourceId: string | null })
  | (Common & {
      readonly type: '@xstate.transition';
      readonly event: InspectedMessage;
      readonly snapshot: InspectedSnapshot;
    })
  | (Common & {
      readonly type: '@xstate.microstep';
      readonly event: InspectedMessage;
      readonly snapshot: InspectedSnapshot;
      /** The edges taken, under the names they have in the charts of the API. */
      readonly edges: readonly Edge[];
    })
  | (Common & { readonly type: '@xstate.action'; readonly action: { readonly type: string } })
  /** A step is over. */
  | (Common & {
      readonly type: '@xstate.snapshot';
      readonly event: InspectedMessage;
      readonly snapshot: InspectedSnapshot;
    });
