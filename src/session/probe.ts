/** Questions whether the server still lives. Whatever answers is life, an error too; silence is for the chart to judge. */

import type { ProbeKind } from './contract.ts';
import type { LagWatch, LoopLag } from './loop-lag.ts';
import type { Waiter, Wire } from './wire.ts';

const methods = { ping: 'ping', list: 'tools/list' } as const satisfies Record<ProbeKind, string>;

export class Probe implements Waiter {
  readonly #loopLag: LoopLag;
  readonly #lag: LagWatch;
  readonly #answered: () => void;

  constructor(loopLag: LoopLag, answered: () => void) {
    this.#loopLag = loopLag;
    this.#lag = loopLag.mark();
    this.#answered = answered;
  }

  /** How late our own loop was, at worst, since the probe was made and before it was answered. */
  get lagMs(): number {
    return this.#loopLag.worstSince(this.#lag);
  }

  /** Goes around the queue of calls: a full one is no sign of death. */
  send(wire: Wire, kind: ProbeKind): void {
    wire.ask({ jsonrpc: '2.0', id: wire.takeId(), method: methods[kind], params: undefined }, this);
  }

  answered(): void {
    this.drop();
    this.#answered();
  }

  lost(): void {
    // Lost is not answered. The watching goes on: the chart asks for the lag when the time of the probe is over.
  }

  progressed(): void {
    // Life, as every message is; not an answer.
  }

  /** Nobody is interested any more. */
  drop(): void {
    this.#loopLag.release(this.#lag);
  }
}
