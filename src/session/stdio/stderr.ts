/** A server's stderr: always read, its end kept, its lines passed on. */

import type { Readable } from 'node:stream';
import { createLineSplitter } from './stderr-lines.ts';

export interface StderrReader {
  /** The last `count` lines, oldest first, long ones cut. */
  tail(count: number): readonly string[];
}

/**
 * Longest line in a tail, in characters. More than is shown, so that a secret in it is recognised as a whole before it
 * is cut.
 */
const maxTailLineLength = 16 * 1024;

/**
 * Reads until the stream ends. Keeps the last `maxBytes` bytes undecoded until somebody asks, so that a flood costs
 * little. `onLines` gets the lines of one read together.
 */
export function createStderrReader(
  stream: Readable,
  maxBytes: number,
  onLines: (lines: readonly string[]) => void,
): StderrReader {
  const ring = createByteRing(maxBytes);
  let lines: string[] = [];
  const splitter = createLineSplitter((line) => lines.push(line));
  const flush = (): void => {
    if (lines.length === 0) return;
    const batch = lines;
    lines = [];
    onLines(batch);
  };
  stream.on('data', (chunk: Buffer) => {
    ring.push(chunk);
    splitter.push(chunk);
    flush();
  });
  stream.on('end', () => {
    splitter.end();
    flush();
  });
  // A broken pipe has no more to read.
  stream.on('error', () => {});
  return {
    tail(count) {
      const written = ring.read().toString('utf8').split(/\r?\n/);
      // In a full ring the first line may have lost its beginning, in the middle of a character or of a secret.
      if (ring.isFull) written.shift();
      const last = written.filter((line) => line.trim() !== '').slice(-count);
      return last.map((line) => line.slice(0, maxTailLineLength));
    },
  };
}

interface ByteRing {
  push(chunk: Buffer): void;
  /** A view, valid until the next `push`. */
  read(): Buffer;
  /** Whether bytes were dropped. */
  readonly isFull: boolean;
}

/** The last `maxBytes` bytes; its memory grows as it fills, to at most twice that. */
function createByteRing(maxBytes: number): ByteRing {
  let held: Buffer = Buffer.alloc(0);
  let length = 0;
  let isFull = false;
  return {
    push(chunk) {
      const last = chunk.length > maxBytes ? chunk.subarray(-maxBytes) : chunk;
      isFull ||= length + chunk.length > maxBytes;
      if (length + last.length > held.length) {
        const keep = Math.min(length, maxBytes - last.length);
        const wanted = Math.min(2 * maxBytes, Math.max(1024, 2 * (keep + last.length)));
        const larger = wanted > held.length ? Buffer.allocUnsafeSlow(wanted) : held;
        held.copy(larger, 0, length - keep, length);
        held = larger;
        length = keep;
      }
      last.copy(held, length);
      length += last.length;
    },
    read: () => held.subarray(Math.max(0, length - maxBytes), length),
    get isFull() {
      return isFull;
    },
  };
}
