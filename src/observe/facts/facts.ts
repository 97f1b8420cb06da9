/** The one stream of facts: numbered, timed, kept for a while, read by many. No reader can block it. */

import type { Fact, FactBody, FactsMissed } from './fact.ts';
import { createFactListeners } from './listeners.ts';
import { createFactReader } from './reader.ts';
import type { OnError } from './report-error.ts';
import { createFactRing } from './ring.ts';

export interface FactsOptions {
  /** How many facts are kept for readers that fall behind or reconnect. Default 20 000, about 10 MB. */
  readonly capacity?: number;
  /** Number of the first fact. Default: the time now in microseconds, so that numbers grow across runs. */
  readonly firstSeq?: number;
  /** The wall clock in milliseconds. Default `Date.now`. */
  readonly now?: () => number;
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
  /** Takes constant time, listeners aside, and never throws. Does nothing after `close`. */
  publish(body: FactBody): void;
  /**
   * Facts in order, without gap or duplicate. A reader that fell behind what is kept gets one `facts.missed` in place
   * of those that are gone.
   */
  read(options?: ReadOptions): AsyncIterableIterator<Fact | FactsMissed, undefined>;
  /** The facts kept now with a number above `after`, oldest first. Default: all. */
  kept(after?: number): readonly Fact[];
  /**
   * Calls `listener` with each new fact before `publish` returns: for listeners that only count or pass on. Returns a
   * function that unsubscribes.
   */
  subscribe(listener: (fact: Fact) => void): () => void;
  /** Readers get the facts they have not seen yet, then end. May be called twice. */
  close(): void;
}

export function createFacts({
  capacity = 20_000,
  firstSeq = Date.now() * 1000,
  now = Date.now,
  onError,
}: FactsOptions = {}): Facts {
  const ring = createFactRing(capacity, firstSeq);
  const listeners = createFactListeners(onError);
  const waiting = new Set<() => void>();
  const isoTime = createIsoTime(now);
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

  return {
    get lastSeq() {
      return ring.lastSeq;
    },
    get listenerErrors() {
      return listeners.errors;
    },
    get missedFacts() {
      return missedFacts;
    },
    publish(body) {
      if (closed) return;
      const fact: Fact = Object.freeze({ seq: ring.lastSeq + 1, at: isoTime(), ...body });
      ring.push(fact);
      if (waiting.size > 0 && !wakeIsDue) {
        wakeIsDue = true;
        queueMicrotask(wakeReaders);
      }
      listeners.deliver(fact);
    },
    read({ since, signal } = {}) {
      return createFactReader({
        ring,
        nextSeq: nextSeqAfter(since, ring.lastSeq, firstSeq),
        waiting,
        isClosed: () => closed,
        signal,
        onMissed,
      });
    },
    kept: (after = 0) => ring.after(after),
    subscribe: listeners.add,
    close() {
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
function nextSeqAfter(since: number | undefined, lastSeq: number, firstSeq: number): number {
  if (since === undefined || Number.isNaN(since)) return lastSeq + 1;
  return since <= 0 ? firstSeq : Math.min(Math.floor(since), lastSeq) + 1;
}

/** Many facts share a millisecond, and formatting the time costs more than the rest of publishing. */
function createIsoTime(now: () => number): () => string {
  let lastMs = Number.NaN;
  let text = '';
  return () => {
    const ms = now();
    if (ms !== lastMs) {
      lastMs = ms;
      text = new Date(ms).toISOString();
    }
    return text;
  };
}
