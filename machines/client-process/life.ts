/** How the context of the client process changes: pure functions. The chart says when, this file says how. */

import { longestDelayMs } from '../delay.ts';
import { type Failure, failure as failureOf, firstCause, type LastWords, withLastWords } from '../failure.ts';
import { backoffMs } from '../policy/restart.ts';
import type { Moment } from '../server/events.ts';
import type { ClientProcessContext } from './context.ts';
import type { ClientProcessInput, Connection } from './events.ts';

type Change = Partial<ClientProcessContext>;

/** Losses within `lossWindowMs` after which servers are started one at a time. */
const lossLimit = 3;
const lossWindowMs = 300_000;

/** No process: nothing is known of one. */
const none = { pid: null, startedAt: null, connectedAt: null, adopted: false, sessions: 0, lagMs: null } as const;

export function contextOf({ policy, stopMs }: ClientProcessInput): ClientProcessContext {
  return {
    policy,
    stopMs,
    ...none,
    generation: 0,
    attempt: 0,
    failure: null,
    lastFailure: null,
    next: 'idle',
    delayMs: 0,
    nextRetryAt: null,
    disconnectedAt: null,
    replacedAt: null,
    losses: [],
    isCareful: false,
    told: { standing: 'down', nextRetryAt: null, isCareful: false },
    shuttingDown: false,
  };
}

/** A process whose connection broke still holds sessions: what is known of it stays. */
export function beginTry({ generation }: ClientProcessContext): Change {
  return { generation: generation + 1, failure: null, next: 'backoff', nextRetryAt: null };
}

export function connect(context: ClientProcessContext, { at, ...connection }: Connection & { at: number }): Change {
  const { pid, startedAt, adopted, sessions } = connection;
  return { pid, startedAt, adopted, sessions, lagMs: null, connectedAt: at, ...careAt(context, at) };
}

/** The first cause of an end decides what comes next. */
export function fail(context: ClientProcessContext, failure: Failure): Change {
  return { failure: firstCause(context.failure, failure) };
}

export function clientLost(message: string): Failure {
  return failureOf('clientLost', message);
}

/** What is not counted may happen once within `stableAfterMs`. The second time it is a failure. */
export function isRare(lastAt: number | null, { policy }: ClientProcessContext, at: number): boolean {
  return lastAt === null || at - lastAt >= policy.stableAfterMs;
}

/** It may serve again when nothing was lost for a whole window. */
export function careAt({ isCareful, losses }: ClientProcessContext, at: number): Change {
  const last = losses.at(-1);
  return { isCareful: isCareful && last !== undefined && at - last < lossWindowMs };
}

/** Nothing of the process is left. */
export interface Ended extends Moment {
  readonly last?: LastWords | null;
  readonly blamed?: readonly string[];
}

/**
 * Counts the end unless it was asked for, or a server was blamed for it: that one does not start again, so that this
 * cannot go on for ever. Only what follows by itself depends on the budget; what a person asked for meanwhile is done.
 */
export function conclude(context: ClientProcessContext, { at, random, last, blamed = [] }: Ended): Change {
  const { failure: cause, policy, next } = context;
  if (cause === null) return { ...none, ...careAt(context, at) };
  const failure = last ? withLastWords(cause, last) : cause;
  const ended = { ...none, ...noteLoss(context, at), failure, lastFailure: { ...failure, at } };
  if (next !== 'backoff') return ended;
  const attempt = context.attempt + (blamed.length > 0 ? 0 : 1);
  if (policy.maxConsecutive > 0 && attempt >= policy.maxConsecutive) return { ...ended, attempt, next: 'failed' };
  const delayMs = backoffMs(policy, Math.max(1, attempt), random);
  return { ...ended, attempt, delayMs, nextRetryAt: at + delayMs };
}

/** Whether its end uses up the budget. */
export function isCounted(before: ClientProcessContext, after: Change): boolean {
  return (after.attempt ?? before.attempt) > before.attempt;
}

/** Only a process that held sessions can have died of a server's start. */
function noteLoss(context: ClientProcessContext, at: number): Change {
  if (context.connectedAt === null) return careAt(context, at);
  const losses = [...context.losses.filter((lostAt) => at - lostAt < lossWindowMs), at].slice(-lossLimit);
  return { losses, isCareful: context.isCareful || losses.length >= lossLimit };
}

/** This control plane has nothing to do with the process any more. */
export const letGo: Change = { ...none, next: 'idle', failure: null };

/**
 * A control plane whose own loop stood still has beats to read before it may call the process hung: each of the two
 * timers starts only when the loop has come round. 0 or less: never.
 */
export function watchdogMsOf({ policy: { watchdogMs } }: ClientProcessContext, share: 'fresh' | 'late'): number {
  if (watchdogMs <= 0) return longestDelayMs;
  const freshMs = Math.ceil((watchdogMs * 3) / 4);
  return share === 'fresh' ? freshMs : watchdogMs - freshMs;
}
