/** How long a control plane is waited for: one that accepts a connection and says nothing must hold nobody up. */

import { McpvisorError } from '../../errors.ts';
import { onAbort } from '../../on-abort.ts';

export interface Patience {
  /** For a whole answer, and for the beginning of a stream, in milliseconds. */
  readonly answerMs: number;
  /** For an answer beyond the time that its request grants, in milliseconds. */
  readonly marginMs: number;
  /** For a sign of life on a stream, in milliseconds. */
  readonly silenceMs: number;
}

/** Answers come within milliseconds; a busy machine gets its time. Streams have a heartbeat every 15 s. */
export const usualPatience: Patience = { answerMs: 30_000, marginMs: 10_000, silenceMs: 45_000 };

export interface Limit {
  readonly url: string;
  readonly timeoutMs: number;
  readonly signal?: AbortSignal | undefined;
}

/**
 * What `act` resolves with. Rejects with `NOT_ANSWERING` after `timeoutMs`, and with the reason of `signal`, whether or
 * not `act` obeys the signal it is given: in Node 20 `fetch` may have lost it.
 */
export async function within<Value>(
  { url, timeoutMs, signal }: Limit,
  act: (signal: AbortSignal) => Promise<Value>,
): Promise<Value> {
  signal?.throwIfAborted();
  const ending = new AbortController();
  let timer: NodeJS.Timeout | undefined;
  let forgetSignal: (() => void) | undefined;
  const over = new Promise<never>((_, reject) => {
    const end = (reason: unknown) => {
      reject(reason);
      ending.abort(reason);
    };
    timer = setTimeout(() => end(new McpvisorError('NOT_ANSWERING', { url, timeoutMs })), timeoutMs);
    if (signal !== undefined) forgetSignal = onAbort(signal, () => end(signal.reason));
  });
  try {
    return await Promise.race([act(ending.signal), over]);
  } finally {
    clearTimeout(timer);
    forgetSignal?.();
  }
}

/** A line is a sign of life, and so is this much of a long one; single bytes now and then are none. */
const signBytes = 1_024;

/** Silence is counted in steps: when we were stopped (Ctrl-Z), one has passed, and what came meanwhile is read next. */
const silentSteps = 3;

const lineFeed = 0x0a;

export interface Listening {
  /** What flows through it is heard. */
  readonly stream: TransformStream<Uint8Array, Uint8Array>;
  /** What `next` resolves with. Rejects with `NOT_ANSWERING` if there is no sign of life for `silenceMs`. */
  wait<Value>(next: Promise<Value>): Promise<Value>;
}

/** Listens to a stream only while its reader waits: one that is busy with something else has heard nothing, either. */
export function listenTo({ url, silenceMs }: { readonly url: string; readonly silenceMs: number }): Listening {
  let steps = 0;
  let bytes = 0;
  const heard = () => {
    steps = 0;
    bytes = 0;
  };
  return {
    stream: new TransformStream({
      transform(chunk, controller) {
        bytes += chunk.length;
        if (bytes >= signBytes || chunk.includes(lineFeed)) heard();
        controller.enqueue(chunk);
      },
    }),
    async wait(next) {
      heard();
      let clock: NodeJS.Timeout | undefined;
      const silent = new Promise<never>((_, reject) => {
        clock = setInterval(() => {
          steps += 1;
          if (steps === silentSteps) reject(new McpvisorError('NOT_ANSWERING', { url, timeoutMs: silenceMs }));
        }, silenceMs / silentSteps);
      });
      try {
        return await Promise.race([next, silent]);
      } finally {
        clearInterval(clock);
      }
    },
  };
}
