/**
 * The log of one server on disk: appended to off the event loop, behind a bounded buffer, and rotated, so that it
 * takes no more than `maxFileBytes` × `files`. A disk that is full or slow loses lines but never blocks; it is tried
 * again after a while.
 */

import { lstat, mkdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { createStream, type RotatingFileStream } from 'rotating-file-stream';
import { isThere } from '../../files/own-file.ts';
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
  /**
   * Called when the target fails, but not again until it has worked, and then with null; lines are dropped until it is
   * tried again.
   */
  readonly onTrouble: (error: unknown) => void;
}

/** Lines that are written together. */
interface Batch {
  /** Lines lost before the first one, and the last of them; its text is not told. */
  readonly gap: number;
  readonly lost: LogLine | null;
  readonly lines: LogLine[];
}

/** Whether the file still has its name is looked at no more often than this, in milliseconds. */
const lookMs = 1_000;

/** How long a disk that blocks may delay `close`, in milliseconds. */
const closeTimeoutMs = 1_000;

export function createLogFile({
  path,
  maxFileBytes,
  files,
  maxBufferedBytes,
  retryMs,
  onTrouble,
}: LogFileOptions): LogStore {
  let stream: RotatingFileStream | null = null;
  /** Lines about to be written; later ones of the same turn join them. */
  let batch: Batch | null = null;
  let droppedLines = 0;
  /** Lines dropped since the last batch was begun: the next batch says how many. */
  let untoldLines = 0;
  let lastLost: LogLine | null = null;
  let bufferedBytes = 0;
  let brokenUntilMs = Number.NEGATIVE_INFINITY;
  let isTroubled = false;
  let retry: NodeJS.Timeout | undefined;
  let lookedAtMs = Number.NEGATIVE_INFINITY;
  let isClosed = false;
  /** Everything that uses the file, strictly in sequence. Never rejects. */
  let last: Promise<unknown> = Promise.resolve();

  function then<Result>(work: () => Promise<Result>): Promise<Result> {
    const done = last.then(work);
    // Who asked for the work gets its error.
    last = done.catch(() => {});
    return done;
  }

  function drop(lines: readonly LogLine[]): void {
    droppedLines += lines.length;
    untoldLines += lines.length;
    lastLost = lines.at(-1) ?? lastLost;
    batch = null;
  }

  async function writeOut(own: Batch): Promise<void> {
    if (batch === own) batch = null;
    const text = own.lines.map(toWritten).join('');
    try {
      await leaveDeletedFile();
      stream ??= await open();
      await writeTo(stream, gapText(own) + text);
      if (isTroubled) onTrouble(null);
      isTroubled = false;
    } catch (error) {
      fail(error);
      lastLost ??= own.lost;
      drop(own.lines);
      untoldLines += own.gap;
    }
    bufferedBytes -= Buffer.byteLength(text);
  }

  async function open(): Promise<RotatingFileStream> {
    await mkdir(dirname(path), { recursive: true, mode: 0o700 });
    for (const one of [dirname(path), path]) await refuseForeign(one);
    lookedAtMs = performance.now();
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

  /** What is written into a file without a name is lost. */
  async function leaveDeletedFile(): Promise<void> {
    if (stream === null || performance.now() - lookedAtMs < lookMs) return;
    lookedAtMs = performance.now();
    if (await isThere(path)) return;
    stream.destroy();
    stream = null;
  }

  function fail(error: unknown): void {
    stream?.destroy();
    stream = null;
    brokenUntilMs = performance.now() + retryMs;
    clearTimeout(retry);
    retry = setTimeout(tryAgain, retryMs).unref();
    if (!isTroubled) onTrouble(error);
    isTroubled = true;
  }

  /** The server may have nothing more to say: what was lost is told as soon as it can be. */
  function tryAgain(): void {
    brokenUntilMs = Number.NEGATIVE_INFINITY;
    if (!isClosed && batch === null && untoldLines > 0) batch = begin();
  }

  function begin(): Batch {
    const own: Batch = { gap: untoldLines, lost: lastLost, lines: [] };
    untoldLines = 0;
    lastLost = null;
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
        drop([line]);
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
      clearTimeout(retry);
      const ended = then(async () => {
        if (stream !== null) await endOf(stream);
      });
      const patience = new AbortController();
      // The delay rejects when it is cancelled.
      await Promise.race([
        ended,
        delay(closeTimeoutMs, undefined, { signal: patience.signal, ref: false }).catch(() => {}),
      ]);
      patience.abort();
    },
  };
}

function gapText({ gap, lost, lines: [first] }: Batch): string {
  const where = first ?? lost;
  if (gap === 0 || where === null) return '';
  return toWritten({ ...where, text: `(${gap} lines lost: the disk was too slow or full)` });
}

/** We make neither: a link, or a file that has another name, too, would have us write somewhere else. */
async function refuseForeign(path: string): Promise<void> {
  if (!(await isThere(path))) return;
  const found = await lstat(path);
  if (found.isSymbolicLink()) throw new Error(`${path} is a link, which is not followed`);
  if (found.isFile() && found.nlink > 1) throw new Error(`${path} has a second name elsewhere: it is not written to`);
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
