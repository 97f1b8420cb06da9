/**
 * Reads the body of an answer: JSON as a whole, or an event stream event by event; each message up to a limit, and as
 * long as there is room for it.
 */

import { createParser } from 'eventsource-parser';
import type { Account } from '../../../budget.ts';
import { createPieces } from '../../../pieces.ts';
import { toTooLarge } from '../error.ts';
import type { Answer } from './answer.ts';
import { startReading } from './reading.ts';
import { createTurns } from './turns.ts';
import { createUnfinishedEvent } from './unfinished-event.ts';

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

/** How much is read of a body, and where the room for it comes from. */
export interface BodyLimits {
  /** Longest message that the server may send, in bytes. */
  readonly maxMessageBytes: number;
  readonly room: Account;
}

/** The body as text. Rejects with a `RemoteError` if it breaks off, is too long, or finds no room. */
export async function readText(answer: Answer, { maxMessageBytes, room }: BodyLimits): Promise<string> {
  const reading = startReading(answer, room);
  const text = createPieces(maxMessageBytes, reading.held);
  // Most bodies come in one piece, and are not copied.
  let only: Uint8Array | null = null;
  for await (const piece of reading.pieces) {
    if ((only?.length ?? text.bytes) + piece.length > maxMessageBytes) throw toTooLarge(maxMessageBytes);
    if (only === null && text.bytes === 0) {
      reading.check(reading.held.take(piece.length));
      only = piece;
      continue;
    }
    if (only !== null) {
      reading.held.release();
      reading.check(text.add(only));
      only = null;
    }
    reading.check(text.add(piece));
  }
  // Without the byte order mark that some servers write first.
  return new TextDecoder().decode(only ?? text.take());
}

/** Enough of an error page for the reason in it. */
const pageBytes = 64 * 1_024;
/** A server that refuses and never finishes saying so is not waited for longer, in milliseconds. */
const pageMs = 2_000;

/** The beginning of the body of an answer that is not ok. Does not reject: the status is enough. */
export async function readBeginning(answer: Answer, room: Account): Promise<string> {
  const reading = startReading(answer, room);
  const page = createPieces(Number.POSITIVE_INFINITY, reading.held);
  const timer = setTimeout(() => answer.drop(), pageMs);
  try {
    for await (const piece of reading.pieces) if (page.add(piece) !== null || page.bytes >= pageBytes) break;
  } catch {
    // A broken error page changes nothing.
  } finally {
    clearTimeout(timer);
  }
  return new TextDecoder().decode(page.take().subarray(0, pageBytes));
}

/** An answer that nobody reads gets so much time and space to end by itself, so that its connection can be used again. */
const ignoredMs = 250;

/** Reads on while the rest is short, and drops it otherwise. */
export function ignoreBody(answer: Answer): void {
  const timer = setTimeout(() => answer.drop(), ignoredMs).unref();
  // Whatever it was, nobody needs it.
  void passOver(answer)
    .catch(() => answer.drop())
    .finally(() => clearTimeout(timer));
}

async function passOver(answer: Answer): Promise<void> {
  let bytes = 0;
  for await (const piece of answer.body) {
    bytes += piece.length;
    if (bytes > pageBytes) break;
  }
}

/**
 * Reads an event stream to its end, in turn with everything else. Rejects with a `RemoteError` if it breaks off, or if
 * an event is too long or finds no room.
 */
export async function readEvents(answer: Answer, limits: BodyLimits, listener: EventListener): Promise<void> {
  const { maxMessageBytes, room } = limits;
  const reading = startReading(answer, room);
  const unfinished = createUnfinishedEvent();
  let isTooLarge = false;
  let isLast = false;
  const parser = createParser({
    // In characters, of which one is at least a byte.
    maxBufferSize: maxMessageBytes,
    onEvent({ event = null, id = null, data }) {
      isTooLarge ||= data.length > maxMessageBytes || Buffer.byteLength(data) > maxMessageBytes;
      if (!isTooLarge) listener.event({ type: event, id, data, isLast });
    },
    onRetry: (delayMs) => listener.retry(delayMs),
    onComment: unfinished.comment,
    onError: ({ type }) => {
      isTooLarge ||= type === 'max-buffer-size-exceeded';
    },
  });
  const decoder = new TextDecoder();
  const withLineFeeds = createLineEnds();
  const readInTurns = createTurns((part) => {
    unfinished.feed(part);
    parser.feed(part);
    if (isTooLarge) throw toTooLarge(maxMessageBytes);
    reading.held.release();
    reading.check(reading.held.take(unfinished.weight));
  }, room.outlet);
  for await (const piece of reading.pieces) await readInTurns(withLineFeeds(decoder.decode(piece, { stream: true })));
  isLast = true;
  parser.feed('\n\n');
  if (isTooLarge) throw toTooLarge(maxMessageBytes);
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
