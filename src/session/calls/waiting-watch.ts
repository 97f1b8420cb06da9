/** Reports how many calls wait to be sent, so seldom that calls do not pay for it. */

import type { TimerClock } from '../../clock.ts';

/** In milliseconds: shorter than a person notices; a fast caller makes a thousand calls in it, and pays once. */
const reportAfterMs = 10;

export class WaitingWatch {
  readonly #count: () => number;
  readonly #onWaiting: (count: number) => void;
  readonly #timers: TimerClock;
  #reported = 0;
  #timer: unknown = null;

  constructor(count: () => number, onWaiting: (count: number) => void, timers: TimerClock) {
    this.#count = count;
    this.#timers = timers;
    this.#onWaiting = onWaiting;
  }

  /**
   * Called at every change: the first sets the timer, the others find it set. Most calls
   * never wait, and so set none: while a timer is near, each wait for an answer costs an interrupt, on a virtual
   * machine up to a tenth of the processor time of a call to a fast server.
   */
  changed(): void {
    this.#timer ??= this.#timers.setTimeout(() => WaitingWatch.#report(this), reportAfterMs);
  }

  close(): void {
    if (this.#timer !== null) this.#timers.clearTimeout(this.#timer);
  }

  static #report(watch: WaitingWatch): void {
    watch.#timer = null;
    const count = watch.#count();
    if (count === watch.#reported) return;
    watch.#reported = count;
    watch.#onWaiting(count);
  }
}
