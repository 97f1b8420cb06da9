/** Reports how many calls there are, so seldom that calls do not pay for it. */

import type { Load } from '../contract.ts';

/** In milliseconds: shorter than a person notices; a fast caller makes a thousand calls in it, and pays once. */
const reportAfterMs = 10;

export class LoadWatch {
  readonly #calls: Load;
  readonly #onLoad: (load: Load) => void;
  #reported: Load = { inFlight: 0, queued: 0 };
  #timer: NodeJS.Timeout | null = null;

  constructor(calls: Load, onLoad: (load: Load) => void) {
    this.#calls = calls;
    this.#onLoad = onLoad;
  }

  /** Called at every change: the first sets the timer, the others find it set. It keeps no process alive. */
  changed(): void {
    if (this.#timer === null) this.#timer = setTimeout(LoadWatch.#report, reportAfterMs, this).unref();
  }

  close(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
  }

  static #report(watch: LoadWatch): void {
    watch.#timer = null;
    const { inFlight, queued } = watch.#calls;
    const { inFlight: reportedInFlight, queued: reportedQueued } = watch.#reported;
    if (inFlight === reportedInFlight && queued === reportedQueued) return;
    watch.#reported = { inFlight, queued };
    watch.#onLoad(watch.#reported);
  }
}
