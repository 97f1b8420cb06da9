/** Starts lazy servers for a call, and waits until servers are connected. */

import { longestDelayMs } from '../../../machines/delay.ts';
import { waitText } from '../../../machines/server/alarms.ts';
import type { ServerEvent } from '../../../machines/server/events.ts';
import { isHeldBack, isOnItsWay, isTriedAgain } from '../../../machines/server/meaning.ts';
import type { TimerClock } from '../../clock.ts';
import { McpvisorError } from '../../errors.ts';
import { onAbort } from '../../on-abort.ts';
import type { RequestOptions } from '../../session/contract.ts';
import type { ServerActor, ServerSnapshot } from '../actors/system.ts';
import type { ServerEntry } from '../ledger.ts';
import { stateOf, toIso } from '../status/status.ts';

export interface Waking {
  /**
   * Resolves when the server is connected; a lazy one is started. Resolves with the rest of the call's time in
   * milliseconds, null without a limit. Rejects with `SERVER_NOT_CONNECTED`, `CALL_TIMED_OUT` or `CALL_CANCELLED`.
   */
  wake(entry: ServerEntry, options?: RequestOptions): Promise<number | null>;
  /**
   * The same without a call: also waits for a server that is already starting, lazy or not, and, unless `retries` is
   * false, for one that will be tried again.
   */
  await(entry: ServerEntry, options?: Patience): Promise<void>;
  /** Whether the server's list of tools is known, from this session or an earlier one. */
  knowsTools(entry: ServerEntry): boolean;
}

/** How long to wait for servers, and for which. */
export interface Patience {
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal;
  readonly retries?: boolean;
}

/** As long as a call waits by default. */
const patienceMs = 60_000;

export interface WakingOptions {
  readonly actorOf: (server: string) => ServerActor;
  readonly timers: TimerClock;
  /** Monotonic, in milliseconds. */
  readonly now: () => number;
}

export function createWaking({ actorOf, timers, now }: WakingOptions): Waking {
  function startIfNeeded(
    entry: ServerEntry,
    { waitsForStarting, mayConnect = isOnItsWay, signal, method }: StartOptions,
  ): ServerActor {
    // The caller has given up: start nothing.
    if (signal?.aborted === true) throw new McpvisorError('CALL_CANCELLED', { server: entry.name, method });
    const actor = actorOf(entry.name);
    const snapshot = actor.getSnapshot();
    if (snapshot.matches('connected')) return actor;
    const event: ServerEvent = { type: 'server.needed' };
    const isWaitedFor = entry.specification.lazy || waitsForStarting;
    if (snapshot.can(event)) actor.send(event);
    else if (!isWaitedFor || !mayConnect(snapshot)) throw notConnectedError(entry, snapshot);
    return actor;
  }

  return {
    async wake(entry, { timeoutMs = entry.specification.callTimeoutMs, signal } = {}) {
      const startedAt = now();
      const actor = startIfNeeded(entry, { waitsForStarting: false, signal, method: 'start' });
      await whenConnected(actor, { entry, mayConnect: isOnItsWay, signal, timeoutMs, timers, method: 'start' });
      return Math.max(1, timeoutMs - (now() - startedAt));
    },
    async await(entry, { timeoutMs = patienceMs, signal, retries = true } = {}) {
      const waiting = { mayConnect: retries ? isTriedAgain : isOnItsWay, signal, method: 'ensureConnected' };
      const actor = startIfNeeded(entry, { waitsForStarting: true, ...waiting });
      await whenConnected(actor, { entry, timeoutMs, timers, ...waiting });
    },
    knowsTools: (entry) => entry.hasLists,
  };
}

interface StartOptions {
  /** Whether to wait for a server that is already starting, lazy or not. */
  readonly waitsForStarting: boolean;
  /** Whether the server may still become connected. Default: it is starting. */
  readonly mayConnect?: (snapshot: ServerSnapshot) => boolean;
  readonly signal: AbortSignal | undefined;
  readonly method: string;
}

interface WaitOptions {
  readonly entry: ServerEntry;
  readonly mayConnect: (snapshot: ServerSnapshot) => boolean;
  readonly signal: AbortSignal | undefined;
  readonly timeoutMs: number;
  readonly timers: TimerClock;
  /** The `method` of the error. */
  readonly method: string;
}

/** Rejects as soon as the server will not become connected by itself. */
function whenConnected(
  actor: ServerActor,
  { entry, mayConnect, signal, timeoutMs, timers, method }: WaitOptions,
): Promise<void> {
  const isOver = (snapshot: ServerSnapshot) => isConnected(snapshot) || !isActive(snapshot) || !mayConnect(snapshot);
  if (isOver(actor.getSnapshot())) return settledAs(entry, actor.getSnapshot());
  const { name: server } = entry;
  return new Promise((resolve, reject) => {
    const finish = (end: () => void) => {
      timers.clearTimeout(timer);
      forgetSignal?.();
      subscription.unsubscribe();
      end();
    };
    const onOver = () => finish(() => resolve(settledAs(entry, actor.getSnapshot())));
    const cancel = () => finish(() => reject(new McpvisorError('CALL_CANCELLED', { server, method })));
    const onTimeout = () => {
      const { state, nextRetryAt, reason } = notConnectedError(entry, actor.getSnapshot()).details;
      const details = { server, method, timeoutMs, state, nextRetryAt, reason };
      finish(() => reject(new McpvisorError('CALL_TIMED_OUT', details)));
    };
    const timer = timers.setTimeout(onTimeout, Math.min(timeoutMs, longestDelayMs));
    const forgetSignal = signal === undefined ? null : onAbort(signal, cancel);
    const subscription = actor.subscribe({
      next: (snapshot) => isOver(snapshot) && onOver(),
      error: onOver,
      complete: onOver,
    });
  });
}

async function settledAs(entry: ServerEntry, snapshot: ServerSnapshot): Promise<void> {
  if (!isConnected(snapshot)) throw notConnectedError(entry, snapshot);
}

function isActive({ status }: Pick<ServerSnapshot, 'status'>): boolean {
  return status === 'active';
}

/** An actor that died of a bug still has its last state: that does not count. */
function isConnected(snapshot: ServerSnapshot): boolean {
  return isActive(snapshot) && snapshot.matches('connected');
}

export function notConnectedError(
  { name, specification }: ServerEntry,
  snapshot: ServerSnapshot,
): McpvisorError<'SERVER_NOT_CONNECTED'> {
  const { nextRetryAt, wanted } = snapshot.context;
  const { state } = stateOf(snapshot);
  return new McpvisorError('SERVER_NOT_CONNECTED', {
    server: name,
    state,
    nextRetryAt: nextRetryAt === null ? null : toIso(nextRetryAt),
    // A person may start one that is disabled.
    reason: !specification.enabled && wanted === 'down' ? disabledText : reasonOf(snapshot, state),
  });
}

const disabledText = 'it is disabled: enable it in the configuration, or start it by its name';

/** Null: it rests, and only has to be started. */
function reasonOf(snapshot: ServerSnapshot, state: string): string | null {
  const { failure, lastFailure } = snapshot.context;
  if (isHeldBack(snapshot)) return waitText(snapshot.context);
  return state === 'idle' ? null : ((failure ?? lastFailure)?.message ?? null);
}
