/**
 * The beginning of a text that comes in pieces, in one buffer that grows: kept one by one, pieces of a byte would take a
 * hundred times as much.
 */

import type { Bound, Hold } from './budget.ts';

export interface Pieces {
  /** So many have come. */
  readonly bytes: number;
  /** Null: it was added. Otherwise there is no room, and nothing was. */
  add(piece: Uint8Array): Bound | null;
  /** What has come so far, `length` bytes at most. Valid until the next `add`. */
  peek(length?: number): Buffer;
  /** Everything that has come; it is forgotten. Valid until the next `add`. */
  take(): Buffer;
}

const leastBytes = 4 * 1024;
/** A larger buffer is given back with the text that was in it, in bytes. */
const keptBytes = 256 * 1024;

/** A text is no longer than `maxBytes`; what has come is taken from `room`. */
export function createPieces(maxBytes: number, room: Hold): Pieces {
  let buffer: Buffer = Buffer.alloc(0);
  let bytes = 0;

  // Doubled when full, so that each byte is copied a bounded number of times.
  function grow(least: number): void {
    const larger = Buffer.allocUnsafeSlow(Math.max(least, Math.min(2 * least, maxBytes), leastBytes));
    buffer.copy(larger, 0, 0, bytes);
    buffer = larger;
  }

  return {
    get bytes() {
      return bytes;
    },
    add(piece) {
      const bound = room.take(piece.length);
      if (bound !== null) return bound;
      if (bytes + piece.length > buffer.length) grow(bytes + piece.length);
      buffer.set(piece, bytes);
      bytes += piece.length;
      return null;
    },
    peek: (length = bytes) => buffer.subarray(0, Math.min(bytes, length)),
    take() {
      const text = buffer.subarray(0, bytes);
      bytes = 0;
      if (buffer.length > keptBytes) buffer = Buffer.alloc(0);
      room.release();
      return text;
    },
  };
}
