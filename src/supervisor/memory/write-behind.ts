/**
 * What is to be kept, on its way to the store: behind the actors, who neither wait for it nor learn how it went. One
 * write at a time, in order; while the store is away everything waits within bounds.
 */

import type { TimerClock } from '../../clock.ts';
import type { OwnAlarms } from '../../observe/alarms/own-alarms.ts';
import type { PublishFact } from '../../observe/facts/fact.ts';
import { sizeOf } from '../../observe/facts/memory/size.ts';
import type { KeptServer, Store, StoredFact } from '../../store/contract.ts';
import { StoreError } from '../../store/error.ts';
import type { StoreState } from '../contract.ts';
import { createFactQueue } from './fact-queue.ts';
import { createServerQueue } from './server-queue.ts';
import { createStoreHealth } from './store-health.ts';
import { createWaiters } from './waiters.ts';
import { createWriter } from './writer.ts';

export interface WriteBehind {
  /**
   * Notes what is to be kept of a server; null: forget it. Patches of one server are merged until they are written.
   * Never throws, never waits.
   */
  keepServer(server: string, what: Partial<KeptServer> | null): void;
  /** Notes a fact, newer than those before. Never throws, never waits. */
  keepFact(fact: StoredFact): void;
  /** Facts that are not known to be in the store, the oldest first. */
  unwritten(): readonly StoredFact[];
  /**
   * Resolves when all that was noted before is kept or given up (true), or after so many milliseconds, or while the store
   * is away (false). Never rejects.
   */
  flushed(withinMs: number): Promise<boolean>;
  /**
   * Resolves when it is known which numbers the store's journal has, so that those of this run are higher (true), or
   * after so many milliseconds, or while the store is away (false). Never rejects.
   */
  opened(withinMs: number): Promise<boolean>;
  readonly state: StoreState;
  /** Writes that were carried out, and the time all writes took, in seconds. */
  readonly effort: { readonly writes: number; readonly seconds: number };
  /** For what does not go through the queue: the store did not answer, or not with what was asked for. */
  noteTrouble(error: unknown): void;
  /** The same: it answered. */
  noteSuccess(): void;
  /**
   * Whether anything may be written: not as long as another control plane uses the store, nor once one does. What is noted
   * meanwhile waits. Default: it may.
   */
  allow(may: boolean): void;
  readonly isAllowed: boolean;
  /** Writes what waits, once; what cannot be written is given up. May be called twice; does not throw. */
  close(): Promise<void>;
}

export interface WriteBehindOptions {
  readonly store: Store;
  readonly timers: TimerClock;
  /** The wall clock in milliseconds. */
  readonly now: () => number;
  /** A clock in milliseconds that never jumps. */
  readonly monotonicNow: () => number;
  readonly publish: PublishFact;
  readonly alarms: Pick<OwnAlarms, 'raise' | 'clear'>;
  /** Called with the number of the store's newest fact: facts from now on must have higher ones. */
  readonly continueAfter: (seq: number) => void;
  /** Blanks the secrets in a fact. */
  readonly redacted: (fact: StoredFact) => StoredFact;
  /** Called with errors that were caught and are bugs, and with what is given up at the end. */
  readonly onError: (error: unknown) => void;
  readonly bounds?: Partial<WriteBehindBounds>;
}

export interface WriteBehindBounds {
  readonly mostFacts: number;
  readonly mostBytes: number;
  readonly mostServers: number;
}

const usualBounds: WriteBehindBounds = { mostFacts: 20_000, mostBytes: 16 * 1024 * 1024, mostServers: 10_000 };

/** What comes within this time after the first is written with it, in milliseconds. */
const gatherMs = 100;
/** So many facts are not gathered any longer, and are written at once. */
const batchFacts = 500;
/** Before a write is tried again, in milliseconds: twice as long each time. */
const [firstRetryMs, longestRetryMs] = [100, 2_000];
/** A write that takes longer is trouble; it is waited for all the same. In milliseconds. */
const patienceMs = 5_000;
/** How long the last write may take, in milliseconds. */
const closeMs = 5_000;

export function createWriteBehind(options: WriteBehindOptions): WriteBehind {
  const { store, timers, now, monotonicNow, publish, alarms, onError } = options;
  const bounds = { ...usualBounds, ...options.bounds };
  const health = createStoreHealth({ name: `${store.kind} ${store.address}`, publish, alarms, now });
  const facts = createFactQueue({ ...bounds, bytesOf: sizeOf, lose: (count) => health.lose({ facts: count }) });
  const servers = createServerQueue(bounds.mostServers);
  const writer = createWriter({ ...options, health, facts, servers });
  const waiters = createWaiters(timers);

  /** Everything noted has a ticket; what has a lower one than all that waits is kept. */
  let lastTicket = 0;
  /** All up to this one has to be kept before the store counts as well again. */
  let caughtUpTicket = 0;
  let failures = 0;
  let effort = { writes: 0, seconds: 0 };
  let timer: unknown = null;
  let isSoon = false;
  /** What came while a write was under way is written right after it. */
  let isHurried = false;
  let writing: Promise<void> | null = null;
  let isClosed = false;
  let isAllowed = true;

  const keptTicket = () =>
    Math.min(facts.oldestTicket ?? Infinity, servers.oldestTicket ?? Infinity, lastTicket + 1) - 1;
  const isWaiting = () => facts.size > 0 || servers.size > 0;

  function schedule(delayMs: number): void {
    if (isClosed || !isAllowed || writing !== null) return;
    const soon = delayMs === 0;
    if (timer !== null && (isSoon || !soon)) return;
    stopTimer();
    isSoon = soon;
    // `write` does not reject.
    timer = timers.setTimeout(() => void write(), delayMs);
  }

  function noted(): void {
    if (failures === 0) schedule(facts.size >= batchFacts ? 0 : gatherMs);
  }

  function stopTimer(): void {
    if (timer !== null) timers.clearTimeout(timer);
    timer = null;
    isSoon = false;
  }

  /** Somebody waits: no timer, which may be a virtual one, is waited for. `write` does not reject. */
  function hurry(): void {
    if (!isAllowed) return;
    if (writing === null) void write();
    else isHurried = true;
  }

  /** One pass over what waits. Passes do not overlap. Does not reject. */
  function write(): Promise<void> {
    stopTimer();
    if (writing === null) isHurried = false;
    writing ??= pass().finally(() => {
      writing = null;
      if (failures > 0) schedule(Math.min(firstRetryMs * 2 ** (failures - 1), longestRetryMs));
      else if (isWaiting() && isHurried) hurry();
      else if (isWaiting()) schedule(health.isDegraded || facts.size >= batchFacts ? 0 : gatherMs);
    });
    return writing;
  }

  async function pass(): Promise<void> {
    const startedMs = monotonicNow();
    const patience = timers.setTimeout(() => degrade(new Error(`no answer for ${patienceMs / 1000} s`)), patienceMs);
    try {
      await writer.write({ isProbed: health.isDegraded });
      effort = { ...effort, writes: effort.writes + 1 };
      failures = 0;
    } catch (error) {
      if (!(error instanceof StoreError)) onError(error);
      failures += 1;
      degrade(error);
    }
    timers.clearTimeout(patience);
    effort = { ...effort, seconds: effort.seconds + Math.max(0, monotonicNow() - startedMs) / 1000 };
    if (failures === 0 && keptTicket() >= caughtUpTicket) health.recover();
    waiters.answer({ keptTicket: keptTicket(), isOpen: writer.isOpen });
  }

  function degrade(error: unknown): void {
    if (!health.isDegraded) caughtUpTicket = lastTicket;
    health.degrade(error);
    waiters.giveUp();
  }

  function giveUpRest(): void {
    if (!isWaiting() || !isAllowed) return;
    const [lostFacts, lostServers] = [facts.size, servers.size];
    health.lose({ facts: lostFacts, servers: lostServers });
    const why = health.reason ?? 'it took too long';
    onError(
      new StoreError(
        'unavailable',
        `the store did not keep the last ${lostFacts} facts and changes of ${lostServers} servers: ${why}`,
      ),
    );
  }

  let closing: Promise<void> | null = null;
  async function closeAll(): Promise<void> {
    isClosed = true;
    const limit = waiters.until(closeMs);
    await Promise.race([limit.over, writeRest()]);
    limit.forget();
    stopTimer();
    waiters.giveUp();
    giveUpRest();
  }

  async function writeRest(): Promise<void> {
    await writing;
    for (let goesOn = isWaiting() && isAllowed; goesOn; goesOn = failures === 0 && isWaiting()) await write();
  }

  return {
    keepServer(server, what) {
      if (isClosed) return;
      lastTicket += 1;
      if (!servers.push(server, what, lastTicket)) health.lose({ servers: 1 });
      noted();
    },
    keepFact(fact) {
      if (isClosed) return;
      lastTicket += 1;
      facts.push(fact, lastTicket);
      noted();
    },
    unwritten: facts.all,
    flushed(withinMs) {
      if (keptTicket() >= lastTicket) return Promise.resolve(true);
      if (health.isDegraded || isClosed || !isAllowed) return Promise.resolve(false);
      hurry();
      return waiters.wait({ ticket: lastTicket }, withinMs);
    },
    opened(withinMs) {
      if (writer.isOpen) return Promise.resolve(true);
      if (isClosed || !isAllowed) return Promise.resolve(false);
      schedule(0);
      return waiters.wait({ ticket: null }, withinMs);
    },
    get state(): StoreState {
      return {
        state: health.isDegraded ? 'degraded' : 'ok',
        since: health.since,
        reason: health.reason,
        queued: { servers: servers.size, facts: facts.size },
        lost: health.lost,
      };
    },
    get effort() {
      return effort;
    },
    noteTrouble(error) {
      if (error instanceof StoreError && error.trouble !== 'unavailable') {
        health.passOver('what it was asked for', error);
        return;
      }
      degrade(error);
      failures = Math.max(failures, 1);
      schedule(firstRetryMs);
    },
    noteSuccess() {
      if (!health.isDegraded) return;
      failures = 0;
      schedule(0);
    },
    get isAllowed() {
      return isAllowed;
    },
    allow(may) {
      isAllowed = may;
      if (!may) stopTimer();
      else if (isWaiting()) schedule(0);
    },
    close() {
      closing ??= closeAll();
      return closing;
    },
  };
}
