/** Answers of what may be no control plane, read within bounds: a command must not end by their size. */

import { getHeapStatistics } from 'node:v8';
import { McpvisorError } from '../../errors.ts';
import { parseJsonText } from '../../text/json-text.ts';
import { weightOfText } from '../../text/weight.ts';

/**
 * The most that one answer, or one event of a stream, may have, in bytes: twice the largest message of a server, unless
 * `maxMessageBytes` is set.
 */
const mostAnswerBytes = 128 * 1024 * 1024;

/** What one may take when it is parsed, in bytes. Nothing else is parsed at the same time. */
const mostParsedBytes = Math.floor(getHeapStatistics().heap_size_limit / 4);

/** Throws `UNEXPECTED_ANSWER` when there is more than the most, and `NOT_RUNNING` when it breaks off. */
export async function textOf(response: Response, url: string): Promise<string> {
  const pieces: Uint8Array[] = [];
  let bytes = 0;
  const body: AsyncIterable<Uint8Array> | readonly Uint8Array[] = response.body ?? [];
  try {
    for await (const piece of body) {
      bytes += piece.length;
      if (bytes > mostAnswerBytes) throw tooMuch(url);
      pieces.push(piece);
    }
  } catch (cause) {
    if (!isBroken(cause)) throw cause;
    throw new McpvisorError('NOT_RUNNING', { stateDir: null, url, reason: 'it broke off its answer' }, { cause });
  }
  return Buffer.concat(pieces).toString('utf8');
}

/** Lets events through until one is larger than the most: then the stream fails with `UNEXPECTED_ANSWER`. */
export function boundEvents(url: string): TransformStream<Uint8Array, Uint8Array> {
  let bytes = 0;
  return new TransformStream({
    transform(piece, controller) {
      const text = Buffer.from(piece.buffer, piece.byteOffset, piece.length);
      const end = Math.max(text.lastIndexOf('\n\n'), text.lastIndexOf('\n\r\n'));
      // An end that lies between two pieces is missed, and the next one is not.
      bytes = end < 0 ? bytes + piece.length : piece.length - end;
      if (bytes > mostAnswerBytes) controller.error(tooMuch(url));
      else controller.enqueue(piece);
    },
  });
}

/** `fetch` says so of a connection that broke, and of an encoding that is none. */
export function isBroken(error: unknown): boolean {
  return error instanceof TypeError;
}

function tooMuch(url: string): McpvisorError<'UNEXPECTED_ANSWER'> {
  return new McpvisorError('UNEXPECTED_ANSWER', { url, reason: 'it is larger than any' });
}

/** Null if it is not JSON: none of our schemas accepts null. Throws `UNEXPECTED_ANSWER` if it would take too much memory. */
export function parseJson(text: string, url: string): unknown {
  if (weightOfText(text, mostParsedBytes) > mostParsedBytes) throw tooMuch(url);
  try {
    return parseJsonText(text);
  } catch {
    // The schema refuses it, and the caller is told.
    return null;
  }
}
