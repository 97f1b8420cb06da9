/**
 * How a session becomes ready: its handshake, its first lists, and its process on record. In a file of its own, since
 * nothing of it matters any more once the session is ready or has begun to end.
 */

import { McpError } from '@modelcontextprotocol/sdk/types.js';
import type { Failure, Phase } from '../../../machines/failure.ts';
import type { TimerClock } from '../../clock.ts';
import type { Lists, SessionNews } from '../contract.ts';
import type { Link } from '../link.ts';
import type { Conversation } from './conversation.ts';
import { type StartProgress, watchStartProgress } from './start-progress.ts';

/**
 * How long to wait for the link's own explanation, in milliseconds: when a transport fails while the link lives, the
 * link nearly always ends next, and knows why.
 */
const linkNewsMs = 100;

export interface SessionStartParts {
  /** Without a sign of work for this time the chart gives up, in milliseconds. */
  readonly startTimeoutMs: number;
  readonly timers: TimerClock;
  readonly tell: (news: SessionNews) => void;
  readonly onReady: (lists: Lists) => void;
  readonly onFailed: (failure: Failure) => void;
}

export class SessionStart {
  readonly #parts: SessionStartParts;
  #link: Link | null = null;
  #conversation: Conversation | null = null;
  #phase: Phase = 'spawning';
  #isOver = false;
  /** The process, if there is one, is on record. */
  #isRecorded = false;
  #timer: unknown = null;
  /** Null: it has no process, or has answered. */
  #progress: StartProgress | null = null;

  constructor(parts: SessionStartParts) {
    this.#parts = parts;
  }

  /** How far it has come, or had come when it was closed; `connected`: the session became ready. */
  get phase(): Phase {
    return this.#phase;
  }

  /** Null: there is no process to be recorded. */
  spawned(pid: number | null): void {
    if (this.#phase === 'spawning') this.#phase = 'initializing';
    this.#isRecorded ||= pid === null;
    if (!this.#isOver && pid !== null) this.#progress = this.#watchProgress();
  }

  /** The server wrote something on stderr. */
  wrote(): void {
    this.#progress?.wrote();
  }

  recorded(): void {
    this.#isRecorded = true;
    this.#becomeReady();
  }

  async begin(link: Link, conversation: Conversation): Promise<void> {
    this.#link = link;
    this.#conversation = conversation;
    try {
      const introduction = await conversation.shakeHands();
      if (this.#isOver) return;
      if ('failure' in introduction) {
        this.#parts.onFailed(introduction.failure);
        return;
      }
      this.#phase = 'listing';
      this.#endProgress();
      this.#parts.tell({ type: 'initialized', peer: { ...introduction.peer, transport: link.kind } });
      await conversation.list(introduction.peer.capabilities);
    } catch (error) {
      this.#failed(link, error);
      return;
    }
    this.#becomeReady();
  }

  /** Nothing comes of it any more. */
  close(): void {
    this.#isOver = true;
    this.#endProgress();
    if (this.#timer !== null) this.#parts.timers.clearTimeout(this.#timer);
    this.#timer = null;
  }

  /** Called when it is listed, and when it is on record; the second call makes it ready. */
  #becomeReady(): void {
    const lists = this.#conversation?.lists ?? null;
    if (this.#isOver || !this.#isRecorded || lists === null) return;
    this.#isOver = true;
    this.#phase = 'connected';
    this.#parts.onReady(lists);
  }

  /** The handshake or the first listing went wrong. */
  #failed(link: Link, error: unknown): void {
    if (this.#isOver) return;
    const { timers, onFailed } = this.#parts;
    const phase = this.#phase;
    const fail = () => onFailed(link.failureOf(error, phase));
    if (error instanceof McpError) fail();
    // If the link could not start, it always says so itself.
    else if (this.#conversation?.wire.startFailed !== true) this.#timer = timers.setTimeout(fail, linkNewsMs);
  }

  #watchProgress(): StartProgress {
    return watchStartProgress({
      startTimeoutMs: this.#parts.startTimeoutMs,
      worked: () => this.#link?.worked?.() ?? false,
      onProgress: () => this.#parts.tell({ type: 'progressed' }),
    });
  }

  #endProgress(): void {
    this.#progress?.close();
    this.#progress = null;
  }
}
