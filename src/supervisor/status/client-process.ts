/** The status of the client process, made from the snapshot of its chart. */

import { pathOf } from '../../../machines/state-path.ts';
import type { ClientActor } from '../actors/system.ts';
import type { ClientProcessStatus } from '../contract.ts';
import { lastFailureOf, toIso } from './status.ts';

export function clientProcessStatus(actor: ClientActor, sinceMs: number, log: string): ClientProcessStatus {
  const snapshot = actor.getSnapshot();
  const { pid, startedAt, attempt, nextRetryAt, adopted, sessions, lagMs } = snapshot.context;
  const [state = '', ...below] = snapshot.status === 'error' ? ['failed'] : pathOf(snapshot.value).split('.');
  return {
    state,
    substate: below.length === 0 ? null : below.join('.'),
    since: toIso(sinceMs),
    pid,
    startedAt: startedAt === null ? null : toIso(startedAt),
    attempt,
    nextRetryAt: nextRetryAt === null ? null : toIso(nextRetryAt),
    lastFailure: lastFailureOf(snapshot, sinceMs),
    adopted,
    sessions,
    lagMs,
    log,
  };
}
