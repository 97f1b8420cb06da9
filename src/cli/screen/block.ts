/**
 * Lines at the bottom of a terminal that are redrawn in place, by moving the cursor: no alternate screen.
 */

import { type Drawn, drawn, toText } from './drawn.ts';

export interface Block {
  /**
   * The text that replaces the old lines by `lines`. They must not be wider than the terminal; if there are too many,
   * the last ones are left out.
   */
  draw(lines: readonly Drawn[]): Drawn;
  /** The text that writes `text` (whole lines) permanently above the block. */
  above(text: Drawn): Drawn;
  /** The text that removes the block. */
  clear(): Drawn;
}

/** `rows`: the rows available to the block and a line or two around it. */
export function createBlock(rows: () => number): Block {
  let shownLines: readonly Drawn[] = [];

  /** Moves to the first line of the block and erases to the end of the screen. */
  const clear = () => (shownLines.length === 0 ? drawn`` : drawn`\u001b[${shownLines.length}A\u001b[0J`);
  const text = () => toText(shownLines);

  return {
    draw(lines) {
      const before = clear();
      // A block higher than the terminal could not be erased.
      const room = Math.max(1, rows() - 2);
      shownLines =
        lines.length <= room ? lines : [...lines.slice(0, room - 1), drawn`… ${lines.length - room + 1} more`];
      return drawn`${before}${text()}`;
    },
    above: (words) => drawn`${clear()}${words}${text()}`,
    clear() {
      const before = clear();
      shownLines = [];
      return before;
    },
  };
}
