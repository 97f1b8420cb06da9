/** Lists again when a server says that its lists changed, and reports only real differences. */

import { isDeepStrictEqual } from 'node:util';
import type { Lists } from '../contract.ts';

/** Some servers send a notification per registration; a burst of them is one change. In milliseconds. */
const debounceMs = 300;

/**
 * A failed listing is retried after this time, then after twice as long each time, in milliseconds: the server does not
 * announce the change again.
 */
const firstRetryMs = 1_000;
const longestRetryMs = 60_000;

export interface ListWatchParts {
  /** The lists last reported. */
  readonly lists: Lists;
  readonly list: () => Promise<Lists>;
  /** Time that one listing may take. */
  readonly timeoutMs: number;
  readonly onChanged: (lists: Lists) => void;
  readonly onDoubt: (reason: string) => void;
}

/** One per session, created at its first change. */
export class ListWatch {
  readonly #parts: ListWatchParts;
  #lists: Lists;
  #timer: NodeJS.Timeout | null = null;
  /** Number of the listing in progress; null: none. */
  #current: number | null = null;
  #listings = 0;
  #changedMeanwhile = false;
  #retryMs = firstRetryMs;
  #closed = false;

  constructor(parts: ListWatchParts) {
    this.#parts = parts;
    this.#lists = parts.lists;
  }

  changed(): void {
    if (this.#closed) return;
    if (this.#current !== null) this.#changedMeanwhile = true;
    else this.#timer ??= setTimeout(() => this.#listAgain(), debounceMs);
  }

  close(): void {
    this.#closed = true;
    if (this.#timer !== null) clearTimeout(this.#timer);
  }

  #listAgain(): void {
    this.#listings += 1;
    const number = this.#listings;
    this.#current = number;
    this.#timer = setTimeout(() => this.#done(number, 'The server did not list again in time.'), this.#parts.timeoutMs);
    this.#parts
      .list()
      .then((lists) => this.#listed(number, lists))
      .catch((error: unknown) =>
        this.#done(number, `Listing again failed: ${error instanceof Error ? error.message : String(error)}`),
      );
  }

  #listed(number: number, lists: Lists): void {
    if (this.#closed || this.#current !== number) return;
    const different = !isDeepStrictEqual(lists, this.#lists);
    this.#lists = lists;
    this.#done(number, null);
    if (different) this.#parts.onChanged(lists);
  }

  #done(number: number, trouble: string | null): void {
    if (this.#closed || this.#current !== number) return;
    this.#current = null;
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    const isStale = this.#changedMeanwhile;
    this.#changedMeanwhile = false;
    if (trouble === null) {
      this.#retryMs = firstRetryMs;
      if (isStale) this.changed();
      return;
    }
    this.#timer = setTimeout(() => this.#listAgain(), this.#retryMs);
    this.#retryMs = Math.min(2 * this.#retryMs, longestRetryMs);
    this.#parts.onDoubt(trouble);
  }
}
