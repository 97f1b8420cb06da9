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
  #held: Set<SessionNews> | null = new Set();

  /** What is held is taken from `room`. */
  constructor(tell: (news: SessionNews) => void, room: Hold) {
    this.#room = room;
    this.#tell = tell;
  }

  /** Sends the news now, or when the gate opens. */
  pass(news: SessionNews): void {
    if (this.#held === null) this.#tell(news);
    else if (news.type !== 'notified' || this.#hasRoomFor(news)) this.#held.add(news);
  }

  /** Forgets the news if it is held: the memory of a request that its server withdraws is given back, not the gate's. */
  withdraw(news: SessionNews): void {
    this.#held?.delete(news);
  }

  /** Sends what was held; from now on nothing is held. */
  open(): void {
    const held = this.#held ?? new Set();
    this.#held = null;
    this.#room.release();
    for (const news of held) this.#tell(news);
  }

  /** Forgets what is held. */
  clear(): void {
    this.#held?.clear();
    this.#room.release();
  }

  #hasRoomFor(news: SessionNews): boolean {
    if ((this.#held?.size ?? 0) >= maxHeld) return false;
    return this.#room.take(weightOf(news, Number.POSITIVE_INFINITY)) === null;
  }
}
