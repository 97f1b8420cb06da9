/** What a session hears besides the answers it waits for: a time-out tells it, since it often says why. */

import type { Overheard } from '../../errors.ts';

/** In characters. More than is shown: a secret in it is recognised as a whole before it is cut. */
const longestSample = 2_048;

const kinds = {
  lines: 'lines on stdout that are no JSON-RPC messages',
  frames: 'frames with Content-Length, as language servers use them; in MCP each message is one line of JSON',
  unknown: 'answers to questions that were not asked, or not any more; the last under the id',
  transport: 'trouble of the transport',
  stderr: 'lines on stderr',
  messages: 'other messages',
} as const;

export type OverheardKind = keyof typeof kinds;

export class Overhearing {
  readonly #now: () => number;
  readonly #last = new Map<OverheardKind, { readonly at: number; readonly sample: string | null }>();

  /** A monotonic clock in milliseconds. */
  constructor(now: () => number) {
    this.#now = now;
  }

  note(kind: OverheardKind, sample: string | null): void {
    this.#last.set(kind, { at: this.#now(), sample: sample?.slice(0, longestSample) ?? null });
  }

  /** A line on stdout that is no message. */
  noteLine(line: string): void {
    this.note(/^Content-Length:/i.test(line) ? 'frames' : 'lines', line);
  }

  /** What was heard since then; a line that has not ended is given by the caller. */
  since(at: number, unfinished: Unfinished | null): readonly Overheard[] {
    const heard = [...this.#last].flatMap(([kind, last]) =>
      last.at >= at ? [{ what: kinds[kind], last: last.sample }] : [],
    );
    if (unfinished === null) return heard;
    const what = `${unfinished.bytes} bytes on stdout without the end of a line`;
    return [{ what, last: unfinished.beginning.slice(0, longestSample) }, ...heard];
  }
}

/** A line that has begun and not ended. */
export interface Unfinished {
  readonly bytes: number;
  readonly beginning: string;
}
