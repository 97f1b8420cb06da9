/** The policies of whose configuration says nothing else: for tools that run a chart without one. */

import type { ClientProcessPolicy, ServerPolicy } from './policy.ts';

/** Every default of `ServerPolicy`, for a server over stdio without dependencies. */
export const defaultPolicy: ServerPolicy = {
  restart: {
    kind: 'permanent',
    firstDelayMs: 0,
    baseMs: 500,
    factor: 2,
    capMs: 30_000,
    maxConsecutive: 8,
    intensity: 10,
    periodMs: 300_000,
    stableAfterMs: 60_000,
    flappingPerHour: 30,
    permanentExitCodes: [78, 126, 127],
  },
  heartbeat: { intervalMs: 15_000, timeoutMs: 5_000, misses: 3, busyMisses: 6 },
  stop: { closeMs: 2_000, terminateMs: 3_000, killMs: 2_000 },
  startTimeoutMs: 30_000,
  installTimeoutMs: 120_000,
  lazy: false,
  idleStopMs: 300_000,
  remote: false,
  dependsOn: [],
  related: false,
  approval: null,
};

/** Every default of `ClientProcessPolicy`. */
export const defaultClientProcessPolicy: ClientProcessPolicy = {
  watchdogMs: 10_000,
  baseMs: 250,
  factor: 2,
  capMs: 10_000,
  maxConsecutive: 5,
  stableAfterMs: 60_000,
};
