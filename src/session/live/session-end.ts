/**
 * How a session ends, from the first reason for it to its last news. In a file of its own, since it has a rule of its
 * own: whatever comes together (an order, a failure, the exit of the leader, the end of the link), one failure is told,
 * a call is answered as long as an answer may come, and everything is released once.
 */

import type { Failure, LastWords } from '../../../machines/failure.ts';
import type { TimerClock } from '../../clock.ts';
import type { Overheard } from '../../errors.ts';
import type { CallQueue } from '../calls/call-queue.ts';
import type { EndKind, SessionNews } from '../contract.ts';

/** The last output of a dead leader is read within this time, in milliseconds; after it no answer can come. */
const lastAnswersMs = 100;

export interface SessionEndParts {
  readonly calls: CallQueue;
  readonly timers: TimerClock;
  readonly tell: (news: SessionNews) => void;
  /** It begins: nothing new is begun from now on. */
  readonly onBegun: () => void;
  /** The link has ended: releases what the session holds. Returns what was heard of a server that never became ready. */
  readonly release: () => readonly Overheard[] | null;
}

export class SessionEnd {
  readonly #parts: SessionEndParts;
  #stage: 'not begun' | 'begun' | 'over' = 'not begun';
  #isOrdered = false;
  /** `failed` or `exited` has been sent. */
  #isFailed = false;
  /** The leader of the process group is gone. */
  #hasExited = false;
  #timer: unknown = null;

  constructor(parts: SessionEndParts) {
    this.#parts = parts;
  }

  get hasBegun(): boolean {
    return this.#stage !== 'not begun';
  }

  /** The session has sent its last news. */
  get isOver(): boolean {
    return this.#stage === 'over';
  }

  /** An order began it, not a failure. */
  get isOrdered(): boolean {
    return this.#isOrdered;
  }

  order(kind: EndKind): void {
    if (!this.hasBegun) this.#isOrdered = true;
    this.#begin('stopping');
    // The last answers of a dead leader may still be in the pipe.
    if (kind !== 'close' && !this.#hasExited) this.#parts.calls.abandon('stopping');
  }

  failed(failure: Failure): void {
    if (this.isOver) return;
    const isFirst = !this.hasBegun;
    this.#begin(failure.class);
    // No answer can come any more.
    this.#parts.calls.abandon(failure.class);
    if (!isFirst) return;
    this.#isFailed = true;
    this.#parts.tell({ type: 'failed', failure });
  }

  leaderExited(failure: Failure): void {
    if (this.isOver) return;
    const { calls, timers, tell } = this.#parts;
    this.#hasExited = true;
    this.#begin(failure.class);
    this.#clearTimer();
    this.#timer = timers.setTimeout(() => calls.abandon(failure.class), lastAnswersMs);
    if (this.#isFailed) return;
    this.#isFailed = true;
    tell({ type: 'exited', failure });
  }

  /** Null: it ended in order. */
  linkEnded(failure: Failure | null, last?: LastWords): void {
    if (this.isOver) return;
    const { calls, release, tell } = this.#parts;
    const reason = failure?.class ?? 'stopping';
    this.#begin(reason);
    this.#stage = 'over';
    calls.abandon(reason);
    calls.end();
    this.#clearTimer();
    const heard = release();
    tell({ type: 'ended', failure, ...(last && { last }), ...(heard && { heard }) });
  }

  #begin(reason: string): void {
    if (this.hasBegun) return;
    this.#stage = 'begun';
    this.#parts.onBegun();
    this.#parts.calls.close(reason);
  }

  #clearTimer(): void {
    if (this.#timer !== null) this.#parts.timers.clearTimeout(this.#timer);
    this.#timer = null;
  }
}
