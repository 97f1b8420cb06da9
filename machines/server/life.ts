/**
 * How a server's memory changes in the course of its lives: pure functions of the context. The chart says when, this
 * file says what.
 */

import { longestDelayMs } from '../delay.ts';
import type { Failure, Phase } from '../failure.ts';
import { failure as failureOf, firstCause } from '../failure.ts';
import { countFailure, noCounters, retryOf, verdictOf } from '../restart-policy.ts';
import type { ServerContext, ServerInput } from './events.ts';

type Change = Partial<ServerContext>;

export function contextOf({ name, policy, wanted, holder, generation = 0, failure }: ServerInput): ServerContext {
  return {
    name,
    holder: holder ?? null,
    policy,
    wanted,
    phase: 'resting',
    generation,
    starts: 0,
    counters: noCounters,
    failure: null,
    lastFailure: failure ?? null,
    endAsked: false,
    next: failure === undefined ? 'idle' : 'failed',
    delayMs: 0,
    nextRetryAt: null,
    autostart: wanted === 'up' && !policy.lazy && failure === undefined,
    called: false,
    waitingFor: policy.dependsOn,
    blockedBy: null,
    heldFor: [],
    heldAwake: false,
    pid: null,
    connectedAt: null,
    stable: false,
    forgivenAttempt: 0,
    quietMs: longestDelayMs,
    misses: 0,
    question: 0,
    latencyMs: null,
    open: [],
    removing: false,
    shuttingDown: false,
  };
}

/** A new generation begins with nothing of the last one but the counters. */
export function beginLife({ generation, starts }: ServerContext): Change {
  return {
    generation: generation + 1,
    starts: starts + 1,
    failure: null,
    endAsked: false,
    next: 'idle',
    autostart: false,
    called: false,
    heldFor: [],
    connectedAt: null,
    stable: false,
    forgivenAttempt: 0,
    misses: 0,
    latencyMs: null,
  };
}

/** Connected: the first phase of the heartbeat is jittered, so that a fleet started together is not probed together. */
export function connect(
  { policy }: ServerContext,
  { at, random }: { readonly at: number; readonly random: number },
): Change {
  return { connectedAt: at, quietMs: jitteredQuietOf(policy.heartbeat.intervalMs, random) };
}

/** The first quiet time; without a heartbeat it is never over. */
export function jitteredQuietOf(intervalMs: number, random: number, spreadMs = intervalMs): number {
  return intervalMs === 0 ? longestDelayMs : Math.round(spreadMs * random);
}

/** What is left of the interval after a silence. */
export function quietLeftOf(intervalMs: number, quietForMs: number): number {
  return intervalMs === 0 ? longestDelayMs : Math.ceil(intervalMs - quietForMs);
}

export function forgive({ counters }: ServerContext): Change {
  return { stable: true, forgivenAttempt: counters.attempt, counters: { ...counters, attempt: 0, unreachable: 0 } };
}

/**
 * The first cause alone decides what comes next; later news only adds how the process exited. An end that was asked for
 * is no failure.
 */
export function fail(context: ServerContext, failure: Failure): Change {
  if (context.endAsked) return {};
  if (context.failure !== null) return { failure: firstCause(context.failure, failure) };
  const counters = countFailure(context.counters, failure, context.stable);
  const verdict = verdictOf(failure, context.policy.restart, counters);
  return { failure, counters, next: context.shuttingDown || context.removing ? 'idle' : verdict };
}

/**
 * A session that was silent through every probe and the confirmation. It was stable only if it spoke long enough after
 * it connected.
 */
export function hang(context: ServerContext, heard: { readonly at: number; readonly quietForMs: number }): Change {
  const spokeForMs = heard.at - heard.quietForMs - (context.connectedAt ?? heard.at);
  const stable = context.stable && spokeForMs >= context.policy.restart.stableAfterMs;
  const counters = stable
    ? context.counters
    : { ...context.counters, attempt: context.counters.attempt + (context.stable ? context.forgivenAttempt : 0) };
  const failure = failureOf(
    'hung',
    `no answer to ${context.misses} probes and a confirmation; silent for ${Math.round(heard.quietForMs)} ms`,
    {
      phase: 'connected',
    },
  );
  return { stable, counters, ...fail({ ...context, stable, counters }, failure) };
}

export function timeOut(context: ServerContext, phase: Phase, budgetMs: number): Change {
  return fail(context, failureOf('timedOut', `${phase} took longer than ${budgetMs} ms`, { phase, code: 'TIMED_OUT' }));
}

/** Nothing of the session is left: what comes next, when, and what is remembered of it. */
export function conclude(
  context: ServerContext,
  ended: { readonly failure: Failure | null; readonly at: number; readonly random: number },
): Change {
  const unasked = ended.failure ?? failureOf('internal', 'the session ended without being asked and without a reason');
  const failed = context.endAsked && ended.failure === null ? {} : fail(context, unasked);
  const after = { ...context, ...failed };
  if (after.failure === null) return { ...failed, pid: null };
  const lastFailure = { ...after.failure, at: ended.at };
  if (after.next !== 'backoff') return { ...failed, lastFailure, pid: null };
  const { verdict, delayMs, counters } = retryOf({
    failure: after.failure,
    policy: context.policy.restart,
    counters: after.counters,
    stable: context.stable,
    at: ended.at,
    random: ended.random,
  });
  return {
    ...failed,
    lastFailure,
    pid: null,
    counters,
    delayMs,
    next: verdict,
    nextRetryAt: verdict === 'backoff' ? ended.at + delayMs : null,
  };
}

/**
 * A person's start, restart and reset, and a changed specification, start counting from zero. A due `failed` becomes
 * another try.
 */
export function forgetFailures({ next }: ServerContext): Change {
  return { counters: noCounters, forgivenAttempt: 0, next: next === 'failed' ? 'backoff' : next };
}
