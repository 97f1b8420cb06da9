/** When every wanted server has come to rest, and which are not ready then. */

import { isAtRest, isMissing } from '../../../machines/server/meaning.ts';
import type { Fact } from '../../observe/facts/fact.ts';
import type { Facts } from '../../observe/facts/facts.ts';
import type { ServerActor, ServerSnapshot } from '../actors/system.ts';
import type { Readiness, ReadyNow, ServerStatus } from '../contract.ts';

export interface ReadinessOptions {
  readonly facts: Pick<Facts, 'subscribe'>;
  readonly servers: () => readonly string[];
  readonly actorOf: (server: string) => ServerActor;
  readonly statusOf: (server: string) => ServerStatus;
  /** Aborts when the supervisor closes: nobody waits on. */
  readonly signal: AbortSignal;
}

export type AwaitReady = (options?: {
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal;
}) => Promise<Readiness>;

export function createReadiness({ facts, servers, actorOf, statusOf, signal: lifetime }: ReadinessOptions): AwaitReady {
  const isSettled = (server: string) => isAtRest(actorOf(server).getSnapshot());
  const areSettled = () => servers().every(isSettled);
  // Whole statuses only of those few: to put a thousand together holds everything up.
  const look = (): Readiness => ({
    settled: areSettled(),
    notReady: servers()
      .filter((server) => isNotReady(actorOf(server).getSnapshot()))
      .map(statusOf),
  });

  return ({ timeoutMs, signal } = {}) => {
    if (areSettled()) return Promise.resolve(look());
    // Listened to one by one: in Node 20 a signal made by AbortSignal.any may be collected before it fires
    // (nodejs/node#54614).
    const limits = signal === undefined ? [lifetime] : [lifetime, signal];
    return new Promise((resolve) => {
      // Looking at all servers after each step of each would take a thousand of them a second or two.
      let laggard: string | null = null;
      let timer: NodeJS.Timeout | undefined;
      const finish = () => {
        unsubscribe();
        clearTimeout(timer);
        for (const limit of limits) limit.removeEventListener('abort', finish);
        resolve(look());
      };
      const lookAgain = () => {
        laggard = servers().findLast((server) => !isSettled(server)) ?? null;
        if (laggard === null) finish();
      };
      const unsubscribe = facts.subscribe((fact) => {
        // Nothing is known of it until its successor takes a step.
        if (fact.type === 'actor.died') laggard = null;
        else if (mayHaveSettled(fact, laggard)) lookAgain();
      });
      if (timeoutMs !== undefined) timer = setTimeout(finish, timeoutMs);
      for (const limit of limits) limit.addEventListener('abort', finish, { once: true });
      if (limits.some(({ aborted }) => aborted)) finish();
      else lookAgain();
    });
  };
}

/** For whoever asks from outside whether to send work here. A required server that is lazy may sleep. */
export function readinessNow(
  options: Pick<ReadinessOptions, 'servers' | 'actorOf' | 'statusOf'>,
  isBooted: boolean,
): ReadyNow {
  const notReady = options.servers().flatMap((name) => {
    const status = options.statusOf(name);
    if (!isAtRest(options.actorOf(name).getSnapshot()))
      return [{ name, state: status.state, reason: reasonOf(status, 'on its way') }];
    const isMissing = status.required && !status.lazy && status.state !== 'connected';
    return isMissing ? [{ name, state: status.state, reason: reasonOf(status, 'required, and not connected') }] : [];
  });
  return { ready: isBooted && notReady.length === 0, notReady };
}

function reasonOf({ alarms, lastFailure, state }: ServerStatus, otherwise: string): string {
  const waits = alarms.find(({ alarm }) => alarm === 'waiting-for')?.reason;
  return waits ?? (state === 'starting' ? otherwise : (lastFailure?.message ?? otherwise));
}

/** While the last one that was looked at is on its way, the others do not matter. */
function mayHaveSettled({ type, actor }: Fact, laggard: string | null): boolean {
  return (
    type === 'server.removed' ||
    ((type === 'server.transitioned' || type === 'dependencies.changed') &&
      (laggard === null || actor === `server:${laggard}`))
  );
}

/** One whose chart died of a bug is not ready, in whatever state it was. */
function isNotReady(snapshot: ServerSnapshot): boolean {
  return snapshot.status === 'error' || isMissing(snapshot);
}
