/**
 * Makes texts of a server fit to be shown: secrets are blanked, then the text is cut. In the other order, half of a
 * secret could remain, and would not be recognized.
 */

import type { Failure } from '../../../../machines/failure.ts';
import type { Overheard } from '../../../errors.ts';
import type { Redactor } from '../../../observe/secrets/redact.ts';

/** Longest text in facts and snapshots, in characters: about as long as a line in its log. */
const maxLength = 8_000;
/** Longest line of stderr, in characters. */
const maxLineLength = 8 * 1024;
/** Longest line in the stderr tail of a failure, which goes into every snapshot. */
const maxTailLineLength = 2_000;
/** Longest excerpt of what a server sent instead of an answer. */
const maxOverheardLength = 200;
/** Longest code of a failure: a system's, or the protocol version that a server speaks. */
const maxCodeLength = 64;
/** Longest note: a sentence of mcpvisor, followed by what the server said. */
const maxNoteLength = 400;

export interface Words {
  text(text: string): string;
  line(text: string): string;
  note(text: string): string;
  /** The end of what it wrote on stderr. */
  tail(lines: readonly string[]): readonly string[];
  /** What it sent instead of an answer. */
  overheard(heard: readonly Overheard[]): readonly Overheard[];
  /**
   * Changes only what may be a server's words: the message, the code and the stderr tail. A class or a phase may look
   * like a secret, but the chart decides by it.
   */
  failure<Known extends Failure | null>(failed: Known): Known;
}

export function createWords(redactor: Pick<Redactor, 'text'>): Words {
  const cut = (text: string, length: number): string => redactor.text(text).slice(0, length);
  const tail = (lines: readonly string[]): readonly string[] => lines.map((line) => cut(line, maxTailLineLength));
  return {
    tail,
    overheard: (heard) =>
      heard.map(({ what, last }) => ({ what, last: last === null ? null : cut(last, maxOverheardLength) })),
    text: (text) => cut(text, maxLength),
    line: (text) => cut(text, maxLineLength),
    note: (text) => cut(text, maxNoteLength),
    failure(failed) {
      if (failed === null) return failed;
      const stderrTail = tail(failed.stderrTail);
      const code = typeof failed.code === 'string' ? cut(failed.code, maxCodeLength) : failed.code;
      return { ...failed, message: cut(failed.message, maxLength), code, stderrTail };
    },
  };
}
