/** Reports how many calls wait to be sent, so seldom that calls do not pay for it. */

/** In milliseconds: shorter than a person notices; a fast caller makes a thousand calls in it, and pays once. */
const reportAfterMs = 10;

export class WaitingWatch {
  readonly #count: () => number;
  readonly #onWaiting: (count: number) => void;
  #reported = 0;
  #timer: NodeJS.Timeout | null = null;

  constructor(count: () => number, onWaiting: (count: number) => void) {
    this.#count = count;
    this.#onWaiting = onWaiting;
  }

  /**
   * Called at every change: the first sets the timer, the others find it set. It keeps no process alive. Most calls
   * never wait, and so set none: while a timer is near, each wait for an answer costs an interrupt, on a virtual
   * machine up to a tenth of the processor time of a call to a fast server.
   */
  changed(): void {
    if (this.#timer === null) this.#timer = setTimeout(WaitingWatch.#report, reportAfterMs, this).unref();
  }

  close(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
  }

  static #report(watch: WaitingWatch): void {
    watch.#timer = null;
    const count = watch.#count();
    if (count === watch.#reported) return;
    watch.#reported = count;
    watch.#onWaiting(count);
  }
}
