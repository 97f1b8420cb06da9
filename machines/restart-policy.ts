/**
 * What comes after a failure: pure functions of the failure, the policy and the counters. Time and chance are
 * parameters.
 */

import { type Failure, isPermanent } from './failure.ts';
import type { RestartPolicy } from './policy.ts';

/** What a life that ended by itself leads to. */
export type Verdict = 'backoff' | 'failed' | 'idle' | 'needs-auth';

export interface Counters {
  /** Counted failures in a row; forgiven by stability or a person. */
  readonly attempt: number;
  /** Failures of class `unreachable` in a row: they grow the delay and never spend the budget. */
  readonly unreachable: number;
  /** Due times of the automatic starts within `periodMs`, in milliseconds. */
  readonly automaticStarts: readonly number[];
  /** Times of the counted failures within the last hour, in milliseconds. */
  readonly failureTimes: readonly number[];
}

export const noCounters: Counters = { attempt: 0, unreachable: 0, automaticStarts: [], failureTimes: [] };

const hourMs = 3_600_000;

/**
 * `unreachable` keeps trying for ever, `clientLost` is not the server's fault, and a `sessionLost` after a stable life
 * is no failure at all.
 */
export function isCounted(failure: Failure, stable: boolean): boolean {
  return !(
    failure.class === 'unreachable' ||
    failure.class === 'clientLost' ||
    (failure.class === 'sessionLost' && stable)
  );
}

/** The counters once a failure is known; no clock is needed, for the windows are written by `retryOf`. */
export function countFailure(counters: Counters, failure: Failure, stable: boolean): Counters {
  if (failure.class === 'unreachable') return { ...counters, unreachable: counters.unreachable + 1 };
  return isCounted(failure, stable) ? { ...counters, attempt: counters.attempt + 1, unreachable: 0 } : counters;
}

/**
 * Precedence: permanent class or code, `unauthorized`, restart kind, budget of failures in a row. `attempt` counts
 * this failure already. Restart kinds do not apply to `clientLost`, and `unreachable` spends no budget.
 */
export function verdictOf(failure: Failure, policy: RestartPolicy, counters: Counters): Verdict {
  if (isPermanent(failure, policy.permanentExitCodes)) return 'failed';
  if (failure.class === 'unauthorized') return 'needs-auth';
  if (failure.class === 'clientLost') return 'backoff';
  const finished = failure.class === 'exited' && failure.exitCode === 0;
  if (policy.kind !== 'permanent' && finished) return 'idle';
  if (policy.kind === 'temporary') return 'failed';
  if (failure.class === 'unreachable') return 'backoff';
  return policy.maxConsecutive > 0 && counters.attempt >= policy.maxConsecutive ? 'failed' : 'backoff';
}

export interface Retry {
  readonly verdict: 'backoff' | 'failed';
  readonly delayMs: number;
  readonly counters: Counters;
}

export interface RetryQuestion {
  readonly failure: Failure;
  readonly policy: RestartPolicy;
  /** After `countFailure`. */
  readonly counters: Counters;
  /** Whether the life that ended had been stable. */
  readonly stable: boolean;
  /** Now, in milliseconds. */
  readonly at: number;
  /** 0 … 1. */
  readonly random: number;
}

/** When to try again, or that the window of automatic starts is spent. */
export function retryOf({ failure, policy, counters, stable, at, random }: RetryQuestion): Retry {
  const delayMs = delayOf({ failure, policy, counters, stable, random });
  if (!isCounted(failure, stable)) return { verdict: 'backoff', delayMs, counters };
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

/** Whether failures come so often that a person should look, though each is restarted. */
export function isFlapping(counters: Counters, policy: RestartPolicy, at: number): boolean {
  return (
    policy.flappingPerHour > 0 &&
    counters.failureTimes.filter((failedAt) => failedAt > at - hourMs).length >= policy.flappingPerHour
  );
}

/**
 * When a flapping server, left alone, no longer is, in milliseconds: the failures that make it one are an hour old
 * then.
 */
export function flappingUntil({ failureTimes }: Counters, { flappingPerHour }: RestartPolicy): number {
  return (failureTimes.at(-flappingPerHour) ?? 0) + hourMs;
}

/**
 * After a stable life the first delay; then equal jitter inside the cap: between half of the ceiling and the ceiling.
 */
function delayOf({ failure, policy, counters, stable, random }: Omit<RetryQuestion, 'at'>): number {
  if (failure.class === 'clientLost' || (failure.class === 'sessionLost' && stable)) return 0;
  if (stable && failure.class !== 'unreachable') return policy.firstDelayMs;
  const failuresInRow = Math.max(1, failure.class === 'unreachable' ? counters.unreachable : counters.attempt);
  const ceilingMs = Math.min(policy.capMs, policy.baseMs * policy.factor ** (failuresInRow - 1));
  const delayMs = Math.round(ceilingMs / 2 + (random * ceilingMs) / 2);
  return Math.min(policy.capMs, Math.max(delayMs, failure.retryAfterMs ?? 0));
}
