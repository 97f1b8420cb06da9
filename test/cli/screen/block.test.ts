import { describe, expect, it } from 'vitest';
import { createBlock } from '../../../src/cli/screen/block.ts';
import { shown } from '../../../src/cli/screen/drawn.ts';
import { screenOf } from '../../support/doors/screen.ts';

const rows = () => 10;

describe('a block below other lines', () => {
  it('stays at the end, in place of itself', () => {
    const block = createBlock(rows);
    const written = [
      block.draw([shown('a'), shown('b')]),
      block.above(shown('first\n')),
      block.draw([shown('c')]),
      block.above(shown('second\nthird\n')),
      block.draw([shown('d'), shown('e'), shown('f')]),
    ].join('');
    expect(screenOf(written)).toEqual(['first', 'second', 'third', 'd', 'e', 'f']);
    expect(screenOf(written + block.clear())).toEqual(['first', 'second', 'third']);
  });

  it('is not higher than the terminal', () => {
    const block = createBlock(rows);
    const lines = Array.from({ length: 20 }, (_, index) => shown(`${index}`));
    expect(screenOf(block.draw(lines))).toEqual(['0', '1', '2', '3', '4', '5', '6', '… 13 more']);
  });

  it('writes nothing but the words while there is none', () => {
    const block = createBlock(rows);
    expect(block.above(shown('words\n'))).toBe('words\n');
    expect(block.clear()).toBe('');
  });
});
