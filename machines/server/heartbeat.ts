/**
 * When a session is probed and what its answers mean: pure functions of the context and of what the session reports
 * about itself (`session.heard`).
 */

import { longestDelayMs } from '../delay.ts';
import type { ServerContext } from './context.ts';
import type { ServerEvent } from './events.ts';

/** Timers are not exact: a quiet time counts as reached this much before its end, in milliseconds. */
const timerSlackMs = 2;

/** A remote server is probed within this time after the machine was suspended, in milliseconds. */
const remoteWakeMs = 1_000;

type HeardEvent = Extract<ServerEvent, { type: 'session.heard' }>;

/** Whether this is the answer to the last question to the current session. */
export function isAnswer(context: ServerContext, event: ServerEvent): event is HeardEvent {
  return (
    event.type === 'session.heard' && event.generation === context.generation && event.question === context.question
  );
}

/** Whether a lazy server has been unused long enough to be stopped. */
export function isUnused({ policy, heldAwake }: ServerContext, event: HeardEvent): boolean {
  return policy.lazy && !heldAwake && event.inFlight === 0 && event.unusedForMs + timerSlackMs >= policy.idleStopMs;
}

/** Whether the session has been quiet long enough to be probed. */
export function isQuiet({ policy, quietMs }: ServerContext, event: HeardEvent): boolean {
  return policy.heartbeat.intervalMs > 0 && event.quietForMs + timerSlackMs >= quietMs;
}

/** Whether nothing came since the probe was sent: any message makes `quietForMs` shorter than the probe's own time. */
export function isSilent({ policy }: ServerContext, event: HeardEvent): boolean {
  return event.quietForMs + timerSlackMs >= policy.heartbeat.timeoutMs;
}

/** Whether our own event loop was late by half of the probe's time: then the silence may be ours. */
export function isLagged({ policy }: ServerContext, event: HeardEvent): boolean {
  return event.lagMs > policy.heartbeat.timeoutMs / 2;
}

/** Whether one more missed probe is still tolerated. A busy server may miss more of them. */
export function isPatient({ policy, misses }: ServerContext, { inFlight, usedCpu }: HeardEvent): boolean {
  const { heartbeat } = policy;
  return misses + 1 < (inFlight > 0 || usedCpu ? heartbeat.busyMisses : heartbeat.misses);
}

/** Whether a call in flight may still take its time: a server that works on one call may answer nothing else meanwhile. */
export function isAwaited(event: HeardEvent): boolean {
  return event.callLeftMs > 0;
}

/** A call that has run out of time is settled before its server is judged; by this much, in milliseconds. */
const settleMs = 100;

/** When to ask again while a call in flight has time left: it may be settled or cancelled before that. */
export function awaitMsOf({ policy, callLeftMs }: ServerContext): number {
  return Math.min(policy.heartbeat.timeoutMs, Math.ceil(callLeftMs) + settleMs);
}

/** The session answered, or has been quiet for this long: what is left of the interval is waited for. */
export function keepQuiet({ policy }: ServerContext, quietForMs: number): Partial<ServerContext> {
  return { misses: 0, quietMs: Math.max(timerSlackMs, quietLeftOf(policy.heartbeat.intervalMs, quietForMs)) };
}

/** The machine was suspended: a connection over a network is the likeliest to be lost. */
export function probeSoon({ policy }: ServerContext, random: number): Partial<ServerContext> {
  const { intervalMs } = policy.heartbeat;
  return { misses: 0, quietMs: jitteredQuietOf(intervalMs, random, policy.remote ? remoteWakeMs : intervalMs) };
}

/** The first quiet time; without a heartbeat it never ends. */
export function jitteredQuietOf(intervalMs: number, random: number, spreadMs = intervalMs): number {
  return intervalMs === 0 ? longestDelayMs : Math.round(spreadMs * random);
}

/** What is left of the interval after a silence. */
export function quietLeftOf(intervalMs: number, quietForMs: number): number {
  return intervalMs === 0 ? longestDelayMs : Math.ceil(intervalMs - quietForMs);
}
