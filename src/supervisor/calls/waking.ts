/** Servers that are not connected: which of them a call may wake, and waiting until they are. */

import type { ServerEvent } from '../../../machines/server/events.ts';
import { McpvisorError } from '../../errors.ts';
import type { RequestOptions } from '../../session/contract.ts';
import type { ServerActor, ServerSnapshot } from '../actors/system.ts';
import { waitText } from '../alarms.ts';
import { hasLists, type ServerEntry } from '../ledger.ts';
import { stateOf, toIso } from '../status/status.ts';

export interface Waking {
  /**
   * Resolves when the server is connected: at once, or because it is lazy and was started for this. Resolves with
   * what is left of the call's time in milliseconds, null without a limit of its own. Rejects with
   * `SERVER_NOT_CONNECTED`, `CALL_TIMED_OUT` or `CALL_CANCELLED`.
   */
  wake(entry: ServerEntry, options?: RequestOptions): Promise<number | null>;
  /** The same for whoever only wants it to be connected: one that is starting anyway is waited for, lazy or not. */
  await(entry: ServerEntry, signal?: AbortSignal): Promise<void>;
  /** Whether the server's list of tools is known, from this life or an earlier one. */
  knowsTools(entry: ServerEntry): boolean;
}

export interface WakingOptions {
  readonly actorOf: (server: string) => ServerActor;
  /** Monotonic, in milliseconds. */
  readonly now: () => number;
}

export function createWaking({ actorOf, now }: WakingOptions): Waking {
  function rouse(entry: ServerEntry, { waitsForOthers, signal, method }: Rousing): ServerActor {
    // Nobody waits: nothing is to be started.
    if (signal?.aborted === true) throw new McpvisorError('CALL_CANCELLED', { server: entry.name, method });
    const actor = actorOf(entry.name);
    const snapshot = actor.getSnapshot();
    if (snapshot.matches('connected')) return actor;
    const event: ServerEvent = { type: 'server.needed' };
    const isLazilyDue =
      entry.specification.lazy &&
      snapshot.context.wanted === 'up' &&
      (snapshot.matches('idle') || snapshot.matches('stopping'));
    if (isLazilyDue && snapshot.can(event)) actor.send(event);
    else if (!isOnItsWay(snapshot, entry.specification.lazy || waitsForOthers)) throw notConnectedError(actor);
    return actor;
  }

  return {
    async wake(entry, { timeoutMs = entry.specification.callTimeoutMs, signal } = {}) {
      const startedAt = now();
      const actor = rouse(entry, { waitsForOthers: false, signal, method: 'start' });
      await whenConnected(actor, { signal, timeoutMs, method: 'start' });
      return Math.max(1, timeoutMs - (now() - startedAt));
    },
    async await(entry, signal) {
      const actor = rouse(entry, { waitsForOthers: true, signal, method: 'ensureConnected' });
      await whenConnected(actor, { signal, timeoutMs: null, method: 'ensureConnected' });
    },
    knowsTools: hasLists,
  };
}

function isOnItsWay(snapshot: ServerSnapshot, waits: boolean): boolean {
  const isWaiting =
    snapshot.matches({ idle: 'queued' }) ||
    (snapshot.matches({ idle: 'waiting' }) && snapshot.context.blockedBy === null);
  return (
    waits &&
    (snapshot.matches('starting') || isWaiting || (snapshot.hasTag('live') && snapshot.context.next === 'starting'))
  );
}

interface Rousing {
  /** Whether one that is starting anyway is waited for, lazy or not. */
  readonly waitsForOthers: boolean;
  readonly signal: AbortSignal | undefined;
  readonly method: string;
}

interface Patience {
  readonly signal: AbortSignal | undefined;
  readonly timeoutMs: number | null;
  /** What is waited for, in the words of the error. */
  readonly method: string;
}

/** Rejects as soon as the server's way no longer leads to `connected` by itself. */
function whenConnected(actor: ServerActor, { signal, timeoutMs, method }: Patience): Promise<void> {
  const server = actor.getSnapshot().context.name;
  return new Promise((resolve, reject) => {
    let subscription: { unsubscribe(): void } | null = null;
    let timer: NodeJS.Timeout | undefined;
    const settle = (end: () => void) => {
      subscription?.unsubscribe();
      clearTimeout(timer);
      signal?.removeEventListener('abort', onAbort);
      end();
    };
    const fail = () => settle(() => reject(notConnectedError(actor)));
    const onAbort = () => settle(() => reject(new McpvisorError('CALL_CANCELLED', { server, method })));
    const look = (snapshot: ServerSnapshot) => {
      if (snapshot.matches('connected')) settle(resolve);
      else if (!isOnItsWay(snapshot, true)) fail();
    };
    subscription = actor.subscribe({ next: look, error: fail, complete: fail });
    if (timeoutMs !== null)
      timer = setTimeout(
        () => settle(() => reject(new McpvisorError('CALL_TIMED_OUT', { server, method, timeoutMs }))),
        timeoutMs,
      );
    signal?.addEventListener('abort', onAbort, { once: true });
    if (signal?.aborted === true) onAbort();
    else look(actor.getSnapshot());
  });
}

/** Not running, and kept from it by a dependency or by its group's round. */
function isHeldBack({ context, ...snapshot }: ServerSnapshot): boolean {
  return (
    !snapshot.tags.has('live') &&
    (context.blockedBy !== null || (context.autostart && context.waitingFor.length + context.heldFor.length > 0))
  );
}

export function notConnectedError(actor: ServerActor): McpvisorError<'SERVER_NOT_CONNECTED'> {
  const snapshot = actor.getSnapshot();
  const { name, nextRetryAt, failure, lastFailure } = snapshot.context;
  const { message = null } = failure ?? lastFailure ?? {};
  const { state } = stateOf(snapshot);
  return new McpvisorError('SERVER_NOT_CONNECTED', {
    server: name,
    state,
    nextRetryAt: nextRetryAt === null ? null : toIso(nextRetryAt),
    reason: isHeldBack(snapshot) ? waitText(snapshot.context) : state === 'idle' ? null : message,
  });
}
