/** Parses what servers send, unless it would take too much memory: two bytes of JSON may become sixty. */

import { getHeapStatistics } from 'node:v8';
import { parseJsonText } from '../text/json-text.ts';
import { weightOfText } from '../text/weight.ts';

/** What one message may take when it is parsed, in bytes. Nothing else is parsed at the same time. */
const mostBytes = Math.floor(getHeapStatistics().heap_size_limit / 4);

export class MessageTooHeavyError extends Error {
  override readonly name = 'MessageTooHeavyError';

  constructor() {
    super(`The server sent a message that takes more than ${mostBytes} bytes of memory, a quarter of what there is.`);
  }
}

/** Throws as `JSON.parse` does, or a `MessageTooHeavyError`. */
export function parseMessageText(text: string): unknown {
  if (weightOfText(text, mostBytes) > mostBytes) throw new MessageTooHeavyError();
  return parseJsonText(text);
}
