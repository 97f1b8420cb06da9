/**
 * Appends lines to a descriptor or a file: off the event loop, one write at a time, behind a bounded buffer.
 *
 * Not `pino.destination`, which closes a descriptor under a write that is on its way or waits to be tried again: by
 * then the number may be that of another file or socket, and that gets the lines
 * (https://github.com/pinojs/sonic-boom/issues/98).
 */

import { close, fstat, ftruncate, open, write, writeSync } from 'node:fs';
import { copyFile, rename, rm } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';

export interface LineWriter {
  /** False: dropped, because the target is too slow or broken. Never blocks and never throws. */
  write(line: string): boolean;
  /**
   * Writes out what is buffered, waiting at most `timeoutMs`. Then the descriptor is closed, but for stdout and stderr;
   * when the time is over, as soon as the last write has come back.
   */
  close(timeoutMs: number): Promise<void>;
}

/** Of a file that others have open, too: it is copied and emptied in place, for which they must append, as we do. */
export interface Rotation {
  /** Of the file behind the descriptor. Older ones have `.1` and `.2` behind their names. */
  readonly path: string;
  readonly maxFileBytes: number;
}

export interface LineWriterOptions {
  /** A descriptor, or the path of a file, made with mode 0600. */
  readonly target: number | string;
  readonly maxBufferedBytes: number;
  /** Default: the target grows without end. */
  readonly rotation?: Rotation;
  /** Told of the first error of the target; lines are dropped from then on. */
  readonly onProblem: (error: Error) => void;
}

/** A quarter of what a pipe holds on Linux: a slow reader frees the buffer bit by bit. */
const pieceLength = 16 * 1024;

/** A full pipe tells nobody when it has room again. */
const retryMs = 100;

export function openLineWriter({ target, maxBufferedBytes, rotation, onProblem }: LineWriterOptions): LineWriter {
  /** `over`: no write is begun any more. */
  let state: 'open' | 'closing' | 'over' = 'open';
  let isBroken = false;
  let fd = typeof target === 'number' ? target : null;
  let pieces: string[] = [];
  /** What the last write left. What is being written is neither here nor in `pieces`. */
  let remainder: Buffer | null = null;
  let bufferedBytes = 0;
  let running = typeof target === 'string' ? run() : null;

  /** Whatever is done with the descriptor, one thing after the other. */
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
    // Nothing is awaited between the last look at the buffer and here: no line is left behind.
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
    onProblem(error instanceof Error ? error : new Error(String(error)));
  }

  /** What is said just before the process exits is often what matters, and no event loop is left to write it. */
  function writeOutNow(): void {
    try {
      for (let bytes = take(); fd !== null && bytes !== null; bytes = take()) {
        for (let rest = bytes; rest.length > 0; ) rest = rest.subarray(writeSync(fd, rest));
      }
    } catch {
      // The process exits, and who could be told?
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

/** How many bytes the descriptor took; 0 when it is full. */
async function writeSome(fd: number, bytes: Buffer): Promise<number> {
  try {
    return (await promisify(write)(fd, bytes)).bytesWritten;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EAGAIN') return 0;
    throw error;
  }
}

/** A disk on which there is no room for a copy is no reason to fill it further. */
async function makeRoom(fd: number, { path, maxFileBytes }: Rotation): Promise<void> {
  const { size } = await promisify(fstat)(fd);
  if (size < maxFileBytes) return;
  // There may be none yet.
  await rename(`${path}.1`, `${path}.2`).catch(() => undefined);
  await copyFile(path, `${path}.1`).catch(() => rm(`${path}.1`, { force: true }));
  await promisify(ftruncate)(fd, 0);
}
