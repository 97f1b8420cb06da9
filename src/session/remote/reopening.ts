/** When a stream that ended is opened again: later and later, until one stays or brings something. */

export interface Reopening {
  /** The next wait, in milliseconds. `askedMs`: what the server asks for; null: nothing. */
  next(askedMs: number | null): number;
  /** The last stream was worth opening. */
  succeeded(): void;
}

export interface ReopeningOptions {
  /** The shortest wait, whatever the server asks for. */
  readonly leastMs: number;
  /** The first wait if the server asks for none. */
  readonly firstMs: number;
}

/** The longest wait, unless the server asks for a longer one. */
const mostMs = 60_000;
/** A server may ask for so much; a typing error in `retry:` must not switch its stream off for days. */
const mostAskedMs = 600_000;

export function createReopening({ leastMs, firstMs }: ReopeningOptions): Reopening {
  let inVain = 0;
  return {
    next(askedMs) {
      const waitMs = Math.min(mostAskedMs, Math.max(leastMs, askedMs ?? firstMs));
      const delayMs = Math.min(Math.max(mostMs, waitMs), waitMs * 2 ** inVain);
      inVain += 1;
      return delayMs;
    },
    succeeded() {
      inVain = 0;
    },
  };
}
