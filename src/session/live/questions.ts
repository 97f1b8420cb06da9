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

/**
 * As many may be unanswered: the probes and the confirmation by default, so that a server that is slower than each of
 * them is heard all the same. Over HTTP each holds a connection.
 */
const mostUnanswered = 4;

export class Questions {
  readonly #parts: QuestionsParts;
  /** The last one. */
  #probe: Probe | null = null;
  /** Those whose answers are taken, the oldest first. */
  readonly #unanswered: Probe[] = [];

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
        onAnswered: () => {
          this.#answered(probe);
          resolve(now() - sentAt);
        },
        verdictOn: (error) => link.verdictOn(error),
        onFailed,
      });
      this.#probe = probe;
      this.#unanswered.push(probe);
      if (this.#unanswered.length > mostUnanswered) this.#unanswered.shift()?.giveUp();
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

  /** The ones before it have nothing more to show. */
  #answered(probe: Probe): void {
    const earlier = this.#unanswered.splice(0, this.#unanswered.indexOf(probe) + 1);
    for (const one of earlier) one.giveUp();
  }
}
