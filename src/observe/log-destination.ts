/** Where log lines go, behind a bounded buffer: one that blocks costs lines, which are counted, and never time. */

import { isatty } from 'node:tty';
import pino from 'pino';

/** What an embedding host may hand in: a Node stream, or anything like one. It is never ended here. */
export interface LineStream {
  write(line: string): unknown;
  readonly writableLength?: number;
  readonly isTTY?: boolean;
}

/** A file descriptor (1: stdout), the path of a file that is appended to, or a stream. */
export type LogTarget = number | string | LineStream;

export interface LogDestination {
  readonly isTTY: boolean;
  /** Takes a line with its line break; false: dropped, because the target is too slow or broken. Never blocks and never throws. */
  write(line: string): boolean;
  /** Writes out what is buffered, waiting at most `timeoutMs`; a descriptor or file of ours is then closed, but for stdout and stderr. */
  close(timeoutMs: number): Promise<void>;
}

export interface LogDestinationOptions {
  readonly target: LogTarget;
  readonly maxBufferedBytes: number;
  /** Told of the first error of the target; lines are dropped from then on. */
  readonly onProblem: (error: Error) => void;
}

export function openLogDestination(options: LogDestinationOptions): LogDestination {
  const { target } = options;
  return typeof target === 'object' ? createStreamDestination(target, options) : openFileDestination(target, options);
}

function openFileDestination(dest: number | string, { maxBufferedBytes, onProblem }: LogDestinationOptions): LogDestination {
  // Written asynchronously: `process.stdout` would block the event loop on a full pipe.
  const boom = pino.destination({ dest, sync: false, maxLength: maxBufferedBytes, ...(typeof dest === 'string' ? { mode: 0o600 } : {}) });
  let problem: Error | null = null;
  let closed = false;
  let taken = true;
  boom.on('drop', () => {
    taken = false;
  });
  boom.on('error', (error: Error) => {
    if (problem === null) onProblem(error);
    problem = error;
  });

  return {
    isTTY: typeof dest === 'number' && isatty(dest),
    write(line) {
      if (closed || problem !== null) return false;
      taken = true;
      boom.write(line);
      return taken;
    },
    async close(timeoutMs) {
      if (closed) return;
      closed = true;
      if (problem === null) await within(timeoutMs, (done) => boom.once('close', done).once('error', done).end());
      boom.destroy();
    },
  };
}

function createStreamDestination(stream: LineStream, { maxBufferedBytes, onProblem }: LogDestinationOptions): LogDestination {
  let broken = false;
  let closed = false;
  return {
    isTTY: stream.isTTY === true,
    write(line) {
      if (closed || broken || (stream.writableLength ?? 0) + line.length > maxBufferedBytes) return false;
      try {
        stream.write(line);
        return true;
      } catch (error) {
        broken = true;
        onProblem(error instanceof Error ? error : new Error(String(error)));
        return false;
      }
    },
    async close() {
      closed = true;
    },
  };
}

/** Resolves when `begin` calls back, or when the time is over. */
async function within(timeoutMs: number, begin: (done: () => void) => void): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  await new Promise<void>((resolve) => {
    timer = setTimeout(resolve, timeoutMs);
    begin(() => resolve());
  });
  clearTimeout(timer);
}
