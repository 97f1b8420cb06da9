/** The status of a server, made from the snapshot of its chart and its entry in the ledger. */

import { getNextTransitions } from 'xstate';
import { type Failure, failure } from '../../../machines/failure.ts';
import { pathOf } from '../../../machines/state-path.ts';
import { wordsOf } from '../../text/error-words.ts';
import type { ServerActor, ServerSnapshot } from '../actors/system.ts';
import {
  type Alarm,
  type CommandType,
  commandTypes,
  type LastFailure,
  type PendingApproval,
  type ServerState,
  type ServerStatus,
} from '../contract.ts';
import type { ServerEntry } from '../ledger.ts';

export interface StatusQuestion {
  readonly entry: ServerEntry;
  readonly actor: ServerActor;
  /** When the actor entered its state, in milliseconds. */
  readonly sinceMs: number;
  readonly alarms: readonly Alarm[];
}

export function statusOf({ entry, actor, sinceMs, alarms }: StatusQuestion): ServerStatus {
  const snapshot = actor.getSnapshot();
  const { context } = snapshot;
  const { state, substate } = stateOf(snapshot);
  const isConnected = state === 'connected';
  const { specification, lists, reported } = entry;
  // Reported a little later than calls are made and answered.
  const queued = Math.min(reported.queued, entry.counts.open);
  return {
    name: entry.name,
    state,
    substate,
    since: toIso(sinceMs),
    wanted: context.wanted,
    generation: context.generation,
    attempt: context.counters.attempt,
    nextRetryAt: context.nextRetryAt === null ? null : toIso(context.nextRetryAt),
    lastFailure: lastFailureOf(snapshot, sinceMs),
    lastEnd: context.lastEnd === null ? null : { ...context.lastEnd, at: toIso(context.lastEnd.at) },
    pid: context.pid,
    transport: transportOf(entry),
    protocolVersion: isConnected ? (reported.peer?.protocolVersion ?? null) : null,
    serverInfo: isConnected ? (reported.peer?.serverInfo ?? null) : null,
    latencyMs: isConnected ? context.latencyMs : null,
    counts: {
      tools: lists.tools.length,
      resources: lists.resources.length,
      prompts: lists.prompts.length,
      restarts: Math.max(0, reported.lives - 1),
      calls: entry.counts.made,
      callErrors: entry.counts.failed,
      inFlight: entry.counts.open - queued,
      queued,
    },
    alarms,
    approval: approvalOf(context.policy),
    push: isConnected ? reported.push : null,
    source: entry.source,
    lazy: specification.lazy,
    required: specification.required,
    group: specification.group,
    dependsOn: specification.dependsOn,
  };
}

function approvalOf({ approval }: ServerSnapshot['context']['policy']): PendingApproval | null {
  return approval === null ? null : { hash: approval.hash, commandLine: approval.commandLine };
}

export function stateOf(snapshot: ServerSnapshot): {
  readonly state: ServerState;
  readonly substate: string | null;
} {
  // The actor died of a bug; its last state does not matter.
  if (snapshot.status === 'error') return { state: 'failed', substate: null };
  const [state = '', ...rest] = pathOf(snapshot.value).split('.');
  const substate = rest.join('.');
  // The usual substate of an idle server says nothing.
  return { state: state as ServerState, substate: substate === '' || snapshot.hasTag('rests') ? null : substate };
}

/**
 * Commands for which the chart has an edge now, even one that rejects the command. Unlike `snapshot.can` this runs no
 * guards: a bug in a guard must end only its own actor, not the caller.
 */
export function allowedOf(snapshot: ServerSnapshot): readonly CommandType[] {
  const events = new Set(getNextTransitions(snapshot).map(({ eventType }) => eventType));
  return commandTypes.filter((type) => events.has(type));
}

interface FailureSnapshot {
  readonly status: string;
  readonly error: unknown;
  readonly tags: ReadonlySet<string>;
  readonly context: {
    readonly failure: Failure | null;
    readonly lastFailure: (Failure & { readonly at: number }) | null;
  };
}

/** A failure is shown as soon as it is known, while the session is still being ended. */
export function lastFailureOf(snapshot: FailureSnapshot, sinceMs: number): LastFailure | null {
  const { context } = snapshot;
  if (snapshot.status === 'error') return lastFailureOfDead(snapshot, sinceMs);
  const known =
    snapshot.tags.has('live') && context.failure !== null ? { ...context.failure, at: sinceMs } : context.lastFailure;
  if (known === null) return null;
  const { retryAfterMs: _, at, ...failure } = known;
  return { ...failure, at: toIso(at) };
}

function lastFailureOfDead({ error }: FailureSnapshot, sinceMs: number): LastFailure {
  const reason = wordsOf(error);
  const { retryAfterMs: _, ...died } = failure('internal', `its actor died and is being replaced: ${reason}`);
  return { ...died, at: toIso(sinceMs) };
}

function transportOf({ reported: { peer }, specification: { transport } }: ServerEntry): string {
  if (typeof transport !== 'string') return transport.hosted;
  return transport === 'auto' ? (peer?.transport ?? 'streamable-http') : transport;
}

export function toIso(ms: number): string {
  return new Date(ms).toISOString();
}
