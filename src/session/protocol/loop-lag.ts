/**
 * How late our own event loop is. A probe that looks missed may only have been read too late by us; such a miss must
 * not count. One monitor serves all sessions and ticks only while somebody watches.
 */

const tickMs = 50;

/** One period of watching. `worstMs` stays as it was once the watching has ended. */
export interface LagWatch {
  readonly since: number;
  worstMs: number;
}

export interface LoopLag {
  /** Starts watching; whoever calls it calls `release`. */
  mark(): LagWatch;
  /**
   * How late the loop was at worst since the mark, in milliseconds; a delay that has only just ended or still goes on
   * counts.
   */
  worstSince(watch: LagWatch): number;
  /** Ends the watching; the last one stops the ticking. */
  release(watch: LagWatch): void;
}

export function createLoopLag(now: () => number = () => performance.now()): LoopLag {
  const watches = new Set<LagWatch>();
  let lastTickAt = 0;
  let timer: NodeJS.Timeout | null = null;

  const note = (watch: LagWatch, at: number) => {
    // What passed before the mark was not this watch's time, however late the tick.
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
      // Asked by a timer right after a blocked stretch, our own tick may be due only later in the same turn.
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
