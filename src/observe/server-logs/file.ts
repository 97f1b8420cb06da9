/**
 * The log of one server on disk: appended to off the event loop, behind a bounded buffer, and rotated, so that it
 * takes no more than `maxFileBytes` × `files`. A disk that is full or slow loses lines but never blocks; it is tried
 * again after a while.
 */

import { mkdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { createStream, type RotatingFileStream } from 'rotating-file-stream';
import { type LogLine, toWritten } from './line.ts';
import type { LogStore } from './store.ts';
import { readTail } from './tail.ts';

export interface LogFileOptions {
  /** Of the newest file; older ones have `.1`, `.2` … behind their names. */
  readonly path: string;
  readonly maxFileBytes: number;
  /** At least 2. */
  readonly files: number;
  readonly maxBufferedBytes: number;
  /** Time before a target that failed is tried again, in milliseconds. */
  readonly retryMs: number;
  /** Called when the target fails, but not again until it has worked; lines are dropped until it is tried again. */
  readonly onError: (error: unknown) => void;
}

/** Lines that are written together. */
interface Batch {
  /** Lines lost before the first one. */
  readonly gap: number;
  readonly lines: LogLine[];
}

/** How long a disk that blocks may delay `close`, in milliseconds. */
const closeTimeoutMs = 1_000;

export function createLogFile({
  path,
  maxFileBytes,
  files,
  maxBufferedBytes,
  retryMs,
  onError,
}: LogFileOptions): LogStore {
  let stream: RotatingFileStream | null = null;
  /** Lines about to be written; later ones of the same turn join them. */
  let batch: Batch | null = null;
  let droppedLines = 0;
  /** Lines dropped since the last batch was begun: the next batch says how many. */
  let untoldLines = 0;
  let bufferedBytes = 0;
  let brokenUntilMs = Number.NEGATIVE_INFINITY;
  let isErrorReported = false;
  let isClosed = false;
  /** Everything that uses the file, strictly in sequence. Never rejects. */
  let last: Promise<unknown> = Promise.resolve();

  function then<Result>(work: () => Promise<Result>): Promise<Result> {
    const done = last.then(work);
    last = done.catch(() => {});
    return done;
  }

  function drop(lines: number): void {
    droppedLines += lines;
    untoldLines += lines;
    batch = null;
  }

  async function writeOut(own: Batch): Promise<void> {
    if (batch === own) batch = null;
    const text = own.lines.map(toWritten).join('');
    try {
      stream ??= await open();
      await writeTo(stream, gapText(own) + text);
      isErrorReported = false;
    } catch (error) {
      fail(error);
      drop(own.lines.length);
      untoldLines += own.gap;
    }
    bufferedBytes -= Buffer.byteLength(text);
  }

  async function open(): Promise<RotatingFileStream> {
    await mkdir(dirname(path), { recursive: true, mode: 0o700 });
    const opened = createStream((index) => (typeof index === 'number' ? `${nameOf(path)}.${index}` : nameOf(path)), {
      path: dirname(path),
      size: `${maxFileBytes}B`,
      rotate: files - 1,
      mode: 0o600,
    });
    // Each write gets the error as well.
    opened.on('error', () => {});
    return opened;
  }

  function fail(error: unknown): void {
    stream?.destroy();
    stream = null;
    brokenUntilMs = performance.now() + retryMs;
    if (!isErrorReported) onError(error);
    isErrorReported = true;
  }

  function begin(): Batch {
    const own: Batch = { gap: untoldLines, lines: [] };
    untoldLines = 0;
    // `writeOut` does not reject.
    void then(() => writeOut(own));
    return own;
  }

  return {
    get droppedLines() {
      return droppedLines;
    },
    push(line) {
      const bytes = Buffer.byteLength(toWritten(line));
      if (isClosed || performance.now() < brokenUntilMs || bufferedBytes + bytes > maxBufferedBytes) {
        drop(1);
        return;
      }
      bufferedBytes += bytes;
      batch ??= begin();
      batch.lines.push(line);
    },
    tail(count) {
      // Lines pushed from now on are written after this read.
      batch = null;
      return then(() => readTail(pathsOf(path, files), count));
    },
    async close() {
      if (isClosed) return;
      isClosed = true;
      const ended = then(async () => {
        if (stream !== null) await endOf(stream);
      });
      const patience = new AbortController();
      await Promise.race([
        ended,
        delay(closeTimeoutMs, undefined, { signal: patience.signal, ref: false }).catch(() => {}),
      ]);
      patience.abort();
    },
  };
}

function gapText({ gap, lines: [first] }: Batch): string {
  if (gap === 0 || first === undefined) return '';
  return toWritten({ ...first, text: `(${gap} lines lost: the disk was too slow or full)` });
}

function nameOf(path: string): string {
  return path.slice(dirname(path).length + 1);
}

/** The newest first. */
function pathsOf(path: string, files: number): readonly string[] {
  return Array.from({ length: files }, (_, index) =>
    index === 0 ? path : join(dirname(path), `${nameOf(path)}.${index}`),
  );
}

function writeTo(stream: RotatingFileStream, text: string): Promise<void> {
  return new Promise((resolve, reject) => {
    stream.write(text, (error) => (error instanceof Error ? reject(error) : resolve()));
  });
}

function endOf(stream: RotatingFileStream): Promise<void> {
  return new Promise((resolve) => {
    stream.once('close', resolve);
    stream.end();
  });
}
