/**
 * Appends lines to a descriptor or a file: off the event loop, one write at a time, behind a bounded buffer.
 *
 * Not `pino.destination`, which closes a descriptor while a write to it is pending or waits for a retry: by then the
 * number may belong to another file or socket, which then gets the lines
 * (https://github.com/pinojs/sonic-boom/issues/98).
 */

import { close, fstat, ftruncate, open, write, writeSync } from 'node:fs';
import { copyFile, rename, rm } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';
import { isSystemError } from '../../system-error.ts';

export interface LineWriter {
  /** Returns false if the line was dropped: the target is too slow or broken. Never blocks and never throws. */
  write(line: string): boolean;
  /**
   * Flushes the buffer, waiting at most `timeoutMs`. Then the descriptor is closed, unless it is stdout or stderr; on a
   * timeout it is closed as soon as the pending write has returned.
   */
  close(timeoutMs: number): Promise<void>;
}

/** For a file that other processes have open, too: it is copied and truncated in place, so all of them must append. */
export interface Rotation {
  /** Of the file behind the descriptor. Older ones have `.1` and `.2` behind their names. */
  readonly path: string;
  readonly maxFileBytes: number;
}

export interface LineWriterOptions {
  /** A descriptor, or the path of a file, made with mode 0600. */
  readonly target: number | string;
  readonly maxBufferedBytes: number;
  /** Default: the target grows without limit. */
  readonly rotation?: Rotation;
  /** Called with the first error of the target; lines are dropped from then on. */
  readonly onError: (error: Error) => void;
}

/** A quarter of a pipe's capacity on Linux, so that a slow reader frees the buffer bit by bit. */
const pieceLength = 16 * 1024;

/** Nothing signals that a full pipe has room again, so it is tried again after this time. */
const retryMs = 100;

export function openLineWriter({ target, maxBufferedBytes, rotation, onError }: LineWriterOptions): LineWriter {
  /** `over`: no further write is begun. */
  let state: 'open' | 'closing' | 'over' = 'open';
  let isBroken = false;
  let fd = typeof target === 'number' ? target : null;
  let pieces: string[] = [];
  /** What the last write did not take. A pending write is neither here nor in `pieces`. */
  let remainder: Buffer | null = null;
  let bufferedBytes = 0;
  let running = typeof target === 'string' ? run() : null;

  /** Everything that uses the descriptor, strictly in sequence. */
  async function run(): Promise<void> {
    try {
      if (typeof target === 'string' && !isBroken) fd ??= await promisify(open)(target, 'a', 0o600);
      for (let bytes = take(); fd !== null && bytes !== null && state !== 'over'; bytes = take()) {
        const writtenBytes = await writeSome(fd, bytes);
        bufferedBytes -= writtenBytes;
        if (writtenBytes < bytes.length) remainder = bytes.subarray(writtenBytes);
        if (writtenBytes === 0) await delay(retryMs);
        if (rotation !== undefined && remainder === null) await makeRoom(fd, rotation);
      }
    } catch (error) {
      fail(error);
    }
    if (state !== 'open' && fd !== null && fd !== 1 && fd !== 2) await promisify(close)(fd).catch(fail);
    // Nothing is awaited between the last look at the buffer and here, so no line is left behind.
    running = null;
  }

  function take(): Buffer | null {
    const piece = remainder === null ? pieces.shift() : undefined;
    const bytes = piece === undefined ? remainder : Buffer.from(piece);
    remainder = null;
    return bytes;
  }

  function fail(error: unknown): void {
    pieces = [];
    remainder = null;
    if (isBroken) return;
    isBroken = true;
    onError(error instanceof Error ? error : new Error(String(error)));
  }

  /** The last lines before the process exits often matter most, and there is no event loop left to write them. */
  function writeOutNow(): void {
    try {
      for (let bytes = take(); fd !== null && bytes !== null; bytes = take()) {
        for (let rest = bytes; rest.length > 0; ) rest = rest.subarray(writeSync(fd, rest));
      }
    } catch {
      // The process is exiting: there is nobody left to report to.
    }
  }
  process.once('exit', writeOutNow);

  return {
    write(line) {
      const bytes = Buffer.byteLength(line);
      if (state !== 'open' || isBroken || bufferedBytes + bytes > maxBufferedBytes) return false;
      bufferedBytes += bytes;
      const last = pieces.at(-1);
      if (last === undefined || last.length + line.length > pieceLength) pieces.push(line);
      else pieces[pieces.length - 1] = last + line;
      running ??= run();
      return true;
    },
    async close(timeoutMs) {
      if (state !== 'open') return;
      state = 'closing';
      running ??= run();
      const patience = new AbortController();
      await Promise.race([running, delay(timeoutMs, undefined, { signal: patience.signal }).catch(() => {})]);
      patience.abort();
      state = 'over';
      process.off('exit', writeOutNow);
    },
  };
}

/** How many bytes the descriptor took; 0 if it is full. */
async function writeSome(fd: number, bytes: Buffer): Promise<number> {
  try {
    return (await promisify(write)(fd, bytes)).bytesWritten;
  } catch (error) {
    if (isSystemError(error, 'EAGAIN')) return 0;
    throw error;
  }
}

/** If the disk has no room for the copy, the old lines are given up rather than filling it further. */
async function makeRoom(fd: number, { path, maxFileBytes }: Rotation): Promise<void> {
  const { size } = await promisify(fstat)(fd);
  if (size < maxFileBytes) return;
  // There may be no `.1` yet.
  await rename(`${path}.1`, `${path}.2`).catch(() => undefined);
  await copyFile(path, `${path}.1`).catch(() => rm(`${path}.1`, { force: true }));
  await promisify(ftruncate)(fd, 0);
}
