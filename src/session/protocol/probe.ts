/**
 * Questions whether the server still lives. Whatever answers is life, an error too; silence is for the chart to judge.
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
  /** What a refusal says of the session; null: nothing. */
  readonly verdictOn: (error: unknown) => Failure | null;
  /** The session is of no use any more: told at most once. */
  readonly onFailed: (failure: Failure) => void;
}

export class Probe implements Waiter {
  readonly #parts: ProbeParts;
  readonly #lag: LagWatch;
  /** A refused ping, asked about by a second kind of request. */
  #isDoubted = false;
  #isOver = false;

  constructor(parts: ProbeParts) {
    this.#parts = parts;
    this.#lag = parts.loopLag.mark();
  }

  /** How late our own loop was, at worst, since the probe was made and before it was answered. */
  get lagMs(): number {
    return this.#parts.loopLag.worstSince(this.#lag);
  }

  /** Goes around the queue of calls: a full one is no sign of death. */
  send(): void {
    this.#ask(this.#parts.kind);
  }

  answered(): void {
    this.drop();
    this.#parts.onAnswered();
  }

  /**
   * Lost is not answered. The watching goes on: the chart asks for the lag when the time of the probe is over.
   * Refused is not silence, though: a refusal that will not pass is confirmed now, and one of the confirmation is
   * believed.
   */
  lost(error: unknown): void {
    const verdict = this.#isOver ? null : this.#parts.verdictOn(error);
    if (verdict === null) return;
    const mayPass = verdict.class === 'unreachable';
    if (this.#parts.kind === 'list' || (this.#isDoubted && !mayPass)) this.#parts.onFailed(verdict);
    else if (!this.#isDoubted && !mayPass) {
      this.#isDoubted = true;
      this.#ask('list');
    }
  }

  progressed(): void {
    // Life, as every message is; not an answer.
  }

  /** Nobody is interested any more. */
  drop(): void {
    this.#isOver = true;
    this.#parts.loopLag.release(this.#lag);
  }

  #ask(kind: ProbeKind): void {
    const { wire } = this.#parts;
    wire.ask({ jsonrpc: '2.0', id: wire.takeId(), method: methods[kind], params: undefined }, this);
  }
}
