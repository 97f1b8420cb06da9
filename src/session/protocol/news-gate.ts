/**
 * Keeps the order that a session promises: what a server sends before its session is ready becomes news after `ready`.
 */

import type { SessionNews } from '../contract.ts';

/** A flood of log messages before `ready` is cut off, not kept. */
const maxHeld = 1_000;

export class NewsGate {
  readonly #tell: (news: SessionNews) => void;
  #held: SessionNews[] | null = [];

  constructor(tell: (news: SessionNews) => void) {
    this.#tell = tell;
  }

  /** Sends the news now, or when the gate opens. */
  pass(news: SessionNews): void {
    if (this.#held === null) this.#tell(news);
    else if (this.#held.length < maxHeld || news.type !== 'notified') this.#held.push(news);
  }

  /** Sends what was held; from now on nothing is held. */
  open(): void {
    const held = this.#held ?? [];
    this.#held = null;
    for (const news of held) this.#tell(news);
  }

  /** Forgets what is held. */
  clear(): void {
    if (this.#held !== null) this.#held = [];
  }
}
