/** How a link ends: the first cause counts, and an end that was asked for has no cause. */

import { type Failure, firstCause, type LastWords } from '../../machines/failure.ts';
import type { LinkNews, TellLinkNews } from './link.ts';

export class Ending {
  readonly #tell: TellLinkNews;
  #isAsked = false;
  #hasFailed = false;
  #isOver = false;
  #cause: Failure | null = null;

  constructor(tell: TellLinkNews) {
    this.#tell = tell;
  }

  /** The end was asked for before anything failed: nothing that comes later is a failure. */
  get isAsked(): boolean {
    return this.#isAsked;
  }

  get cause(): Failure | null {
    return this.#cause;
  }

  ask(): void {
    this.#isAsked ||= this.#cause === null;
  }

  /** Keeps a cause without sending it yet: more news of it may follow in a moment. */
  learn(failure: Failure): void {
    if (!this.#isAsked) this.#cause = firstCause(this.#cause, failure);
  }

  /** Passes news on: no failure after the first cause, one end, and nothing after it. */
  tell(news: LinkNews): void {
    if (this.#isOver || (news.type === 'exited' && this.#hasFailed)) return;
    if (news.type === 'failed') {
      if (this.#isAsked || this.#cause !== null) return;
      this.#cause = news.failure;
      this.#hasFailed = true;
    }
    if (news.type === 'ended') {
      this.#isOver = true;
      if (news.failure !== null) this.learn(news.failure);
    }
    this.#tell(news.type === 'ended' ? { type: 'ended', failure: this.#cause, ...lastOf(news.failure) } : news);
  }
}

/** How the process ended, also when its end was asked for and is no failure. */
function lastOf(failure: Failure | null): { readonly last?: LastWords } {
  if (failure?.class !== 'exited') return {};
  const { exitCode, signal, stderrTail } = failure;
  return { last: { exitCode, signal, stderrTail } };
}
