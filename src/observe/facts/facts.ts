/** The one stream of facts: numbered, timed, kept for a while, read by many. No reader can block it. */

import { systemClock, type TimerClock } from '../../clock.ts';
import { createCoalescing } from './coalescing.ts';
import type { Fact, FactBody, FactsMissed } from './fact.ts';
import { createFactListeners, type FactListeners } from './listeners.ts';
import { createFactMemory, type FactMemory, type Selection } from './memory/memory.ts';
import { createFactReader } from './reader.ts';
import type { OnError } from './report-error.ts';

export interface FactsOptions {
  /**
   * How many facts are kept for readers that fall behind or reconnect; one of more than 1 024 characters counts as
   * several. Default 20 000, so at most about 20 MB.
   */
  readonly capacity?: number;
  /** Number of the first fact. Default: the time now in microseconds, so that numbers grow across runs. */
  readonly firstSeq?: number;
  /** The wall clock in milliseconds. Default: the machine's. */
  readonly now?: () => number;
  /** Default: Node's, which then do not keep the process running. */
  readonly timers?: TimerClock | undefined;
  /** Called with what a listener threw. Default: it is only counted. */
  readonly onError?: OnError;
}

export interface ReadOptions {
  /**
   * Number of the last fact seen: delivery begins with the one after it. 0: everything that is kept. Default: only new
   * facts. With a number of an earlier run the reader first gets a `facts.missed`, whose `count` is an upper bound,
   * because numbers have no gaps within one run only.
   */
  readonly since?: number;
  /** Ends the reading at once, without an error. */
  readonly signal?: AbortSignal;
}

export interface Facts {
  /** Number of the newest fact; before the first one, the number before it. */
  readonly lastSeq: number;
  /** How often a listener threw. */
  readonly listenerErrors: number;
  /** Facts that readers were too slow for, over all readers. */
  readonly missedFacts: number;
  /**
   * Takes time in proportion to the fact, listeners aside, and never throws. Facts that a server can cause as fast as
   * it likes are counted after the first ten of a second, and told as one. Does nothing after `close`.
   */
  publish(body: FactBody): void;
  /** From now on facts have higher numbers than this one: an earlier run has come that far. */
  continueAfter(seq: number): void;
  /**
   * Facts in order, without duplicate. A reader that fell behind gets a `facts.missed` in each place where facts are
   * gone: of a noisy server they go before the history of the others.
   */
  read(options?: ReadOptions): AsyncIterableIterator<Fact | FactsMissed, undefined>;
  /** The facts kept now, one by one: those of calls and probes are put together only when they are read. */
  kept(selection?: Selection): Generator<Fact, void, undefined>;
  /**
   * Calls `listener` with each new fact before `publish` returns: for listeners that only count or pass on. Who wants
   * facts of some types says so: what nobody listens to is not put together. Returns a function that unsubscribes.
   */
  subscribe: FactListeners['add'];
  /** Readers get the facts they have not seen yet, then end. May be called twice. */
  close(): void;
}

export function createFacts({
  capacity = 20_000,
  firstSeq = systemClock.now() * 1000,
  now = systemClock.now,
  timers,
  onError,
}: FactsOptions = {}): Facts {
  const memory = createFactMemory(capacity, firstSeq);
  const coalescing = createCoalescing(publish, timers);
  const listeners = createFactListeners(onError);
  const waiting = new Set<() => void>();
  let closed = false;
  let wakeIsDue = false;
  let missedFacts = 0;
  const onMissed = (count: number): void => {
    missedFacts += count;
  };

  function wakeReaders(): void {
    wakeIsDue = false;
    const batch = [...waiting];
    waiting.clear();
    for (const wake of batch) wake();
  }

  function publish(body: FactBody): void {
    memory.push(body, now());
    if (waiting.size > 0 && !wakeIsDue) {
      wakeIsDue = true;
      queueMicrotask(wakeReaders);
    }
    const fact = listeners.want(body.type) ? memory.at(memory.lastSeq) : null;
    if (fact !== null) listeners.deliver(fact);
  }

  return {
    get lastSeq() {
      return memory.lastSeq;
    },
    get listenerErrors() {
      return listeners.errors;
    },
    get missedFacts() {
      return missedFacts;
    },
    publish(body) {
      if (!closed) coalescing.take(body);
    },
    continueAfter: memory.continueAfter,
    read({ since, signal } = {}) {
      return createFactReader({
        memory,
        nextSeq: nextSeqAfter(since, memory),
        waiting,
        isClosed: () => closed,
        signal,
        onMissed,
      });
    },
    kept: (selection = {}) => memory.kept(selection),
    subscribe: listeners.add,
    close() {
      coalescing.flush();
      closed = true;
      listeners.clear();
      wakeReaders();
    },
  };
}

/**
 * Number of the first fact to deliver. A `since` that has not been given out yet comes from a run whose clock was
 * ahead: that reader gets new facts only.
 */
function nextSeqAfter(since: number | undefined, { lastSeq, firstSeq }: FactMemory): number {
  if (since === undefined || Number.isNaN(since)) return lastSeq + 1;
  return since <= 0 ? firstSeq : Math.min(Math.floor(since), lastSeq) + 1;
}
