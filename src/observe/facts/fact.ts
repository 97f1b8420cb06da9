/** Things that have happened, as typed values. One stream carries them; log, status, API and page only read it. */

import type { Edge } from '../../../machines/chart/data.ts';
import type { Failure, LastWords } from '../../../machines/failure.ts';
import type { Crowding } from '../../../machines/server/events.ts';

export type { Edge };

/**
 * What each type of fact carries beside `seq`, `at`, `actor` and `generation`.
 *
 * `count`: of what a server can cause as fast as it likes, the first ten of a second are told one by one. The rest are
 * told as one fact: it is the last of them, and `count` says how many they were. Absent: it stands for itself alone.
 */
export interface FactFields {
  'server.added': { readonly transport: string; readonly group: string };
  'server.removed': Record<never, never>;
  /**
   * Told when a step leads to another state, or elsewhere and back; not when a state is only entered again.
   * `from` and `to` are paths: `starting.listing`. `reason` is the class of the failure. On entering `backoff`:
   * `attempt` is the number of failures in a row, `retryInMs` the delay.
   */
  'server.transitioned': {
    readonly from: string;
    readonly to: string;
    readonly event: string;
    readonly reason: string | null;
    readonly edges: readonly Edge[];
    readonly attempt?: number;
    readonly retryInMs?: number;
  };
  'server.failed': { readonly failure: Failure };
  'group.transitioned': {
    readonly from: string;
    readonly to: string;
    readonly event: string;
    readonly edges: readonly Edge[];
  };
  /** It lost its last server, and its actor ended. */
  'group.removed': Record<never, never>;
  'client.transitioned': {
    readonly from: string;
    readonly to: string;
    readonly event: string;
    readonly edges: readonly Edge[];
  };
  /** `adopted`: an earlier control plane started it, and so many of its sessions go on. */
  'client.connected': { readonly pid: number; readonly adopted: boolean; readonly sessions: number };
  /** `isCounted`: it uses up the budget of its restarts. */
  'client.failed': { readonly failure: Failure; readonly isCounted: boolean };
  'supervisor.transitioned': {
    readonly from: string;
    readonly to: string;
    readonly event: string;
    readonly edges: readonly Edge[];
  };
  /** The dependencies that are not connected, and the one that only a person or a plan can bring up. */
  'dependencies.changed': { readonly waitingFor: readonly string[]; readonly blockedBy: string | null };
  /** The lists that could not be read and will be asked again; none: all could be read. */
  'lists.unread': { readonly lists: readonly { readonly list: string; readonly reason: string }[] };
  /** Requests wait long for one of the connections that there may be; null: none does any more. */
  'connections.crowded': { readonly crowding: Crowding | null };
  /** A member failed, and its group's strategy restarts others with it. */
  'round.opened': { readonly trigger: string; readonly victims: readonly string[] };
  'round.joined': { readonly trigger: string; readonly victims: readonly string[] };
  'round.closed': { readonly started: readonly string[] };
  'actor.died': { readonly message: string };
  'session.opened': {
    readonly transport: string;
    readonly protocolVersion: string;
    readonly tools: number;
    readonly resources: number;
    readonly prompts: number;
  };
  /** `last`: how its process ended, whatever ended it; null: it had none. */
  'session.closed': { readonly failure: Failure | null; readonly last: LastWords | null };
  'session.push': { readonly available: boolean; readonly reason: string | null };
  'session.notified': { readonly method: string; readonly count?: number };
  'session.asked': { readonly method: string; readonly answered: boolean; readonly count?: number };
  'call.started': { readonly callId: number; readonly method: string; readonly tool: string | null };
  'call.settled': {
    readonly callId: number;
    readonly method: string;
    readonly tool: string | null;
    readonly outcome: string;
    readonly durationMs: number;
  };
  'probe.sent': { readonly kind: string };
  'probe.answered': { readonly kind: string; readonly latencyMs: number };
  'probe.missed': { readonly misses: number; readonly counted: boolean };
  'process.spawned': { readonly pid: number; readonly command: string };
  'process.exited': { readonly pid: number; readonly exitCode: number | null; readonly signal: string | null };
  'process.killed': { readonly pid: number; readonly signal: string };
  'process.reaped': { readonly pid: number; readonly command: string };
  /** A process that a server started and left behind: it is being ended, or only told (`stop.strays`). */
  'stray.found': { readonly pid: number; readonly command: string; readonly policy: 'end' | 'tell' };
  'stray.gone': { readonly pid: number };
  'catalog.changed': {
    readonly tools: number;
    readonly resources: number;
    readonly prompts: number;
    readonly problems: readonly string[];
    readonly count?: number;
  };
  'command.accepted': { readonly commandId: string; readonly command: string; readonly by: string | null };
  'command.settled': {
    readonly commandId: string;
    readonly command: string;
    readonly outcome: 'done' | 'superseded' | 'rejected';
    readonly reason: string | null;
  };
  'event.ignored': { readonly event: string; readonly state: string; readonly count?: number };
  'config.planned': { readonly steps: number };
  /**
   * As a plan counts: a server that is disabled is stopped, one that is enabled again is started, and `disabled` has
   * those that were not to run before, nor are now. `groups` are those whose policy changed. Of a changed setting only
   * the path is told, and when the change takes effect.
   */
  'config.applied': {
    readonly started: readonly string[];
    readonly stopped: readonly string[];
    readonly restarted: readonly string[];
    readonly changed: readonly string[];
    readonly disabled: {
      readonly added: readonly string[];
      readonly changed: readonly string[];
      readonly removed: readonly string[];
    };
    readonly groups: readonly string[];
    readonly settings: readonly { readonly path: string; readonly effect: 'applied' | 'at the next start' }[];
  };
  'config.rejected': { readonly file: string | null; readonly problems: readonly string[] };
  /** These servers are in the file and in the store: the file wins. */
  'config.overruled': { readonly file: string | null; readonly servers: readonly string[] };
  'config.warned': { readonly file: string | null; readonly problems: readonly string[] };
  /** The store does not keep what it is given. What is to be kept waits meanwhile. */
  'store.degraded': { readonly reason: string };
  /** It keeps everything again, and all that waited is written. `lostFacts`: those given up in this run. */
  'store.recovered': { readonly degradedForMs: number; readonly lostFacts: number };
  /**
   * Stands in the journal in the place of facts that could not be kept: `count` of those that were told under the numbers
   * `from` to `to`.
   */
  'journal.gap': { readonly from: number; readonly to: number; readonly count: number };
  'alarm.raised': { readonly alarm: string; readonly reason: string };
  'alarm.cleared': { readonly alarm: string };
  'machine.resumed': { readonly suspendedForMs: number };
}

export type FactType = keyof FactFields;

/** A fact as its publisher gives it: the stream adds `seq` and `at`. */
export type FactBody = {
  readonly [Type in FactType]: {
    readonly type: Type;
    readonly actor: string;
    readonly generation?: number;
  } & FactFields[Type];
}[FactType];

type WithoutActor<Body> = Body extends unknown ? Omit<Body, 'actor' | 'generation'> : never;

/** A fact without its actor and generation, which the caller adds. */
export type FactOfActor = WithoutActor<FactBody>;

/**
 * A fact as readers see it. `seq` grows by 1 within a run and only grows across runs; `at` is UTC ISO 8601 with
 * milliseconds.
 */
export type Fact = FactBody & { readonly seq: number; readonly at: string };

/** Delivered to a reader in place of the facts it was too slow for. */
export interface FactsMissed {
  readonly type: 'facts.missed';
  readonly from: number;
  readonly to: number;
  readonly count: number;
}

export type PublishFact = (fact: FactBody) => void;
