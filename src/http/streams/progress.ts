/** A call as a stream: its progress as it comes, then its result or its problem. */

import type { Progress } from '../../session/contract.ts';
import { toJsonText } from '../../text/json-text.ts';
import type { StreamedEvent } from './event-stream.ts';
import type { Parcel } from './outgoing.ts';

/** Progress events queued for a slow reader at most; beyond that, the oldest are dropped. */
const mostWaiting = 64;

export interface StreamOptions {
  readonly toProblem: (error: unknown) => object;
  /** Takes room for an event of so many bytes. Throws `ANSWERS_UNREAD`. */
  readonly open: (bytes: number) => Parcel;
}

interface Waiting {
  readonly event: StreamedEvent;
  readonly parcel: Parcel | null;
}

export async function* streamOf(
  call: (onProgress: (progress: Progress) => void) => Promise<object>,
  { toProblem, open }: StreamOptions,
): AsyncGenerator<StreamedEvent> {
  const waiting: Waiting[] = [];
  let wake = () => {};
  let isOver = false;
  let isRead = true;
  // What waits behind an event that is being read does not stand still either.
  const onTaken = () => {
    for (const { parcel } of waiting) parcel?.moved();
  };
  /** Throws `ANSWERS_UNREAD`. */
  const add = (event: string, data: object) => {
    if (!isRead) return;
    const json = toJsonText(data);
    waiting.push({ event: { event, json, onTaken }, parcel: open(Buffer.byteLength(json)) });
    wake();
  };
  const addProblem = (error: unknown) => {
    try {
      add('problem', toProblem(error));
    } catch (refusal) {
      waiting.push({ event: { event: 'problem', json: toJsonText(toProblem(refusal)) }, parcel: null });
    }
  };
  const ended = call((progress) => {
    // The first may be on its way.
    if (waiting.length > mostWaiting) waiting.splice(1, 1)[0]?.parcel?.end();
    try {
      add('progress', progress);
    } catch {
      // There is no room for it: progress may be left out, and the result will say so if there is none then.
    }
  })
    .then((result) => add('result', result))
    .catch(addProblem)
    .finally(() => {
      isOver = true;
      wake();
    });
  try {
    while (!isOver || waiting.length > 0) {
      const [next] = waiting;
      if (next === undefined) {
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
        continue;
      }
      yield next.event;
      onTaken();
      waiting.shift();
      next.parcel?.end();
    }
    await ended;
  } finally {
    isRead = false;
    for (const { parcel } of waiting.splice(0)) parcel?.end();
  }
}
