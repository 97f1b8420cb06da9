/** Servers that are not connected: which of them a call may wake, and waiting until they are. */

import { waitFor } from 'xstate';
import { waitText } from '../../../machines/server/alarms.ts';
import type { ServerEvent } from '../../../machines/server/events.ts';
import { isHeldBack, isOnItsWay, isTriedAgain } from '../../../machines/server/meaning.ts';
import { McpvisorError } from '../../errors.ts';
import type { RequestOptions } from '../../session/contract.ts';
import type { ServerActor, ServerSnapshot } from '../actors/system.ts';
import type { ServerEntry } from '../ledger.ts';
import { stateOf, toIso } from '../status/status.ts';

export interface Waking {
  /**
   * Resolves when the server is connected: at once, or because it is lazy and was started for this. Resolves with
   * what is left of the call's time in milliseconds, null without a limit of its own. Rejects with
   * `SERVER_NOT_CONNECTED`, `CALL_TIMED_OUT` or `CALL_CANCELLED`.
   */
  wake(entry: ServerEntry, options?: RequestOptions): Promise<number | null>;
  /**
   * The same for whoever only wants it to be connected: one that is starting anyway is waited for, lazy or not. With
   * `timeoutMs`, so is one that is to be tried again.
   */
  await(entry: ServerEntry, options?: { readonly timeoutMs?: number; readonly signal?: AbortSignal }): Promise<void>;
  /** Whether the server's list of tools is known, from this life or an earlier one. */
  knowsTools(entry: ServerEntry): boolean;
}

export interface WakingOptions {
  readonly actorOf: (server: string) => ServerActor;
  /** Monotonic, in milliseconds. */
  readonly now: () => number;
}

export function createWaking({ actorOf, now }: WakingOptions): Waking {
  function rouse(entry: ServerEntry, { waitsForOthers, mayCome = isOnItsWay, signal, method }: Rousing): ServerActor {
    // Nobody waits: nothing is to be started.
    if (signal?.aborted === true) throw new McpvisorError('CALL_CANCELLED', { server: entry.name, method });
    const actor = actorOf(entry.name);
    const snapshot = actor.getSnapshot();
    if (snapshot.matches('connected')) return actor;
    const event: ServerEvent = { type: 'server.needed' };
    const isWaitedFor = entry.specification.lazy || waitsForOthers;
    if (snapshot.can(event)) actor.send(event);
    else if (!isWaitedFor || !mayCome(snapshot)) throw notConnectedError(snapshot);
    return actor;
  }

  return {
    async wake(entry, { timeoutMs = entry.specification.callTimeoutMs, signal } = {}) {
      const startedAt = now();
      const actor = rouse(entry, { waitsForOthers: false, signal, method: 'start' });
      await whenConnected(actor, { signal, timeoutMs, method: 'start' });
      return Math.max(1, timeoutMs - (now() - startedAt));
    },
    async await(entry, { timeoutMs = null, signal } = {}) {
      const patience = { mayCome: timeoutMs === null ? isOnItsWay : isTriedAgain, signal, method: 'ensureConnected' };
      await whenConnected(rouse(entry, { waitsForOthers: true, ...patience }), { timeoutMs, ...patience });
    },
    knowsTools: (entry) => entry.hasLists,
  };
}

interface Rousing {
  /** Whether one that is starting anyway is waited for, lazy or not. */
  readonly waitsForOthers: boolean;
  /** Which servers are worth waiting for. Default: those that are on their way. */
  readonly mayCome?: (snapshot: ServerSnapshot) => boolean;
  readonly signal: AbortSignal | undefined;
  readonly method: string;
}

interface Patience {
  readonly mayCome?: (snapshot: ServerSnapshot) => boolean;
  readonly signal: AbortSignal | undefined;
  readonly timeoutMs: number | null;
  /** What is waited for, in the words of the error. */
  readonly method: string;
}

/** Rejects as soon as the server's way no longer leads to `connected` by itself. */
async function whenConnected(
  actor: ServerActor,
  { mayCome = isOnItsWay, signal, timeoutMs, method }: Patience,
): Promise<void> {
  const isOver = (snapshot: ServerSnapshot) => isConnected(snapshot) || !isActive(snapshot) || !mayCome(snapshot);
  const limits = { timeout: timeoutMs ?? Infinity, ...(signal !== undefined && { signal }) };
  const seen = await waitFor(actor, isOver, limits).catch(() => {
    const last = actor.getSnapshot();
    const server = last.context.name;
    if (signal?.aborted === true) throw new McpvisorError('CALL_CANCELLED', { server, method });
    // While the actor lives, only the time can be over.
    if (timeoutMs !== null && isActive(last)) throw new McpvisorError('CALL_TIMED_OUT', { server, method, timeoutMs });
    return last;
  });
  if (!isConnected(seen)) throw notConnectedError(seen);
}

function isActive({ status }: Pick<ServerSnapshot, 'status'>): boolean {
  return status === 'active';
}

/** A chart that died of a bug has kept its last state. */
function isConnected(snapshot: ServerSnapshot): boolean {
  return isActive(snapshot) && snapshot.matches('connected');
}

export function notConnectedError(snapshot: ServerSnapshot): McpvisorError<'SERVER_NOT_CONNECTED'> {
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
