/** Reads a stream so that a server that writes as fast as it can does not keep the loop from all others. */

import type { Readable } from 'node:stream';
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Outlet } from '../outlet.ts';
import type { Progress } from './reader.ts';

/** Lines of one server after which everybody else has a turn: a few milliseconds. */
const mostLines = 250;

export interface Reading {
  /** Nothing is read until `resume`. */
  pause(): void;
  resume(): void;
}

/**
 * `read` reads a piece to the end of the last of so many lines. Otherwise up to 2 MiB would be read from a pipe before
 * anything else happens, which may be a million lines.
 */
export function readInTurns(
  stream: Readable,
  read: (chunk: Buffer, mostLines?: number) => Progress,
  outlet: Outlet,
): Reading {
  const waiting: Buffer[] = [];
  let lines = 0;
  let isOver = false;
  let isHeld = false;

  function work(): void {
    while (!isOver && !isHeld) {
      if (outlet.isFull) {
        endTurn(outlet.whenFree());
        return;
      }
      const chunk = waiting.shift();
      if (chunk === undefined) return;
      const progress = read(chunk, mostLines - lines);
      lines += progress.lines;
      if (progress.bytes < chunk.length) waiting.unshift(chunk.subarray(progress.bytes));
      if (lines >= mostLines) endTurn(nextTurn());
    }
  }

  function endTurn(next: Promise<void>): void {
    isOver = true;
    stream.pause();
    // It never rejects.
    void next.then(() => {
      lines = 0;
      isOver = false;
      goOn();
    });
  }

  function goOn(): void {
    work();
    if (!isOver && !isHeld) stream.resume();
  }

  // When the process has ended, its last words flow, turn or not: they wait here.
  stream.on('data', (chunk: Buffer) => {
    waiting.push(chunk);
    work();
  });
  stream.on('end', () => {
    for (const chunk of waiting.splice(0)) read(chunk);
  });
  return {
    pause() {
      isHeld = true;
      stream.pause();
    },
    resume() {
      isHeld = false;
      goOn();
    },
  };
}
