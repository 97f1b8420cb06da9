/** One reader of the stream: a cursor into what is remembered, and the requests it could not answer yet. */

import { onAbort } from '../../on-abort.ts';
import type { Fact, FactsMissed } from './fact.ts';
import type { FactMemory } from './memory/memory.ts';

export interface FactReaderOptions {
  readonly memory: FactMemory;
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
  memory,
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
    const next = memory.nextFrom(cursor);
    if (cursor < next) {
      const missed: FactsMissed = { type: 'facts.missed', from: cursor, to: next - 1, count: next - cursor };
      // Numbers before the first belong to an earlier run, which ended: no reader was too slow for those.
      onMissed(next - Math.max(cursor, memory.firstSeq));
      cursor = next;
      return missed;
    }
    const fact = memory.at(cursor);
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
