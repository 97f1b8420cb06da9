/**
 * A request that checks whether the server is alive. Any answer means yes, even an error; silence is for the chart to
 * judge.
 */

import type { Failure } from '../../../machines/failure.ts';
import type { ProbeKind } from '../contract.ts';
import type { LagWatch, LoopLag } from './loop-lag.ts';
import type { Waiter, Wire } from './wire.ts';

const methods = { ping: 'ping', list: 'tools/list' } as const satisfies Record<ProbeKind, string>;

export interface ProbeParts {
  readonly wire: Wire;
  readonly kind: ProbeKind;
  readonly loopLag: LoopLag;
  readonly onAnswered: () => void;
  /** What a refusal means for the session; null: nothing. */
  readonly verdictOn: (error: unknown) => Failure | null;
  /** The session is unusable. Called at most once. */
  readonly onFailed: (failure: Failure) => void;
}

export class Probe implements Waiter {
  readonly #parts: ProbeParts;
  readonly #lag: LagWatch;
  /** The ping was refused, and a second kind of request checks that. */
  #isDoubted = false;
  /** Under which it was asked last. */
  #id: number | null = null;
  #isOver = false;

  constructor(parts: ProbeParts) {
    this.#parts = parts;
    this.#lag = parts.loopLag.mark();
  }

  /** The worst delay of our own loop, since the probe was made and until it was answered. */
  get lagMs(): number {
    return this.#parts.loopLag.worstSince(this.#lag);
  }

  /** Bypasses the queue of calls: a full one is no sign of death. */
  send(): void {
    this.#ask(this.#parts.kind);
  }

  answered(): void {
    this.drop();
    this.#parts.onAnswered();
  }

  /**
   * A lost request is not answered. The lag is still watched: the chart asks for it when the probe's time is over. A
   * refusal is not silence, though: if it will not pass, a second request checks it now, and a refusal of that one is
   * believed.
   */
  lost(error: unknown): void {
    const verdict = this.#isOver ? null : this.#parts.verdictOn(error);
    if (verdict === null) return;
    const mayPass = verdict.class === 'unreachable' || verdict.class === 'shortage';
    if (this.#parts.kind === 'list' || (this.#isDoubted && !mayPass)) this.#parts.onFailed(verdict);
    else if (!this.#isDoubted && !mayPass) {
      this.#isDoubted = true;
      this.#ask('list');
    }
  }

  progressed(): void {
    // A sign of life, as every message is, but not an answer.
  }

  /** Its time is over. An answer is still taken: a late one shows that the server lives, too. */
  drop(): void {
    this.#isOver = true;
    this.#parts.loopLag.release(this.#lag);
  }

  /** No answer is taken any more, however late. */
  giveUp(): void {
    this.drop();
    if (this.#id !== null) this.#parts.wire.forget(this.#id);
  }

  #ask(kind: ProbeKind): void {
    const { wire } = this.#parts;
    this.#id = wire.takeId();
    wire.ask({ jsonrpc: '2.0', id: this.#id, method: methods[kind], params: undefined }, this);
  }
}
