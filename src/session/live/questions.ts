/** How a session that is ready is doing: probes of its server, and what its calls and its link show meanwhile. */

import type { Failure } from '../../../machines/failure.ts';
import type { CallQueue } from '../calls/call-queue.ts';
import type { ProbeKind, SessionNews } from '../contract.ts';
import type { Link } from '../link.ts';
import type { LoopLag } from '../protocol/loop-lag.ts';
import { Probe } from '../protocol/probe.ts';
import type { Wire } from '../protocol/wire.ts';

export interface QuestionsParts {
  readonly calls: CallQueue;
  readonly loopLag: LoopLag;
  /** A monotonic clock in milliseconds. */
  readonly now: () => number;
  /** The session is unusable. */
  readonly onFailed: (failure: Failure) => void;
}

/** The server, as far as the session has come to it. */
export interface Asked {
  readonly link: Link | null;
  readonly wire: Wire | null;
}

export class Questions {
  readonly #parts: QuestionsParts;
  /** The last one. */
  #probe: Probe | null = null;

  constructor(parts: QuestionsParts) {
    this.#parts = parts;
  }

  /** Takes the place of the probe before. Resolves with the time to the answer, in milliseconds. */
  probe(kind: ProbeKind, link: Link, wire: Wire): Promise<number> {
    const { loopLag, now, onFailed } = this.#parts;
    return new Promise((resolve) => {
      this.#probe?.drop();
      link.markCpu();
      const sentAt = now();
      const probe = new Probe({
        wire,
        kind,
        loopLag,
        onAnswered: () => resolve(now() - sentAt),
        verdictOn: (error) => link.verdictOn(error),
        onFailed,
      });
      this.#probe = probe;
      probe.send();
    });
  }

  report(question: number, { link, wire }: Asked): SessionNews {
    const { calls, now } = this.#parts;
    return {
      type: 'heard',
      question,
      quietForMs: wire === null ? 0 : now() - wire.lastInboundAt,
      inFlight: calls.inFlight,
      callLeftMs: calls.timeLeftMs,
      unusedForMs: calls.unusedForMs,
      lagMs: this.#probe?.lagMs ?? 0,
      usedCpu: link?.usedCpu() ?? false,
    };
  }

  drop(): void {
    this.#probe?.drop();
  }
}
