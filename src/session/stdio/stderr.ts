/** What a server writes on stderr: always read, the end of it kept, its lines told. */

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
 * Reads until the stream ends. Keeps the last `maxBytes` bytes as they came: nothing is decoded before somebody asks,
 * so a flood costs little. The lines of what was read at once are told at once.
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
    const told = lines;
    lines = [];
    onLines(told);
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
  // A pipe that breaks has nothing more to say.
  stream.on('error', () => {});
  return {
    tail(count) {
      const written = ring.read().toString('utf8').split(/\r?\n/);
      // The first line of a full ring may have lost its beginning, in the middle of a character or of a secret.
      if (ring.isFull) written.shift();
      const told = written.filter((line) => line.trim() !== '').slice(-count);
      return told.map((line) => line.slice(0, maxTailLineLength));
    },
  };
}

interface ByteRing {
  push(chunk: Buffer): void;
  /** A view, good until the next `push`. */
  read(): Buffer;
  /** Whether something was forgotten. */
  readonly isFull: boolean;
}

/** The last `maxBytes` bytes; takes memory as it fills, at most twice that. */
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
