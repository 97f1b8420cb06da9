/** One list of a session: read at its beginning and at each change, and again later when it could not be read. */

import { isDeepStrictEqual } from 'node:util';
import type { TimerClock } from '../../clock.ts';
import { wordsOf } from '../../text/error-words.ts';
import type { Account, Hold } from '../budget.ts';
import type { ListedItem, ListProblem } from '../contract.ts';
import type { ListKind } from './list-kinds.ts';
import { type ListReading, readList } from './lists.ts';
import type { Inbound, Wire } from './wire.ts';

/** Some servers send a notification per registration; a burst of them is one change. In milliseconds. */
const debounceMs = 300;

/**
 * A list that could not be read is read again after this time, then after twice as long each time, in milliseconds: the
 * server does not announce the change again.
 */
const firstRetryMs = 500;
const longestRetryMs = 60_000;

/** The same for all lists of a session. */
export interface WatchedListParts {
  readonly wire: Wire;
  /** Time after which a reading counts as unanswered, in milliseconds; its answer is still taken. */
  readonly timeoutMs: number;
  readonly timers: TimerClock;
  /** What is held is taken from there. */
  readonly account: Account;
}

/** Is told how the readings of lists went. */
export interface ListWatcher {
  /** The list was read, or could not be. `differs`: what it holds is not what it held. */
  settled(differs: boolean): void;
  /** No answer can come over this link. */
  lost(list: WatchedList, error: unknown): void;
  late(list: WatchedList): void;
}

export class WatchedList {
  readonly kind: ListKind;
  /** The last good ones; those of the first pages if it never could be read to its end. */
  items: readonly ListedItem[] = [];
  problems: readonly ListProblem[] = [];
  /** Why what it holds may not be what the server has; null: it is. */
  unread: string | null;
  /** Whether the server has answered for it in any way. */
  isAnswered = false;
  /** Whether it was ever read, at least a part of it. */
  isRead = false;
  readonly #parts: WatchedListParts;
  readonly #watcher: ListWatcher;
  /** Memory for what it holds, and for what is being read. */
  #held: Hold;
  #pending: Hold | null = null;
  #timer: unknown = null;
  /** Number of the reading whose answer is taken. */
  #reading = 0;
  #isReading = false;
  #hasChanged = false;
  /** Whether it was read to its end once. */
  #isWhole = false;
  #retryMs = firstRetryMs;
  /** Id of the request that was sent last. */
  #asked: number | null = null;
  #isClosed = false;

  constructor(kind: ListKind, parts: WatchedListParts, watcher: ListWatcher) {
    this.kind = kind;
    this.#parts = parts;
    this.#watcher = watcher;
    this.#held = parts.account.hold();
    this.unread = `${kind.method} has not been answered yet`;
  }

  read(): void {
    if (this.#isClosed) return;
    this.#forget();
    this.#reading += 1;
    this.#isReading = true;
    this.#hasChanged = false;
    const number = this.#reading;
    this.#setTimer(() => this.#late(), this.#parts.timeoutMs);
    this.#pending?.release();
    const room = this.#parts.account.hold();
    this.#pending = room;
    readList(this.kind, (method, params) => this.#ask(method, params), room).then(
      (reading) => this.#settle(number, reading),
      (error: unknown) => this.#lost(number, error),
    );
  }

  /** The server says that it changed. If it is to be read again anyway, it is not read sooner. */
  changed(): void {
    if (this.#isClosed) return;
    if (this.#isReading || this.#timer !== null) this.#hasChanged = true;
    else this.#setTimer(() => this.read(), debounceMs);
  }

  close(): void {
    this.#isClosed = true;
    this.#clearTimer();
    this.#forget();
  }

  #ask(method: string, params: Readonly<Record<string, unknown>>): Promise<Inbound> {
    const { wire } = this.#parts;
    return new Promise((resolve, reject) => {
      this.#asked = wire.takeId();
      wire.ask(
        { jsonrpc: '2.0', id: this.#asked, method, params },
        { answered: resolve, lost: reject, progressed() {} },
      );
    });
  }

  /** What was asked and is not answered. */
  #forget(): void {
    if (this.#asked !== null) this.#parts.wire.forget(this.#asked);
  }

  #settle(number: number, { items, problems, trouble }: ListReading): void {
    if (this.#isClosed || number !== this.#reading) return;
    this.#clearTimer();
    this.#isReading = false;
    this.isAnswered = true;
    this.unread = trouble?.reason ?? null;
    const isKept = trouble !== null && (this.#isWhole || !trouble.isPartial);
    const differs = !isKept && !isDeepStrictEqual([items, problems], [this.items, this.problems]);
    this.#keep(isKept ? null : this.#pending);
    if (!isKept) {
      this.items = items;
      this.problems = problems;
      this.isRead = true;
    }
    if (trouble === null) {
      this.#isWhole = true;
      this.#retryMs = firstRetryMs;
      if (this.#hasChanged) this.changed();
    } else if (trouble.mayPass) this.#readLater();
    else this.#setTimer(() => this.#rested(), longestRetryMs);
    this.#watcher.settled(differs);
  }

  #lost(number: number, error: unknown): void {
    if (this.#isClosed || number !== this.#reading) return;
    this.#isReading = false;
    this.#keep(null);
    this.unread = `${this.kind.method} was not answered: ${wordsOf(error)}`;
    this.#readLater();
    this.#watcher.lost(this, error);
  }

  /** Null: what was held stays, and what was being read goes. */
  #keep(read: Hold | null): void {
    if (read === null) this.#pending?.release();
    else {
      this.#held.release();
      this.#held = read;
    }
    this.#pending = null;
  }

  /** The answer is still taken if it comes before the list is read again. */
  #late(): void {
    this.unread = `${this.kind.method} was not answered within ${this.#parts.timeoutMs} ms`;
    this.#readLater();
    this.#watcher.late(this);
  }

  #readLater(): void {
    this.#setTimer(() => this.read(), this.#retryMs);
    this.#retryMs = Math.min(2 * this.#retryMs, longestRetryMs);
  }

  /** It was too large: only a change is a reason to read it again, and not at once. */
  #rested(): void {
    this.#clearTimer();
    if (this.#hasChanged) this.read();
  }

  #setTimer(act: () => void, delayMs: number): void {
    this.#clearTimer();
    this.#timer = this.#parts.timers.setTimeout(act, delayMs);
  }

  #clearTimer(): void {
    if (this.#timer !== null) this.#parts.timers.clearTimeout(this.#timer);
    this.#timer = null;
  }
}
