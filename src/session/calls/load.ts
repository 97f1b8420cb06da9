/** Tells how many calls there are, so seldom that a call does not pay for it. */

import type { Load } from '../contract.ts';

/** Shorter than a person notices; a fast caller makes a thousand calls in it, and pays once. */
const gatherMs = 10;

export class LoadWatch {
  readonly #calls: Load;
  readonly #tell: (load: Load) => void;
  #told: Load = { inFlight: 0, queued: 0 };
  #timer: NodeJS.Timeout | null = null;

  constructor(calls: Load, tell: (load: Load) => void) {
    this.#calls = calls;
    this.#tell = tell;
  }

  /** Called with every change: the first one sets the timer, all others find it set. It keeps no process alive. */
  changed(): void {
    if (this.#timer === null) this.#timer = setTimeout(LoadWatch.#gather, gatherMs, this).unref();
  }

  close(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
  }

  static #gather(watch: LoadWatch): void {
    watch.#timer = null;
    const { inFlight, queued } = watch.#calls;
    const { inFlight: toldInFlight, queued: toldQueued } = watch.#told;
    if (inFlight === toldInFlight && queued === toldQueued) return;
    watch.#told = { inFlight, queued };
    watch.#tell(watch.#told);
  }
}
