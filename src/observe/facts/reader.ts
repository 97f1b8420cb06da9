/** One reader of the stream: a cursor into the ring, and the requests it could not answer yet. */

import { onAbort } from '../../on-abort.ts';
import type { Fact, FactsMissed } from './fact.ts';
import type { FactRing } from './ring.ts';

export interface FactReaderOptions {
  readonly ring: FactRing;
  /** Number the reader wants next. */
  readonly nextSeq: number;
  /** Wake-up functions of readers that wait for a fact; the publisher calls each once and removes it. */
  readonly waiting: Set<() => void>;
  readonly isClosed: () => boolean;
  readonly signal: AbortSignal | undefined;
  readonly onMissed: (count: number) => void;
}

type Result = IteratorResult<Fact | FactsMissed, undefined>;

const over: Result = { done: true, value: undefined };

export function createFactReader({
  ring,
  nextSeq,
  waiting,
  isClosed,
  signal,
  onMissed,
}: FactReaderOptions): AsyncIterableIterator<Fact | FactsMissed, undefined> {
  let cursor = nextSeq;
  let ended = false;
  const requests: ((result: Result) => void)[] = [];

  function take(): Fact | FactsMissed | null {
    const { oldestSeq } = ring;
    if (cursor < oldestSeq) {
      const missed: FactsMissed = { type: 'facts.missed', from: cursor, to: oldestSeq - 1, count: oldestSeq - cursor };
      // Numbers before the first belong to an earlier run, which ended: no reader was too slow for those.
      onMissed(oldestSeq - Math.max(cursor, ring.firstSeq));
      cursor = oldestSeq;
      return missed;
    }
    const fact = ring.at(cursor);
    if (fact !== null) cursor += 1;
    return fact;
  }

  function nextResult(): Result | null {
    if (ended) return over;
    const value = take();
    if (value !== null) return { done: false, value };
    if (!isClosed()) return null;
    end();
    return over;
  }

  function answer(): void {
    while (requests.length > 0) {
      const result = nextResult();
      if (result === null) {
        waiting.add(answer);
        return;
      }
      requests.shift()?.(result);
    }
  }

  function end(): void {
    if (ended) return;
    ended = true;
    waiting.delete(answer);
    forgetSignal?.();
    answer();
  }

  const forgetSignal = signal === undefined ? null : onAbort(signal, end);
  if (signal?.aborted) end();

  return {
    [Symbol.asyncIterator]() {
      return this;
    },
    next() {
      return new Promise((resolve) => {
        requests.push(resolve);
        answer();
      });
    },
    async return() {
      end();
      return over;
    },
  };
}
