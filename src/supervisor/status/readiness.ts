/** Waits until every wanted server has settled, and tells which servers are not ready. */

import { longestDelayMs } from '../../../machines/delay.ts';
import { isAtRest, isMissing } from '../../../machines/server/meaning.ts';
import type { TimerClock } from '../../clock.ts';
import type { FactType } from '../../observe/facts/fact.ts';
import type { Facts } from '../../observe/facts/facts.ts';
import { onAbort } from '../../on-abort.ts';
import type { ServerActor, ServerSnapshot } from '../actors/system.ts';
import type { Readiness, ReadyNow, ServerStatus } from '../contract.ts';

export interface ReadinessOptions {
  readonly facts: Pick<Facts, 'subscribe'>;
  readonly servers: () => readonly string[];
  readonly actorOf: (server: string) => ServerActor;
  readonly statusOf: (server: string) => ServerStatus;
  readonly timers: TimerClock;
  /** When it aborts, because the supervisor closes, the waiting ends. */
  readonly signal: AbortSignal;
}

export type AwaitReady = (options?: {
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal;
}) => Promise<Readiness>;

/** Facts after which all servers may have settled. */
const settlingFacts = [
  'server.transitioned',
  'server.removed',
  'dependencies.changed',
  'actor.died',
] as const satisfies FactType[];

export function createReadiness({
  facts,
  servers,
  actorOf,
  statusOf,
  timers,
  signal: lifetime,
}: ReadinessOptions): AwaitReady {
  const isSettled = (server: string) => isAtRest(actorOf(server).getSnapshot());
  const areSettled = () => servers().every(isSettled);
  // Full statuses only of the servers that are not ready: building a thousand of them blocks the event loop.
  const look = (): Readiness => ({
    settled: areSettled(),
    notReady: servers()
      .filter((server) => isNotReady(actorOf(server).getSnapshot()))
      .map(statusOf),
  });

  return ({ timeoutMs, signal } = {}) => {
    if (areSettled()) return Promise.resolve(look());
    // A listener on each: in Node 20 a signal made by AbortSignal.any may be garbage-collected before it fires
    // (nodejs/node#54614).
    const limits = signal === undefined ? [lifetime] : [lifetime, signal];
    return new Promise((resolve) => {
      // The last server that had not settled: until it does, the others need not be checked. Checking all servers after
      // every transition takes a second or two with a thousand servers.
      let unsettled: string | null = null;
      let timer: unknown;
      let forgetting: readonly (() => void)[] = [];
      const finish = () => {
        unsubscribe();
        timers.clearTimeout(timer);
        for (const forget of forgetting) forget();
        resolve(look());
      };
      const lookAgain = () => {
        unsettled = servers().findLast((server) => !isSettled(server)) ?? null;
        if (unsettled === null) finish();
      };
      const unsubscribe = facts.subscribe(({ type, actor }) => {
        // Its successor may be in any state: check all servers after the next transition.
        if (type === 'actor.died') unsettled = null;
        else if (type === 'server.removed' || unsettled === null || actor === `server:${unsettled}`) lookAgain();
      }, settlingFacts);
      if (timeoutMs !== undefined) timer = timers.setTimeout(finish, Math.min(timeoutMs, longestDelayMs));
      forgetting = limits.map((limit) => onAbort(limit, finish));
      if (limits.some(({ aborted }) => aborted)) finish();
      else lookAgain();
    });
  };
}

/** Whether work may be sent now. A required server that is lazy need not be connected. */
export function readinessNow(
  {
    servers,
    actorOf,
    statusOf,
    isEnabled,
  }: Pick<ReadinessOptions, 'servers' | 'actorOf' | 'statusOf'> & { readonly isEnabled: (server: string) => boolean },
  isBooted: boolean,
): Omit<ReadyNow, 'heldBy'> {
  const notReady = servers().flatMap((name) => {
    const status = statusOf(name);
    const { state, wanted, required, lazy } = status;
    if (!isAtRest(actorOf(name).getSnapshot())) return [{ name, state, reason: reasonOf(status, 'on its way') }];
    if (!required || lazy || state === 'connected') return [];
    // Its last failure, if any, is not why it is down.
    if (state === 'idle' && wanted === 'down')
      return [{ name, state, reason: isEnabled(name) ? 'required, but stopped on request' : 'required, but disabled' }];
    return [{ name, state, reason: reasonOf(status, 'required, and not connected') }];
  });
  return { ready: isBooted && notReady.length === 0, notReady };
}

function reasonOf({ alarms, lastFailure, state }: ServerStatus, otherwise: string): string {
  const waits = alarms.find(({ alarm }) => alarm === 'approval-needed' || alarm === 'waiting-for')?.reason;
  return waits ?? (state === 'starting' ? otherwise : (lastFailure?.message ?? otherwise));
}

/** A server whose actor died of a bug is not ready, whatever its last state was. */
function isNotReady(snapshot: ServerSnapshot): boolean {
  return snapshot.status === 'error' || isMissing(snapshot);
}
