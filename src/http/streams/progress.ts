/** A call as a stream: its progress as it comes, then its result or its problem. */

import type { Progress } from '../../session/contract.ts';
import type { StreamedEvent } from './event-stream.ts';

/** Progress events queued for a slow reader at most; beyond that, the oldest are dropped. */
const mostWaiting = 64;

export interface StreamOptions {
  readonly toProblem: (error: unknown) => unknown;
}

export async function* streamOf(
  call: (onProgress: (progress: Progress) => void) => Promise<unknown>,
  { toProblem }: StreamOptions,
): AsyncGenerator<StreamedEvent> {
  const waiting: Progress[] = [];
  let wake = () => {};
  let last: StreamedEvent | null = null;
  const ended = call((progress) => {
    if (waiting.length >= mostWaiting) waiting.shift();
    waiting.push(progress);
    wake();
  }).then(
    (result) => {
      last = { event: 'result', data: result };
      wake();
    },
    (error: unknown) => {
      last = { event: 'problem', data: toProblem(error) };
      wake();
    },
  );
  for (;;) {
    const progress = waiting.shift();
    if (progress !== undefined) yield { event: 'progress', data: progress };
    else if (last !== null) break;
    else {
      await new Promise<void>((resolve) => {
        wake = resolve;
      });
    }
  }
  await ended;
  if (last !== null) yield last;
}
