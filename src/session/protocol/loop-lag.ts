/**
 * How late our own event loop is. A probe that looks missed may only have been read too late by us, and must not count.
 * One monitor serves all sessions, and ticks only while a watch is open.
 */

const tickMs = 50;

/** One period of watching. `worstMs` no longer changes after `release`. */
export interface LagWatch {
  readonly since: number;
  worstMs: number;
}

export interface LoopLag {
  /** Starts watching; the caller must call `release`. */
  mark(): LagWatch;
  /**
   * The worst delay of the loop since the mark, in milliseconds, including one that has just ended or still goes on.
   */
  worstSince(watch: LagWatch): number;
  /** Ends the watch; the last one stops the ticking. */
  release(watch: LagWatch): void;
}

export function createLoopLag(now: () => number = () => performance.now()): LoopLag {
  const watches = new Set<LagWatch>();
  let lastTickAt = 0;
  let timer: NodeJS.Timeout | null = null;

  const note = (watch: LagWatch, at: number) => {
    // Time before the mark does not count, however late the tick is.
    const lateMs = Math.min(at - lastTickAt - tickMs, at - watch.since);
    if (lateMs > watch.worstMs) watch.worstMs = lateMs;
  };
  const tick = () => {
    const at = now();
    for (const watch of watches) note(watch, at);
    lastTickAt = at;
  };

  return {
    mark() {
      const watch: LagWatch = { since: now(), worstMs: 0 };
      if (timer === null) {
        lastTickAt = watch.since;
        timer = setInterval(tick, tickMs).unref();
      }
      watches.add(watch);
      return watch;
    },
    worstSince(watch) {
      // If a timer asks right after a blocked stretch, our own tick may be due only later in the same turn.
      if (watches.has(watch)) note(watch, now());
      return watch.worstMs;
    },
    release(watch) {
      if (!watches.has(watch)) return;
      note(watch, now());
      watches.delete(watch);
      if (watches.size > 0 || timer === null) return;
      clearInterval(timer);
      timer = null;
    },
  };
}
