/**
 * Appends lines to a descriptor or a file: off the event loop, one write at a time, behind a bounded buffer.
 *
 * Not `pino.destination`, which closes a descriptor while a write to it is pending or waits for a retry: by then the
 * number may belong to another file or socket, which then gets the lines
 * (https://github.com/pinojs/sonic-boom/issues/98).
 */

import { close, constants, fstat, ftruncate, open, write, writeSync } from 'node:fs';
import { copyFile, mkdir, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';
import { isThere } from '../../files/own-file.ts';
import { isSystemError, systemCodeOf } from '../../system-error.ts';

export interface LineWriter {
  /** Returns false if the line was dropped: the buffer is full, or the target broken. Never blocks and never throws. */
  write(line: string): boolean;
  /**
   * Flushes the buffer, waiting at most `timeoutMs`. Then the descriptor is closed, unless it is stdout or stderr; on a
   * timeout it is closed as soon as the pending write has returned.
   */
  close(timeoutMs: number): Promise<void>;
}

/**
 * For a file that other processes have open, too: it is copied and truncated in place, so all of them must append. If
 * its name is gone, it is made again.
 */
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
  /**
   * Called with the first error of the target, and with null once it works again: it is tried until then, and the lines
   * wait in the buffer. A pipe or descriptor that is closed stays so.
   */
  readonly onTrouble: (error: Error | null) => void;
}

/** A quarter of a pipe's capacity on Linux, so that a slow reader frees the buffer bit by bit. */
const pieceLength = 16 * 1024;

/** Nothing signals that a full pipe has room again, so it is tried again after this time. */
const retryMs = 100;

/** A disk that is full or gone is tried again after this time. */
const troubleRetryMs = 1_000;

/** Whether the name of the file is gone is looked at no more often than this. */
const lookMs = 1_000;

export function openLineWriter({ target, maxBufferedBytes, rotation, onTrouble }: LineWriterOptions): LineWriter {
  /** `over`: no further write is begun. */
  let state: 'open' | 'closing' | 'over' = 'open';
  let isBroken = false;
  let isTroubled = false;
  let lookedAtMs = performance.now();
  let fd = typeof target === 'number' ? target : null;
  let pieces: string[] = [];
  /** What the last write did not take. A pending write is neither here nor in `pieces`. */
  let remainder: Buffer | null = null;
  let bufferedBytes = 0;
  let running = typeof target === 'string' ? run() : null;

  /** Everything that uses the descriptor, strictly in sequence. */
  async function run(): Promise<void> {
    while (!isBroken && state !== 'over') {
      try {
        await writeWaiting();
        break;
      } catch (error) {
        fail(error);
        if (!isBroken) await delay(troubleRetryMs, undefined, { ref: false });
      }
    }
    if (state !== 'open') await release();
    // Nothing is awaited between the last look at the buffer and here, so no line is left behind.
    running = null;
  }

  async function writeWaiting(): Promise<void> {
    if (rotation !== undefined) await reopenIfGone(rotation);
    if (typeof target === 'string') fd ??= await openFile(target);
    for (let bytes = take(); fd !== null && bytes !== null && state !== 'over'; bytes = take()) {
      const writtenBytes = await writeSome(fd, bytes).catch((error: unknown) => {
        remainder = bytes;
        throw error;
      });
      bufferedBytes -= writtenBytes;
      if (writtenBytes < bytes.length) remainder = bytes.subarray(writtenBytes);
      if (writtenBytes === 0) await delay(retryMs);
      else if (isTroubled) tell(null);
      if (rotation !== undefined && remainder === null) await makeRoom(fd, rotation);
    }
  }

  async function reopenIfGone({ path }: Rotation): Promise<void> {
    if (fd === null || performance.now() - lookedAtMs < lookMs) return;
    lookedAtMs = performance.now();
    if (await isThere(path)) return;
    await mkdir(dirname(path), { recursive: true, mode: 0o700 });
    const fresh = await openFile(path);
    await release();
    fd = fresh;
  }

  async function release(): Promise<void> {
    const old = fd;
    fd = null;
    // An error of `close` changes nothing: the descriptor is gone.
    if (old !== null && old !== 1 && old !== 2) await promisify(close)(old).catch(() => undefined);
  }

  function take(): Buffer | null {
    const piece = remainder === null ? pieces.shift() : undefined;
    const bytes = piece === undefined ? remainder : Buffer.from(piece);
    remainder = null;
    return bytes;
  }

  function fail(error: unknown): void {
    isBroken = finalCodes.has(systemCodeOf(error) ?? '');
    if (isBroken) {
      pieces = [];
      remainder = null;
    }
    if (!isTroubled) tell(error instanceof Error ? error : new Error(String(error)));
  }

  function tell(error: Error | null): void {
    isTroubled = error !== null;
    onTrouble(error);
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
      // The delay rejects when it is cancelled.
      await Promise.race([running, delay(timeoutMs, undefined, { signal: patience.signal }).catch(() => {})]);
      patience.abort();
      state = 'over';
      process.off('exit', writeOutNow);
    },
  };
}

/** The reader of a pipe is gone, or the descriptor was closed: no later write can succeed. */
const finalCodes: ReadonlySet<string> = new Set(['EPIPE', 'EBADF', 'EINVAL']);

/** A link in its place is not followed. */
function openFile(path: string): Promise<number> {
  const { O_APPEND, O_CREAT, O_NOFOLLOW, O_WRONLY } = constants;
  return promisify(open)(path, O_WRONLY | O_APPEND | O_CREAT | O_NOFOLLOW, 0o600);
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
  // There may be no `.1` yet. One that cannot be moved gives way as well: the log has to stay bounded.
  await rename(`${path}.1`, `${path}.2`).catch(() => undefined);
  await copyFile(path, `${path}.1`).catch(() => rm(`${path}.1`, { force: true }));
  await promisify(ftruncate)(fd, 0);
}
