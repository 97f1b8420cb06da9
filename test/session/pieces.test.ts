import { describe, expect, it } from 'vitest';
import { createPieces } from '../../src/session/pieces.ts';
import { roomOf } from './rooms.ts';

const mebibyte = 1024 * 1024;

describe('a text that comes in pieces', () => {
  it('leaves no memory behind that is as large as it was', () => {
    const pieces = createPieces(64 * mebibyte, roomOf().hold());
    for (let count = 0; count < 16; count += 1) pieces.add(Buffer.alloc(mebibyte, 'x'));
    expect(pieces.take()).toHaveLength(16 * mebibyte);
    pieces.add(Buffer.from('y'));
    expect(pieces.peek().toString()).toBe('y');
    expect(pieces.peek().buffer.byteLength).toBeLessThanOrEqual(mebibyte / 4);
  });
});
