import { describe, expect, it } from 'vitest';
import { createBlock } from '../../src/cli/block.ts';

/** A terminal that knows what a block uses: line breaks, going up, and wiping from the cursor on. */
function screenOf(text: string): readonly string[] {
  const lines = [''];
  let row = 0;
  for (const [, up, wipe, words] of text.replaceAll('\u001b', '⎋').matchAll(/⎋\[(\d+)A|(⎋\[0J)|([^⎋]+)/g)) {
    if (up !== undefined) row -= Number(up);
    else if (wipe !== undefined) lines.splice(row, lines.length, '');
    else {
      for (const [index, piece] of (words ?? '').split('\n').entries()) {
        if (index > 0) row += 1;
        lines[row] = (lines[row] ?? '') + piece;
      }
    }
  }
  return lines.filter((line, index) => line !== '' || index < lines.length - 1);
}

const size = () => ({ columns: 80, rows: 10 });

describe('a block below other lines', () => {
  it('stays at the end, in place of itself', () => {
    const block = createBlock(size);
    let written = block.draw(['a', 'b']);
    written += block.above('first\n');
    written += block.draw(['c']);
    written += block.above('second\nthird\n');
    written += block.draw(['d', 'e', 'f']);
    expect(screenOf(written)).toEqual(['first', 'second', 'third', 'd', 'e', 'f']);
    expect(screenOf(written + block.clear())).toEqual(['first', 'second', 'third']);
  });

  it('is not higher than the terminal', () => {
    const block = createBlock(size);
    const lines = Array.from({ length: 20 }, (_, index) => `${index}`);
    expect(screenOf(block.draw(lines))).toEqual(['0', '1', '2', '3', '4', '5', '6', '… 13 more']);
  });

  it('writes nothing but the words while there is none', () => {
    const block = createBlock(size);
    expect(block.above('words\n')).toBe('words\n');
    expect(block.clear()).toBe('');
  });
});
