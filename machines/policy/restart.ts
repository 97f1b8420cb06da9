/**
 * What comes after a failure: pure functions of the failure, the policy and the counters. The time and random numbers
 * are parameters.
 */

import { type Failure, isPermanent } from '../failure.ts';
import { isAway, isPatient, type Past, patienceMsOf } from './patience.ts';
import type { RestartPolicy } from './policy.ts';

/** The state that follows a life that ended by itself. */
export type Verdict = 'backoff' | 'failed' | 'idle' | 'needs-auth' | 'starting';

export interface Counters {
  /** Counted failures in a row; a stable life or a person resets them. */
  readonly attempt: number;
  /** Failures in a row of a server that is away or found no room: they increase the delay, but do not count towards the budget. */
  readonly unreachable: number;
  /**
   * Since when all failures in a row look permanent but are tried again, in milliseconds; null: the last was another.
   */
  readonly refusedSince: number | null;
  /** When the automatic starts within `periodMs` were due, in milliseconds. */
  readonly automaticStarts: readonly number[];
  /** Times of the counted failures within the last hour, in milliseconds. */
  readonly failureTimes: readonly number[];
}

export const noCounters: Counters = {
  attempt: 0,
  unreachable: 0,
  refusedSince: null,
  automaticStarts: [],
  failureTimes: [],
};

const hourMs = 3_600_000;

/**
 * Whether a failure counts towards the budget. A server that is away is tried again without one, one that is refused is
 * not tried again, `clientLost` is not the server's fault, and `sessionLost` after a stable life is not a failure at all.
 */
export function isCounted(failure: Failure, past: Past): boolean {
  if (failure.class === 'unauthorized' || failure.class === 'clientLost') return false;
  return !(isAway(failure, past) || (failure.class === 'sessionLost' && past.stable));
}

/** Adds a failure to the counters. It needs no clock: `retryOf` updates the times. */
export function countFailure(counters: Counters, failure: Failure, past: Past): Counters {
  if (isAway(failure, past)) {
    const refusedSince = isPatient(failure) ? null : counters.refusedSince;
    return { ...counters, unreachable: counters.unreachable + 1, refusedSince };
  }
  return isCounted(failure, past)
    ? { ...counters, attempt: counters.attempt + 1, unreachable: 0, refusedSince: null }
    : counters;
}

/** How a life ended, and what is known of the server. */
export interface Ending {
  readonly failure: Failure;
  readonly policy: RestartPolicy;
  /** After `countFailure`. */
  readonly counters: Counters;
  readonly past: Past;
}

/**
 * Precedence: permanent class or code, `unauthorized`, restart kind, budget of failures in a row. `attempt` already
 * includes this failure. Restart kinds do not apply to `clientLost` and `shortage`, and a server that is away uses up no
 * budget; for how long it is tried again, only `retryOf` can tell.
 */
export function verdictOf({ failure, policy, counters, past }: Ending): Verdict {
  if (isPermanent(failure, policy.permanentExitCodes) && !isAway(failure, past)) return 'failed';
  if (failure.class === 'unauthorized') return past.renewed ? 'starting' : 'needs-auth';
  if (failure.class === 'clientLost' || failure.class === 'shortage') return 'backoff';
  const finished = failure.class === 'exited' && failure.exitCode === 0;
  if (policy.kind !== 'permanent' && finished) return 'idle';
  if (policy.kind === 'temporary') return 'failed';
  if (isAway(failure, past)) return 'backoff';
  return policy.maxConsecutive > 0 && counters.attempt >= policy.maxConsecutive ? 'failed' : 'backoff';
}

export interface Retry {
  readonly verdict: 'backoff' | 'failed';
  readonly delayMs: number;
  readonly counters: Counters;
}

export interface RetryQuestion extends Ending {
  /** Now, in milliseconds. */
  readonly at: number;
  /** 0 … 1. */
  readonly random: number;
}

/**
 * When to try again, or `failed` if there were too many automatic starts within the period, or if a failure that looks
 * permanent has lasted for too long.
 */
export function retryOf(question: RetryQuestion): Retry {
  const { failure, policy, counters, past, at } = question;
  const delayMs = delayOf(question);
  const patienceMs = patienceMsOf(failure, past);
  if (patienceMs > 0 && !isPatient(failure)) {
    const refusedSince = counters.refusedSince ?? at;
    const verdict = at - refusedSince >= patienceMs ? 'failed' : 'backoff';
    return { verdict, delayMs, counters: { ...counters, refusedSince } };
  }
  if (!isCounted(failure, past)) return { verdict: 'backoff', delayMs, counters };
  const dueAt = at + delayMs;
  const recent = counters.automaticStarts.filter((startedAt) => startedAt > dueAt - policy.periodMs);
  const failureTimes = [...counters.failureTimes.filter((failedAt) => failedAt > at - hourMs), at].slice(
    -(policy.flappingPerHour + 1),
  );
  if (policy.intensity > 0 && recent.length >= policy.intensity) {
    return { verdict: 'failed', delayMs, counters: { ...counters, automaticStarts: recent, failureTimes } };
  }
  return {
    verdict: 'backoff',
    delayMs,
    counters: { ...counters, automaticStarts: [...recent, dueAt].slice(-Math.max(1, policy.intensity)), failureTimes },
  };
}

/** Whether the server fails so often that a person should look, although it is restarted each time. */
export function isFlapping(counters: Counters, policy: RestartPolicy, at: number): boolean {
  return (
    policy.flappingPerHour > 0 &&
    counters.failureTimes.filter((failedAt) => failedAt > at - hourMs).length >= policy.flappingPerHour
  );
}

/**
 * When a flapping server stops being one if nothing else happens, in milliseconds: then enough of its failures are an
 * hour old.
 */
export function flappingUntil({ failureTimes }: Counters, { flappingPerHour }: RestartPolicy): number {
  return (failureTimes.at(-flappingPerHour) ?? 0) + hourMs;
}

/** After a stable life, the first delay. Otherwise one that grows with each failure in a row. */
function delayOf({ failure, policy, counters, past, random }: RetryQuestion): number {
  const { stable } = past;
  const away = isAway(failure, past);
  if (failure.class === 'clientLost' || (failure.class === 'sessionLost' && stable)) return 0;
  if (stable && !away) return policy.firstDelayMs;
  const failuresInRow = Math.max(1, away ? counters.unreachable : counters.attempt);
  const delayMs = backoffMs(policy, failuresInRow, random);
  return Math.min(policy.capMs, Math.max(delayMs, failure.retryAfterMs ?? 0));
}

/** A random delay between half of the ceiling and the ceiling, which grows with each failure in a row up to the cap. */
export function backoffMs(
  { baseMs, factor, capMs }: Pick<RestartPolicy, 'baseMs' | 'factor' | 'capMs'>,
  failuresInRow: number,
  random: number,
): number {
  const ceilingMs = Math.min(capMs, baseMs * factor ** (failuresInRow - 1));
  return Math.round(ceilingMs / 2 + (random * ceilingMs) / 2);
}
