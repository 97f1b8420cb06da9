/** The one stream of facts: numbered, timed, kept for a while, read by many. No reader can hold it up. */

import type { OnBug } from './bug.ts';
import type { Fact, FactBody, FactsMissed } from './fact.ts';
import { createFactListeners } from './listeners.ts';
import { createFactReader } from './reader.ts';
import { createFactRing } from './ring.ts';

export interface FactsOptions {
  /** How many facts are kept for readers that are behind or come back. Default 20 000, about 10 MB. */
  readonly capacity?: number;
  /** Number of the first fact. Default: the time now in microseconds, so that numbers grow across runs. */
  readonly firstSeq?: number;
  /** The wall clock in milliseconds. Default `Date.now`. */
  readonly now?: () => number;
  /** Told what a listener threw. Default: it is only counted. */
  readonly onBug?: OnBug;
}

export interface ReadOptions {
  /**
   * Number of the last fact seen; what came after it is delivered first. 0: everything that is kept. Default: only
   * what comes from now on. A number of an earlier run: the reader is told of the gap first; its `count` is then an
   * upper bound, as numbers are dense within a run only.
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
  /** Takes constant time but for the listeners, and never throws. After `close` it does nothing. */
  publish(body: FactBody): void;
  /**
   * Facts in order, without gap or duplicate; a reader that fell behind what is kept gets one `facts.missed` in their
   * place.
   */
  read(options?: ReadOptions): AsyncIterableIterator<Fact | FactsMissed, undefined>;
  /** Those that are kept now, oldest first, from the one after number `after` on. Default: all. */
  kept(after?: number): readonly Fact[];
  /**
   * Calls `listener` with each new fact before `publish` returns: for readers that only count or hand on. Returns what
   * ends it.
   */
  subscribe(listener: (fact: Fact) => void): () => void;
  /** Readers get what they have not seen yet and then end. May be called twice. */
  close(): void;
}

export function createFacts({
  capacity = 20_000,
  firstSeq = Date.now() * 1000,
  now = Date.now,
  onBug,
}: FactsOptions = {}): Facts {
  const ring = createFactRing(capacity, firstSeq);
  const listeners = createFactListeners(onBug);
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
      listeners.tell(fact);
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
 * Where to go on. A number that has not been given yet is one of a run whose clock was ahead: only what is new is new
 * to that reader.
 */
function nextSeqAfter(since: number | undefined, lastSeq: number, firstSeq: number): number {
  if (since === undefined || Number.isNaN(since)) return lastSeq + 1;
  return since <= 0 ? firstSeq : Math.min(Math.floor(since), lastSeq) + 1;
}

/** Many facts share a millisecond, and writing a time out costs more than the rest of publishing. */
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
