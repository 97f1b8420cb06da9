/**
 * Lines at the end of a terminal that are drawn again and again, in place: no other screen, nothing but moves of the
 * cursor.
 */

export interface Block {
  /**
   * What takes the old lines away and puts `lines` there. They must not be wider than the terminal; of too many the
   * last are left out.
   */
  draw(lines: readonly string[]): string;
  /** What takes them away, writes `text` (whole lines) for good, and puts them below it again. */
  above(text: string): string;
  /** What takes them away. */
  clear(): string;
}

/** `rows`: how many there are for the block and a line or two around it. */
export function createBlock(rows: () => number): Block {
  let drawn: readonly string[] = [];

  /** From the line after the block to its first, and everything from there on away. */
  const clear = () => (drawn.length === 0 ? '' : `\u001b[${drawn.length}A\u001b[0J`);
  const text = () => drawn.map((line) => `${line}\n`).join('');

  return {
    draw(lines) {
      const before = clear();
      // One that is higher than the terminal could not be taken away again.
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
