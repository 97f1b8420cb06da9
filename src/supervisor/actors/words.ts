/**
 * A server's own words, made fit to be shown: secrets are blanked, then the text is cut. The other way round half a
 * secret would be left, which nobody knows as one.
 */

import type { Failure } from '../../../machines/failure.ts';
import type { Redactor } from '../../observe/secrets/redact.ts';

/** The longest there is in facts and snapshots, in characters: about as long as a line in its log. */
const maxLength = 8_000;
/** Of a line it wrote on stderr. */
const maxLineLength = 8 * 1024;
/** Of a line in the tail of a failure, which goes into every snapshot. */
const maxTailLineLength = 2_000;
/** Of a note: a sentence of ours, and behind it what the server said. */
const maxNoteLength = 400;

export interface Words {
  text(text: string): string;
  line(text: string): string;
  note(text: string): string;
  /**
   * Only what is in somebody's own words: a class or a phase may look like a secret and must stay what it is: the chart
   * decides by it.
   */
  failure<Known extends Failure | null>(failed: Known): Known;
}

export function createWords(redactor: Pick<Redactor, 'text'>): Words {
  const cut = (text: string, length: number): string => redactor.text(text).slice(0, length);
  return {
    text: (text) => cut(text, maxLength),
    line: (text) => cut(text, maxLineLength),
    note: (text) => cut(text, maxNoteLength),
    failure(failed) {
      if (failed === null) return failed;
      const stderrTail = failed.stderrTail.map((line) => cut(line, maxTailLineLength));
      return { ...failed, message: cut(failed.message, maxLength), stderrTail };
    },
  };
}
