/**
 * One reader of a server's lines as they come. Lines it has not read yet wait in a bounded queue; when that is full,
 * the oldest are dropped and the reader is told how many.
 */

import { onAbort } from '../../on-abort.ts';
import { type LinesMissed, type LogLine, sizeOf } from './line.ts';

export interface LogFollower {
  push(line: LogLine): void;
  /** The reader gets the lines it has not read yet, then ends. */
  end(): void;
  readonly lines: AsyncIterableIterator<LogLine | LinesMissed, undefined>;
}

export interface LogFollowerOptions {
  /** Lines to begin with. Lines pushed in the meantime come after them. */
  readonly earlier: Promise<readonly LogLine[]>;
  /** Bytes of lines that may wait for the reader. */
  readonly maxBytes: number;
  /** Ends the reading at once, without an error. */
  readonly signal: AbortSignal | undefined;
  /** May be called twice. */
  readonly onEnded: (follower: LogFollower) => void;
}

type Result = IteratorResult<LogLine | LinesMissed, undefined>;

interface Request {
  readonly resolve: (result: Result) => void;
  readonly reject: (error: unknown) => void;
}

const over: Result = { done: true, value: undefined };

export function createLogFollower({ earlier, maxBytes, signal, onEnded }: LogFollowerOptions): LogFollower {
  let state: 'loading' | 'open' | 'ending' | 'ended' = 'loading';
  let isEndDue = false;
  let problem: { readonly error: unknown } | null = null;
  let first: readonly LogLine[] = [];
  /** How many of `first` have been read. */
  let taken = 0;
  let waiting: LogLine[] = [];
  let bytes = 0;
  let missed = 0;
  const requests: Request[] = [];

  function take(): LogLine | LinesMissed | null {
    const next = first[taken];
    if (next !== undefined) {
      taken += 1;
      return next;
    }
    first = [];
    taken = 0;
    if (missed > 0) {
      const count = missed;
      missed = 0;
      return { type: 'lines.missed', count };
    }
    const line = waiting.shift() ?? null;
    if (line !== null) bytes -= sizeOf(line);
    return line;
  }

  function answer(): void {
    while (state !== 'loading' && requests.length > 0) {
      const value = state === 'ended' ? null : take();
      if (value === null && state === 'open') return;
      const request = requests.shift();
      if (value !== null) {
        request?.resolve({ done: false, value });
      } else if (problem !== null) {
        const { error } = problem;
        problem = null;
        request?.reject(error);
      } else {
        finish();
        request?.resolve(over);
      }
    }
  }

  function finish(): void {
    if (state === 'ended') return;
    state = 'ended';
    first = [];
    taken = 0;
    waiting = [];
    forgetSignal?.();
    onEnded(follower);
  }

  function leave(): void {
    finish();
    answer();
  }

  function loaded(lines: readonly LogLine[]): void {
    if (state !== 'loading') return;
    first = lines;
    state = isEndDue ? 'ending' : 'open';
    answer();
  }

  const follower: LogFollower = {
    push(line) {
      if (state === 'ended' || isEndDue) return;
      waiting.push(line);
      bytes += sizeOf(line);
      while (bytes > maxBytes) {
        const oldest = waiting.shift();
        if (oldest === undefined) break;
        bytes -= sizeOf(oldest);
        missed += 1;
      }
      answer();
    },
    end() {
      isEndDue = true;
      if (state === 'open') state = 'ending';
      answer();
      // The reader may never ask again, and the owner must not wait for that.
      if (state !== 'ended') onEnded(follower);
    },
    lines: {
      [Symbol.asyncIterator]() {
        return this;
      },
      next() {
        return new Promise((resolve, reject) => {
          requests.push({ resolve, reject });
          answer();
        });
      },
      async return() {
        leave();
        return over;
      },
    },
  };

  earlier.then(loaded, (error: unknown) => {
    problem = { error };
    isEndDue = true;
    loaded([]);
  });
  const forgetSignal = signal === undefined ? null : onAbort(signal, leave);
  if (signal?.aborted === true) leave();
  return follower;
}
