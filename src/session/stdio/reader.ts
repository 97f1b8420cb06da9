/** Turns newline-delimited JSON into JSON-RPC messages, delivered in order and at once. */

import type { JSONRPCMessage } from '@modelcontextprotocol/sdk/types.js';
import type { Account } from '../budget.ts';
import { MalformedLine } from '../link.ts';
import { type NoRoom, noRoomFor } from '../no-room.ts';
import { MessageTooHeavyError, parseMessageText, toMessage } from '../parse.ts';
import { createPieces } from '../pieces.ts';
import type { Unfinished } from '../protocol/overhearing.ts';

/** How much of a piece was read. */
export interface Progress {
  readonly bytes: number;
  readonly lines: number;
}

export interface MessageReader {
  /** Reads to the end of the last of so many lines, or all of it. Default: all of it. */
  push(chunk: Buffer, mostLines?: number): Progress;
  /** The line that has begun and not ended; null: there is none. */
  unfinished(): Unfinished | null;
}

export interface MessageReaderOptions {
  readonly maxBytes: number;
  /** For a line that has begun and not ended. */
  readonly room: Account;
  readonly onMessage: (message: JSONRPCMessage) => void;
  /**
   * A line that is no message, and is skipped. Called for the first 20, then for every 1 000th; the error's text ends
   * with the beginning of the line.
   */
  readonly onMalformed: (error: MalformedLine) => void;
  /** Called once; everything after it is dropped unread. */
  readonly onTooLarge: (refusal: Refusal) => void;
}

type Refusal = Pick<NoRoom, 'class' | 'message'> & { readonly code: NoRoom['code'] | null };

const lineEnd = 10;
const firstReported = 20;
const reportEvery = 1_000;
/** In characters. More than is shown, so that a secret in it is recognised as a whole before it is cut. */
const excerptLength = 16 * 1024;
/** Every message names its protocol. To look for it costs a fiftieth of what it costs to parse a line that is no JSON. */
const sign = 'jsonrpc';

export function createMessageReader(options: MessageReaderOptions): MessageReader {
  const { maxBytes, room, onMessage, onMalformed, onTooLarge } = options;
  // The beginning of a line that has not ended yet.
  const held = room.hold(() => giveUp(noRoomFor('process', room.limits)));
  const partial = createPieces(maxBytes, held);
  let malformed = 0;
  let isTooLarge = false;

  const append = (piece: Buffer): void => {
    const bound = partial.add(piece);
    if (bound !== null) giveUp(noRoomFor(bound, room.limits));
  };
  const finish = (piece: Buffer): string | null => {
    if (partial.bytes === 0) return piece.toString('utf8');
    append(piece);
    return isTooLarge ? null : partial.take().toString('utf8');
  };
  const reportMalformed = (line: string, reasonIn: (line: string) => string): void => {
    malformed += 1;
    if (malformed > firstReported && malformed % reportEvery !== 0) return;
    const count = malformed > firstReported ? ` (${malformed} such lines so far)` : '';
    const excerpt = line.trim().slice(0, excerptLength);
    const message = `The server wrote a line to stdout that is not a JSON-RPC message${count}: ${reasonIn(line)}: ${excerpt}`;
    onMalformed(new MalformedLine(message, excerpt));
  };
  const giveUp = (refusal: Refusal): void => {
    isTooLarge = true;
    partial.take();
    onTooLarge(refusal);
  };
  const tooLarge = (message: string): void => giveUp({ class: 'messageTooLarge', code: null, message });
  const read = (line: string): void => {
    if (!line.includes(sign)) {
      // Empty lines are harmless; all others are reported.
      if (line.trim() !== '') reportMalformed(line, reasonIn);
      return;
    }
    let value: unknown;
    try {
      value = parseMessageText(line);
    } catch (error) {
      if (error instanceof MessageTooHeavyError) {
        tooLarge(error.message);
        return;
      }
      // Some runtimes write a byte order mark first.
      if (line.startsWith('\uFEFF')) read(line.slice(1));
      else reportMalformed(line, () => 'not JSON');
      return;
    }
    const messages = (Array.isArray(value) ? value : [value]).map(toMessage);
    if (messages.length === 0 || messages.includes(null)) reportMalformed(line, () => reasonFor(value));
    else for (const message of messages) if (message !== null) onMessage(message);
  };

  return {
    unfinished: () =>
      partial.bytes === 0 ? null : { bytes: partial.bytes, beginning: partial.peek(excerptLength).toString('utf8') },
    push(chunk, mostLines = Number.POSITIVE_INFINITY) {
      let lines = 0;
      let from = 0;
      // What is read may turn out to be too heavy.
      while (!isTooLarge && lines < mostLines) {
        const to = chunk.indexOf(lineEnd, from);
        const piece = chunk.subarray(from, to === -1 ? chunk.length : to);
        if (partial.bytes + piece.length > maxBytes)
          tooLarge(`The server sent a message larger than ${maxBytes} bytes (maxMessageBytes).`);
        else if (to === -1) {
          if (piece.length > 0) append(piece);
          return { bytes: chunk.length, lines };
        } else {
          const line = finish(piece);
          if (line !== null) read(line);
          lines += 1;
          from = to + 1;
        }
      }
      return { bytes: isTooLarge ? chunk.length : from, lines };
    },
  };
}

/** A longer line might take too much memory, and its beginning is shown anyway. */
function reasonIn(line: string): string {
  if (line.length > excerptLength) return 'not JSON-RPC 2.0';
  try {
    return reasonFor(JSON.parse(line));
  } catch {
    // That is the reason.
    return 'not JSON';
  }
}

function reasonFor(value: unknown): string {
  return Array.isArray(value) ? 'a batch' : 'not JSON-RPC 2.0';
}
