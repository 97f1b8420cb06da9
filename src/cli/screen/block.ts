/**
 * Lines at the bottom of a terminal that are redrawn in place, by moving the cursor: no alternate screen.
 */

export interface Block {
  /**
   * The text that replaces the old lines by `lines`. They must not be wider than the terminal; if there are too many,
   * the last ones are left out.
   */
  draw(lines: readonly string[]): string;
  /** The text that writes `text` (whole lines) permanently above the block. */
  above(text: string): string;
  /** The text that removes the block. */
  clear(): string;
}

/** `rows`: the rows available to the block and a line or two around it. */
export function createBlock(rows: () => number): Block {
  let drawn: readonly string[] = [];

  /** Moves to the first line of the block and erases to the end of the screen. */
  const clear = () => (drawn.length === 0 ? '' : `\u001b[${drawn.length}A\u001b[0J`);
  const text = () => drawn.map((line) => `${line}\n`).join('');

  return {
    draw(lines) {
      const before = clear();
      // A block higher than the terminal could not be erased.
      const room = Math.max(1, rows() - 2);
      drawn = lines.length <= room ? lines : [...lines.slice(0, room - 1), `… ${lines.length - room + 1} more`];
      return `${before}${text()}`;
    },
    above: (words) => `${clear()}${words}${text()}`,
    clear() {
      const before = clear();
      drawn = [];
      return before;
    },
  };
}
