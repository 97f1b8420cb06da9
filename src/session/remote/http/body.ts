/** Reads the body of an answer: JSON as a whole, or an event stream event by event; each message up to a limit. */

import { createParser } from 'eventsource-parser';
import type { Answer } from './answer.ts';
import { toBroken, toTooLarge } from './error.ts';

export interface StreamEvent {
  /** Null: a message. */
  readonly type: string | null;
  readonly id: string | null;
  readonly data: string;
  /** The stream ended before the empty line that ends an event. */
  readonly isLast: boolean;
}

export interface EventListener {
  event(event: StreamEvent): void;
  /** The server asks to wait this long, in milliseconds, before the stream is opened again. */
  retry(delayMs: number): void;
}

/** The body as text. Rejects with a `RemoteError` if it breaks off or is longer than `maxBytes`. */
export async function readText(answer: Answer, maxBytes: number): Promise<string> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of unbroken(answer)) {
    bytes += chunk.byteLength;
    if (bytes > maxBytes) throw toTooLarge(maxBytes);
    chunks.push(chunk);
  }
  // Without the byte order mark that some servers write first.
  return new TextDecoder().decode(chunks.length === 1 ? chunks[0] : Buffer.concat(chunks));
}

/** Enough of an error page for the reason in it. */
const pageBytes = 64 * 1_024;
/** A server that refuses and never finishes saying so is not waited for longer, in milliseconds. */
const pageMs = 2_000;

/** The beginning of the body of an answer that is not ok. Does not reject: the status is enough. */
export async function readBeginning(answer: Answer): Promise<string> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  const timer = setTimeout(() => answer.drop(), pageMs);
  try {
    for await (const chunk of answer.body) {
      chunks.push(chunk);
      bytes += chunk.byteLength;
      if (bytes >= pageBytes) break;
    }
  } catch {
    // A broken error page changes nothing.
  } finally {
    clearTimeout(timer);
  }
  return new TextDecoder().decode(Buffer.concat(chunks).subarray(0, pageBytes));
}

/** An answer that nobody reads gets so much time and space to end by itself, so that its connection can be used again. */
const ignoredMs = 250;

/** Reads on while the rest is short, and drops it otherwise. */
export function ignoreBody(answer: Answer): void {
  const timer = setTimeout(() => answer.drop(), ignoredMs).unref();
  // Whatever it was, nobody needs it.
  void readText(answer, pageBytes)
    .catch(() => answer.drop())
    .finally(() => clearTimeout(timer));
}

/**
 * Reads an event stream to its end. Rejects with a `RemoteError` if it breaks off, or if an event is longer than
 * `maxBytes`.
 */
export async function readEvents(answer: Answer, maxBytes: number, listener: EventListener): Promise<void> {
  let isTooLarge = false;
  let isLast = false;
  const parser = createParser({
    // In characters, of which one is at least a byte.
    maxBufferSize: maxBytes,
    onEvent({ event = null, id = null, data }) {
      isTooLarge ||= data.length > maxBytes || Buffer.byteLength(data) > maxBytes;
      if (!isTooLarge) listener.event({ type: event, id, data, isLast });
    },
    onRetry: (delayMs) => listener.retry(delayMs),
    onError: ({ type }) => {
      isTooLarge ||= type === 'max-buffer-size-exceeded';
    },
  });
  const decoder = new TextDecoder();
  const withLineFeeds = createLineEnds();
  for await (const chunk of unbroken(answer)) {
    parser.feed(withLineFeeds(decoder.decode(chunk, { stream: true })));
    if (isTooLarge) throw toTooLarge(maxBytes);
  }
  isLast = true;
  parser.feed('\n\n');
}

async function* unbroken(answer: Answer): AsyncIterable<Uint8Array> {
  try {
    yield* answer.body;
  } catch (error) {
    throw toBroken(error, answer.url);
  }
}

/**
 * Makes every line end a line feed, wherever the pieces are cut. The parser waits for what follows a carriage return,
 * and looks through the whole piece again at each one.
 */
function createLineEnds(): (piece: string) => string {
  let endedInReturn = false;
  return (piece) => {
    const text = endedInReturn && piece.startsWith('\n') ? piece.slice(1) : piece;
    if (piece !== '') endedInReturn = piece.endsWith('\r');
    return text.includes('\r') ? text.replace(/\r\n?/g, '\n') : text;
  };
}
