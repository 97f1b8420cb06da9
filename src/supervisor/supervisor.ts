/** The supervisor as entry points use it, from start to close. */

import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import { systemClock } from '../clock.ts';
import { watchConfig } from '../config/file/watch.ts';
import { McpvisorError } from '../errors.ts';
import { instanceOf } from '../state-directory/instance.ts';
import type { Lease, Store } from '../store/contract.ts';
import { StoreError } from '../store/error.ts';
import { openStore } from '../store/open.ts';
import { reached } from './actors/root.ts';
import { watchSuspension } from './actors/suspension.ts';
import { type Assembly, assemble } from './assembly/assembly.ts';
import type { Supervisor } from './contract.ts';
import { type ConfigurationSource, openConfiguration } from './desired/source.ts';
import type { DoorOptions, Isolation, SupervisorOptions } from './options.ts';

export type OpenSupervisorOptions = Omit<SupervisorOptions, 'env'> & DoorOptions;

/** How long calls in flight may keep a control plane that is to leave its servers to the next one, in milliseconds. */
const leaveMs = 30_000;

export interface OpenedSupervisor {
  readonly supervisor: Supervisor;
  /**
   * Closes it as `close` does, once its calls in flight have settled, but leaves the client process with every server to
   * the next one. Only where sessions are held in a client process.
   */
  readonly leave: () => Promise<void>;
  /** Sends SIGKILL to every process group, synchronously: for a process that is about to exit at once. */
  readonly killAllNow: () => void;
  /** What `createMetrics` measures. */
  readonly measured: Assembly['measured'];
  /** Aborted once the supervisor has begun to close. */
  readonly closing: AbortSignal;
}

/**
 * Resolves when what an earlier run left behind has been ended and every enabled server is starting; `ready()` resolves
 * when they have settled. Throws `CONFIG_INVALID`, `CONFIG_UNREADABLE`, `NOT_AVAILABLE`, `STORE_IN_USE`, and `INTERNAL` if it cannot be
 * found out whether a process of an earlier run is left; nothing has been started then.
 */
export async function openSupervisor(options: OpenSupervisorOptions): Promise<OpenedSupervisor> {
  refuseWhatIsNotThere(options);
  const source = options.source ?? (await openConfiguration(options));
  const { stateDir = null, env } = options;
  const { now } = options.clock ?? systemClock;
  const onNotice = (notice: string) => options.logger?.info({}, notice);
  const { openedStore } = options;
  const { store, trouble: storeTrouble } =
    openedStore === undefined
      ? await openStore(options.store ?? 'memory:', { now, stateDir, env, onNotice }).catch(refuseStore)
      : { store: openedStore, trouble: null };
  const closing = new AbortController();
  // `close` does not reject.
  const onAbort = () => void close();
  const shutDown = options.onShutdown ?? onAbort;
  const goAway = options.onLeave ?? (() => void leave());
  const fail = (error: unknown) => {
    if (options.onFailed !== undefined) return options.onFailed(error);
    options.onError?.(error);
    onAbort();
  };
  const leaseAs = await leaseOf(store, options);
  const end = { closing: closing.signal, shutDown, leave: goAway, fail };
  const parts = assemble({ ...options, store, storeTrouble, leaseAs }, source, end);
  const { methods, root, killAllNow, measured } = parts;

  let ended = false;
  root.subscribe({
    next() {},
    // The root's actions cannot throw. If one did, nothing else would end the servers.
    error: (error) => {
      ended = true;
      killAllNow();
      options.onError?.(error);
    },
  });

  const closeAll = async (): Promise<void> => {
    closing.abort();
    options.signal?.removeEventListener('abort', onAbort);
    if (!ended) {
      root.send({ type: 'supervisor.shutdown', ...parts.moments.next() });
      await reached(root, ['closed']);
    }
    await parts.release();
  };
  let closed: Promise<void> | null = null;
  const close = (): Promise<void> => {
    closed ??= closeAll();
    return closed;
  };

  const leaveAll = async (): Promise<void> => {
    closing.abort();
    options.signal?.removeEventListener('abort', onAbort);
    await parts.settled(leaveMs);
    if (!ended) {
      parts.leave?.();
      root.send({ type: 'supervisor.leave', ...parts.moments.next() });
      await reached(root, ['closed']);
    }
    await parts.release();
  };
  const leave = (): Promise<void> => {
    closed ??= leaveAll();
    return closed;
  };

  if (options.isolation === 'process') await parts.desired.foresee();
  root.start();
  options.signal?.addEventListener('abort', onAbort, { once: true });
  if (options.signal?.aborted === true) onAbort();
  const boot = async (): Promise<void> => {
    await reached(root, ['running', 'failed', 'closed']);
    const { problem } = root.getSnapshot().context;
    if (problem !== null) {
      await close();
      throw new McpvisorError('INTERNAL', { what: `what an earlier life left behind could not be ended: ${problem}` });
    }
    if (!closing.signal.aborted)
      await begin(parts, source, {
        isWatched: options.watch !== false,
        closing: closing.signal,
        onError: options.onError,
      });
  };
  const booted = boot();
  const isHeld =
    options.opensWhileHeld === true && (await Promise.race([booted.then(() => false), parts.held.then(() => true)]));
  if (isHeld) booted.catch(fail);
  else await booted;
  const supervisor: Supervisor = { ...methods, close, [Symbol.asyncDispose]: close };
  return { supervisor, leave, killAllNow, measured, closing: closing.signal };
}

/** As whom a store that others can use, too, is used. Null: the process that has this one open is its only user. */
async function leaseOf(store: Store, { stateDir, openedStore }: OpenSupervisorOptions): Promise<Lease | null> {
  if (openedStore === undefined && (store.kind === 'memory' || store.kind === 'level')) return null;
  const instance = stateDir === undefined ? randomUUID() : await instanceOf(stateDir);
  return { instance, host: hostname(), pid: process.pid };
}

/** What a store that cannot be opened means for a start. */
function refuseStore(error: unknown): never {
  if (!(error instanceof StoreError)) throw error;
  const { trouble, message, cause } = error;
  if (trouble === 'in-use')
    throw new McpvisorError('STORE_IN_USE', { store: message, by: 'another process' }, { cause });
  throw new McpvisorError('INVALID_REQUEST', {
    problems: [{ path: 'store', message: `cannot be used: ${message}`, hint: null, severity: 'error' }],
  });
}

interface Watching {
  readonly isWatched: boolean;
  readonly closing: AbortSignal;
  readonly onError: OpenSupervisorOptions['onError'];
}

/** Starts the servers, and watches the file for edits and the machine for suspends until `closing` aborts. */
async function begin(
  parts: Assembly,
  { file }: ConfigurationSource,
  { isWatched, closing, onError }: Watching,
): Promise<void> {
  const { desired, approvals } = parts;
  await desired.begin();
  if (closing.aborted) return;
  approvals.onChanged(() => desired.reviewApprovals());
  desired.reviewApprovals();
  if (file !== null && !file.isPipe && isWatched)
    watchConfig(file.path, (content) => desired.reload(content), {
      signal: closing,
      text: file.text,
      ...(onError !== undefined && { onError }),
    });
  const unwatch = watchSuspension({
    ...parts.time,
    timers: parts.time.backgroundTimers,
    onResumed: (suspendedForMs) => resume(parts, suspendedForMs),
  });
  closing.addEventListener('abort', unwatch, { once: true });
}

function resume({ publish, root, moments }: Assembly, suspendedForMs: number): void {
  publish({ type: 'machine.resumed', actor: 'supervisor', suspendedForMs: Math.round(suspendedForMs) });
  root.send({ type: 'machine.resumed', ...moments.next() });
}

function refuseWhatIsNotThere({ isolation = 'in-process', stateDir }: SupervisorOptions): void {
  if (!isolations.has(isolation))
    throw new McpvisorError('NOT_AVAILABLE', {
      what: `isolation "${isolation}"`,
      instead: 'use isolation: "in-process" or "process".',
    });
  if (isolation === 'process' && stateDir === undefined)
    throw new McpvisorError('NOT_AVAILABLE', {
      what: 'isolation "process" without a stateDir',
      instead: 'give a stateDir, or use isolation: "in-process".',
    });
}

const isolations: ReadonlySet<string> = new Set<Isolation>(['in-process', 'process']);
