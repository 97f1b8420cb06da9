/** The events of the chart of the client process, the orders that it gives, what it reports, and what it emits. */

import type { Failure, LastWords } from '../failure.ts';
import type { ClientProcessPolicy } from '../policy/policy.ts';
import type { Moment, News } from '../server/events.ts';
import type { ClientState } from './standing.ts';

/**
 * What the chart asks of the actor `holder`, which has the process and the connection to it. `generation` grows with
 * each `probe`; all news names the generation of the last order, and news of an older one changes nothing.
 */
export type HolderOrder = { readonly generation: number } & (
  | {
      /**
       * Look for a living client process. Answered by `holder.found`, `.none`, `.outdated`, `.ending` or `.refused`.
       */
      readonly type: 'probe';
    }
  /** Hand the process that was found the configuration and take its sessions over: `holder.connected`. */
  | { readonly type: 'adopt' }
  /** Start a process: `holder.forked`, then `holder.connected`. */
  | { readonly type: 'fork' }
  /** Take no new calls: `holder.drained` when none is in flight. */
  | { readonly type: 'drain' }
  /** End every session by its own stop times, then the process: `holder.gone`. */
  | { readonly type: 'end' }
  /**
   * Kill the process, then every group that it recorded, wait until all are gone, then end the sessions as
   * `clientLost`: `holder.cleared`. `isCareful`: the one server that was in its start is to blame.
   */
  | { readonly type: 'clear'; readonly isCareful: boolean }
);

/** What `holder` tells. */
export type HolderNews = News &
  (
    | { readonly type: 'holder.found' }
    | { readonly type: 'holder.none' }
    /** It is ours, but of another version: it is drained and replaced. */
    | { readonly type: 'holder.outdated' }
    /** It is ours, and ends because it had no control plane for too long. `holder.none` follows when it is gone. */
    | { readonly type: 'holder.ending' }
    /** Something else listens there, or our files cannot be used. It is neither adopted nor killed. */
    | { readonly type: 'holder.refused'; readonly failure: Failure }
    | { readonly type: 'holder.forked'; readonly pid: number }
    | ({ readonly type: 'holder.connected' } & Connection)
    /** The process exited or cannot be used any more. */
    | { readonly type: 'holder.lost'; readonly failure: Failure }
    /** The connection broke. The process may live. */
    | { readonly type: 'holder.disconnected' }
    /** Pushed by the process twice within `watchdogMs`. `lagMs`: of its event loop. */
    | { readonly type: 'holder.beat'; readonly lagMs: number; readonly sessions: number }
    | { readonly type: 'holder.drained' }
    /** It ended in order, and nothing of it is left. */
    | { readonly type: 'holder.gone' }
    /**
     * Nothing of it is left. `last`: how it ended, if that is known. `blamed`: servers that were ended for good because
     * it died in their start; its end then does not count.
     */
    | { readonly type: 'holder.cleared'; readonly last?: LastWords | null; readonly blamed?: readonly string[] }
  );

export interface Connection {
  readonly pid: number;
  /** When the process started, in milliseconds. */
  readonly startedAt: number;
  /** Whether an earlier control plane started it. */
  readonly adopted: boolean;
  readonly sessions: number;
}

export type ClientProcessEvent =
  | (Partial<Moment> & { readonly type: 'client.start' })
  /** End it with its sessions, then start another. */
  | (Moment & { readonly type: 'client.restart' })
  /** The same after its calls in flight. */
  | (Moment & { readonly type: 'client.drain' })
  | (Partial<Moment> & { readonly type: 'client.shutdown' })
  /** This control plane goes and leaves the process to the next one. */
  | (Partial<Moment> & { readonly type: 'client.leave' })
  | (Moment & {
      readonly type: 'client.configure';
      readonly policy: ClientProcessPolicy;
      /** How long its orderly end may take. */
      readonly stopMs: number;
    })
  | (Moment & { readonly type: 'machine.resumed' })
  | HolderNews;

/** To the root, whenever any of it changes, and before the order that ends sessions. */
export type ClientReport = { readonly type: 'client.changed' } & ClientState;

export type ClientEmitted =
  | ({ readonly type: 'client.connected' } & Connection)
  /** `isCounted`: it uses up the budget. */
  | { readonly type: 'client.failed'; readonly failure: Failure; readonly isCounted: boolean };

/** What comes after its end. `backoff` becomes `failed` when the budget is spent. */
export type ClientNext = 'idle' | 'starting' | 'backoff' | 'failed';

export interface ClientProcessInput {
  readonly policy: ClientProcessPolicy;
  /** How long its orderly end may take, in milliseconds; then it is killed with all that it holds. */
  readonly stopMs: number;
}
