/**
 * Keeps the order that a session promises: what a server sends before its session is ready becomes news after `ready`.
 */

import { weightOf } from '../../text/weight.ts';
import type { Hold } from '../budget.ts';
import type { SessionNews } from '../contract.ts';

/** A flood of log messages before `ready` is cut off, not kept. */
const maxHeld = 1_000;

export class NewsGate {
  readonly #tell: (news: SessionNews) => void;
  readonly #room: Hold;
  #held: SessionNews[] | null = [];

  /** What is held is taken from `room`. */
  constructor(tell: (news: SessionNews) => void, room: Hold) {
    this.#room = room;
    this.#tell = tell;
  }

  /** Sends the news now, or when the gate opens. */
  pass(news: SessionNews): void {
    if (this.#held === null) this.#tell(news);
    else if (news.type !== 'notified' || this.#hasRoomFor(news)) this.#held.push(news);
  }

  /** Sends what was held; from now on nothing is held. */
  open(): void {
    const held = this.#held ?? [];
    this.#held = null;
    this.#room.release();
    for (const news of held) this.#tell(news);
  }

  /** Forgets what is held. */
  clear(): void {
    if (this.#held !== null) this.#held = [];
    this.#room.release();
  }

  #hasRoomFor(news: SessionNews): boolean {
    if ((this.#held?.length ?? 0) >= maxHeld) return false;
    return this.#room.take(weightOf(news, Number.POSITIVE_INFINITY)) === null;
  }
}
