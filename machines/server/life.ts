/**
 * How a server's context changes in the course of its lives: pure functions of the context. The chart says when, this
 * file says how.
 */

import { longestDelayMs } from '../delay.ts';
import type { Failure, Phase } from '../failure.ts';
import { failure as failureOf, firstCause, withLastWords } from '../failure.ts';
import type { Past } from '../policy/patience.ts';
import { countFailure, noCounters, retryOf, verdictOf } from '../policy/restart.ts';
import type { ServerContext } from './context.ts';
import type { ServerEvent, ServerInput } from './events.ts';
import { jitteredQuietOf } from './heartbeat.ts';

type Change = Partial<ServerContext>;

export function contextOf(input: ServerInput): ServerContext {
  const { name, policy, wanted, holder, generation = 0, worked = false, counters = noCounters, failure } = input;
  return {
    name,
    holder: holder ?? null,
    policy,
    wanted,
    phase: 'resting',
    generation,
    starts: 0,
    counters,
    failure: null,
    lastFailure: failure ?? null,
    lastEnd: null,
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
    worked,
    cutAtWork: 0,
    renewed: false,
    stable: false,
    forgivenAttempt: 0,
    quietMs: longestDelayMs,
    misses: 0,
    callLeftMs: 0,
    question: 0,
    latencyMs: null,
    unread: [],
    crowding: null,
    open: [],
    removing: false,
    shuttingDown: false,
  };
}

/** A new generation keeps only the counters of the last one. */
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
    unread: [],
    crowding: null,
  };
}

/** The first quiet time is random, so that servers that were started together are not probed together. */
export function connect(
  { policy, counters }: ServerContext,
  { at, random, forMs = 0 }: { readonly at: number; readonly random: number; readonly forMs?: number },
): Change {
  return {
    connectedAt: at - forMs,
    worked: true,
    cutAtWork: 0,
    counters: { ...counters, refusedSince: null },
    quietMs: jitteredQuietOf(policy.heartbeat.intervalMs, random),
  };
}

export function forgive({ counters }: ServerContext): Change {
  return {
    stable: true,
    renewed: false,
    forgivenAttempt: counters.attempt,
    counters: { ...counters, attempt: 0, unreachable: 0 },
  };
}

/** How a life ended. */
export interface Failed {
  readonly failure: Failure;
  /** The credentials are not those any more that were refused. */
  readonly renewed?: boolean;
}

/** Renewed credentials are tried at once only once: what changes each time it is read would be tried for ever. */
function pastOf({ stable, worked, policy, renewed: before }: ServerContext, renewed: boolean): Past {
  return { stable, worked, remote: policy.remote, renewed: renewed && !before };
}

/**
 * The first cause alone decides what comes next; later news only adds how the process exited. An end that was requested
 * is not a failure.
 */
export function fail(context: ServerContext, { failure, renewed = false }: Failed): Change {
  if (context.endAsked) return {};
  if (context.failure !== null) return { failure: firstCause(context.failure, failure) };
  const past = pastOf(context, renewed);
  const counters = countFailure(context.counters, failure, past);
  const verdict = verdictOf({ failure, policy: context.policy.restart, counters, past });
  return {
    failure,
    counters,
    renewed: context.renewed || verdict === 'starting',
    next: context.shuttingDown || context.removing ? 'idle' : verdict,
  };
}

export interface Hang {
  readonly at: number;
  readonly quietForMs: number;
  /** It was left alone until the time of its calls was over. */
  readonly hadCalls: boolean;
}

/**
 * The session was silent through every probe and the confirmation. It was stable only if its messages came for long
 * enough after it connected.
 */
export function hang(context: ServerContext, heard: Hang): Change {
  const spokeForMs = heard.at - heard.quietForMs - (context.connectedAt ?? heard.at);
  const stable = context.stable && spokeForMs >= context.policy.restart.stableAfterMs;
  const counters = stable
    ? context.counters
    : { ...context.counters, attempt: context.counters.attempt + (context.stable ? context.forgivenAttempt : 0) };
  const silence = `no answer to ${context.misses} probes and a confirmation; silent for ${Math.round(heard.quietForMs)} ms`;
  const calls = heard.hadCalls ? ', longer than any call in flight was given (callTimeoutMs)' : '';
  const failure = failureOf('hung', `${silence}${calls}`, { phase: 'connected' });
  return { stable, counters, ...fail({ ...context, stable, counters }, { failure }) };
}

export function timeOut(context: ServerContext, phase: Phase): Change {
  const budgetMs = context.policy.startTimeoutMs;
  const why = phase === 'listing' ? context.unread.map(({ reason }) => `: ${reason}`).join('') : '';
  const message = `${phase} took longer than ${budgetMs} ms${why}`;
  return fail(context, { failure: failureOf('timedOut', message, { phase, code: 'TIMED_OUT' }) });
}

/** Longest time for the first answer that a start is given without being configured to have it, in milliseconds. */
const longestInstallMs = 3_600_000;

/**
 * The time for the first answer of a server at work: twice as long after each start that it was not enough for, so that
 * a download is not cut in the same place for ever.
 */
export function installMsOf({ policy, cutAtWork }: Pick<ServerContext, 'policy' | 'cutAtWork'>): number {
  return Math.max(policy.installTimeoutMs, Math.min(policy.installTimeoutMs * 2 ** cutAtWork, longestInstallMs));
}

/** Its processes were at work to the last: perhaps it needs more time, as for a download. The next start gets it. */
export function timeOutAtWork(context: ServerContext): Change {
  const cutAtWork = context.cutAtWork + 1;
  const budgetMs = installMsOf(context);
  const nextMs = installMsOf({ ...context, cutAtWork });
  const more = nextMs > budgetMs ? `; the next start is given ${nextMs} ms` : '';
  const setting = budgetMs > context.policy.installTimeoutMs ? 'installTimeoutMs, lengthened' : 'installTimeoutMs';
  const message = `initializing took longer than ${budgetMs} ms (${setting})${more}`;
  const timedOut = failureOf('timedOut', message, { phase: 'initializing', code: 'TIMED_OUT' });
  return { cutAtWork, ...fail(context, { failure: timedOut }) };
}

type Ended = Omit<Extract<ServerEvent, { type: 'session.ended' }>, 'type' | 'generation'>;

/** What the process said at its end is often why an answer never came. */
function withTheEnd(failure: Failure, { last = null, heard = null }: Ended): Failure {
  const known = last === null ? failure : withLastWords(failure, last);
  return known.class === 'timedOut' && heard !== null ? { ...known, message: `${known.message}; ${heard}` } : known;
}

/** Nothing of the session is left: decides what comes next and when, and keeps the failure. */
export function conclude(context: ServerContext, ended: Ended): Change {
  const unasked = ended.failure ?? failureOf('internal', 'the session ended without being asked and without a reason');
  const failed = context.endAsked && ended.failure === null ? {} : fail(context, { ...ended, failure: unasked });
  const after = { ...context, ...failed };
  const { at, last = null } = ended;
  const lastEnd = last === null ? {} : { lastEnd: { ...last, at, asked: after.failure === null } };
  if (after.failure === null) return { ...failed, ...lastEnd, pid: null };
  const failure = withTheEnd(after.failure, ended);
  const gone = { ...failed, ...lastEnd, failure, lastFailure: { ...failure, at }, pid: null };
  if (after.next !== 'backoff') return gone;
  const { verdict, delayMs, counters } = retryOf({
    failure,
    policy: context.policy.restart,
    counters: after.counters,
    past: pastOf(context, false),
    at: ended.at,
    random: ended.random,
  });
  return {
    ...gone,
    counters,
    delayMs,
    next: verdict,
    nextRetryAt: verdict === 'backoff' ? ended.at + delayMs : null,
  };
}

/**
 * A person's start, restart or reset, and a changed specification, reset the counters. If `failed` was to come next, it
 * becomes another try.
 */
export function forgetFailures({ next }: ServerContext): Change {
  return { counters: noCounters, renewed: false, forgivenAttempt: 0, next: next === 'failed' ? 'backoff' : next };
}
