/** The beats of the client process: that it lives, how late its loop was, and what its sessions hold. */

import { createLoopLag } from '../../protocol/loop-lag.ts';
import type { Beat } from '../protocol.ts';

/** Without a watchdog: figures are told this often, in milliseconds. */
const unwatchedMs = 5_000;

export class Beats {
  readonly #tell: (lagMs: number) => void;
  readonly #lag = createLoopLag();
  #watch = this.#lag.mark();
  #timer: NodeJS.Timeout | undefined;

  /** `tell` is called with the worst delay of the loop since the last beat, in milliseconds. */
  constructor(tell: (lagMs: Beat['lagMs']) => void) {
    this.#tell = tell;
  }

  /** One at once, and then twice within `watchdogMs`; 0: nobody watches. */
  start(watchdogMs: number): void {
    clearInterval(this.#timer);
    this.#timer = setInterval(() => this.#beat(), watchdogMs > 0 ? watchdogMs / 2 : unwatchedMs);
    this.#beat();
  }

  stop(): void {
    clearInterval(this.#timer);
    this.#lag.release(this.#watch);
  }

  #beat(): void {
    const { worstMs } = this.#watch;
    this.#lag.release(this.#watch);
    this.#watch = this.#lag.mark();
    this.#tell(Math.max(0, worstMs));
  }
}
