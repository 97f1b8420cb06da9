/** Newline-delimited JSON into JSON-RPC messages, delivered in order and at once. */

import type { JSONRPCMessage } from '@modelcontextprotocol/sdk/types.js';

export interface MessageReader {
  push(chunk: Buffer): void;
}

export interface MessageReaderOptions {
  readonly maxBytes: number;
  readonly onMessage: (message: JSONRPCMessage) => void;
  /** A line that is no message: skipped. Told for the first 20, then for every 1 000th, with its beginning at the end. */
  readonly onMalformed: (error: Error) => void;
  /** Told once; everything after it is dropped unread. */
  readonly onTooLarge: () => void;
}

const lineEnd = 10;
const toldMalformed = 20;
const tellEvery = 1_000;
/** More than is shown, so that a secret in it is recognised as a whole before it is cut, in characters. */
const excerptLength = 16 * 1024;
/** A buffer larger than this is let go after its message, in bytes. */
const keptBytes = 1024 * 1024;

export function createMessageReader({
  maxBytes,
  onMessage,
  onMalformed,
  onTooLarge,
}: MessageReaderOptions): MessageReader {
  // The beginning of a line whose end has not come. Doubled when full, so that each byte is copied a bounded number
  // of times.
  let begun: Buffer = Buffer.alloc(0);
  let begunBytes = 0;
  let malformed = 0;
  let isTooLarge = false;

  const begin = (piece: Buffer): void => {
    if (begunBytes + piece.length > begun.length) {
      const roomy = Buffer.allocUnsafeSlow(Math.max(2 * (begunBytes + piece.length), 4 * 1024));
      begun.copy(roomy, 0, 0, begunBytes);
      begun = roomy;
    }
    piece.copy(begun, begunBytes);
    begunBytes += piece.length;
  };
  const finish = (piece: Buffer): string => {
    if (begunBytes === 0) return piece.toString('utf8');
    begin(piece);
    const line = begun.toString('utf8', 0, begunBytes);
    begunBytes = 0;
    if (begun.length > keptBytes) begun = Buffer.alloc(0);
    return line;
  };
  const complain = (line: string, reason: string): void => {
    malformed += 1;
    if (malformed > toldMalformed && malformed % tellEvery !== 0) return;
    const count = malformed > toldMalformed ? ` (${malformed} such lines so far)` : '';
    onMalformed(
      new Error(
        `The server wrote a line to stdout that is not a JSON-RPC message${count}: ${reason}: ${line.trim().slice(0, excerptLength)}`,
      ),
    );
  };
  const read = (line: string): void => {
    let value: unknown;
    try {
      value = JSON.parse(line);
    } catch {
      // Some runtimes begin what they write with a byte order mark.
      if (line.startsWith('\uFEFF')) read(line.slice(1));
      // Empty lines are nobody's fault; all others are told.
      else if (line.trim() !== '') complain(line, 'not JSON');
      return;
    }
    if (isMessage(value)) onMessage(value);
    else complain(line, Array.isArray(value) ? 'a batch' : 'not JSON-RPC 2.0');
  };

  return {
    push(chunk) {
      if (isTooLarge) return;
      let from = 0;
      while (!isTooLarge) {
        const to = chunk.indexOf(lineEnd, from);
        const piece = chunk.subarray(from, to === -1 ? chunk.length : to);
        isTooLarge = begunBytes + piece.length > maxBytes;
        if (isTooLarge) break;
        if (to === -1) return piece.length > 0 ? begin(piece) : undefined;
        read(finish(piece));
        from = to + 1;
      }
      begun = Buffer.alloc(0);
      onTooLarge();
    },
  };
}

function isMessage(value: unknown): value is JSONRPCMessage {
  return (
    typeof value === 'object' &&
    value !== null &&
    'jsonrpc' in value &&
    value.jsonrpc === '2.0' &&
    ('method' in value || 'id' in value)
  );
}
