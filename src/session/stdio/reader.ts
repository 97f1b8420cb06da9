/** Turns newline-delimited JSON into JSON-RPC messages, delivered in order and at once. */

import type { JSONRPCMessage } from '@modelcontextprotocol/sdk/types.js';
import { MalformedLine } from '../link.ts';
import { MessageTooHeavyError, parseMessageText, toMessage } from '../parse.ts';
import type { Unfinished } from '../protocol/overhearing.ts';

export interface MessageReader {
  push(chunk: Buffer): void;
  /** The line that has begun and not ended; null: there is none. */
  unfinished(): Unfinished | null;
}

export interface MessageReaderOptions {
  readonly maxBytes: number;
  readonly onMessage: (message: JSONRPCMessage) => void;
  /**
   * A line that is no message, and is skipped. Called for the first 20, then for every 1 000th; the error's text ends
   * with the beginning of the line.
   */
  readonly onMalformed: (error: MalformedLine) => void;
  /** Called once; everything after it is dropped unread. */
  readonly onTooLarge: (reason: string) => void;
}

const lineEnd = 10;
const firstReported = 20;
const reportEvery = 1_000;
/** In characters. More than is shown, so that a secret in it is recognised as a whole before it is cut. */
const excerptLength = 16 * 1024;
/** A buffer larger than this is released after its message, in bytes. */
const keptBytes = 1024 * 1024;

export function createMessageReader({
  maxBytes,
  onMessage,
  onMalformed,
  onTooLarge,
}: MessageReaderOptions): MessageReader {
  // The beginning of a line that has not ended yet. Doubled when full, so that each byte is copied a bounded number of
  // times.
  let partial: Buffer = Buffer.alloc(0);
  let partialBytes = 0;
  let malformed = 0;
  let isTooLarge = false;

  const append = (piece: Buffer): void => {
    if (partialBytes + piece.length > partial.length) {
      const larger = Buffer.allocUnsafeSlow(Math.max(2 * (partialBytes + piece.length), 4 * 1024));
      partial.copy(larger, 0, 0, partialBytes);
      partial = larger;
    }
    piece.copy(partial, partialBytes);
    partialBytes += piece.length;
  };
  const finish = (piece: Buffer): string => {
    if (partialBytes === 0) return piece.toString('utf8');
    append(piece);
    const line = partial.toString('utf8', 0, partialBytes);
    partialBytes = 0;
    if (partial.length > keptBytes) partial = Buffer.alloc(0);
    return line;
  };
  const reportMalformed = (line: string, reason: string): void => {
    malformed += 1;
    if (malformed > firstReported && malformed % reportEvery !== 0) return;
    const count = malformed > firstReported ? ` (${malformed} such lines so far)` : '';
    const excerpt = line.trim().slice(0, excerptLength);
    const message = `The server wrote a line to stdout that is not a JSON-RPC message${count}: ${reason}: ${excerpt}`;
    onMalformed(new MalformedLine(message, excerpt));
  };
  const giveUp = (reason: string): void => {
    isTooLarge = true;
    partial = Buffer.alloc(0);
    partialBytes = 0;
    onTooLarge(reason);
  };
  const read = (line: string): void => {
    let value: unknown;
    try {
      value = parseMessageText(line);
    } catch (error) {
      if (error instanceof MessageTooHeavyError) {
        giveUp(error.message);
        return;
      }
      // Some runtimes write a byte order mark first.
      if (line.startsWith('\uFEFF')) read(line.slice(1));
      // Empty lines are harmless; all others are reported.
      else if (line.trim() !== '') reportMalformed(line, 'not JSON');
      return;
    }
    const message = toMessage(value);
    if (message !== null) onMessage(message);
    else reportMalformed(line, Array.isArray(value) ? 'a batch' : 'not JSON-RPC 2.0');
  };

  return {
    unfinished: () =>
      partialBytes === 0
        ? null
        : { bytes: partialBytes, beginning: partial.toString('utf8', 0, Math.min(partialBytes, excerptLength)) },
    push(chunk) {
      if (isTooLarge) return;
      let from = 0;
      // What is read may turn out to be too heavy.
      while (!isTooLarge) {
        const to = chunk.indexOf(lineEnd, from);
        const piece = chunk.subarray(from, to === -1 ? chunk.length : to);
        if (partialBytes + piece.length > maxBytes)
          return giveUp(`The server sent a message larger than ${maxBytes} bytes (maxMessageBytes).`);
        if (to === -1) return piece.length > 0 ? append(piece) : undefined;
        read(finish(piece));
        from = to + 1;
      }
    },
  };
}
