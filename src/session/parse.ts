/** Parses what servers send, unless it would take too much memory: two bytes of JSON may become sixty. */

import { getHeapStatistics } from 'node:v8';
import type { JSONRPCMessage } from '@modelcontextprotocol/sdk/types.js';
import { isRecord } from '../text/json.ts';
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

/** The value as a message; null: it is none. */
export function toMessage(value: unknown): JSONRPCMessage | null {
  if (!isRecord(value) || value.jsonrpc !== '2.0') return null;
  const message = isPadded(value) ? withoutPadding(value) : value;
  // What else it holds is looked at by those whom it concerns.
  return 'method' in message || 'id' in message ? (message as JSONRPCMessage) : null;
}

/** Some libraries write every member that a message can have, those without a value as null. */
const padded: ReadonlySet<string> = new Set(['method', 'params', 'error']);

function isPadded({ method, params, error, result }: Readonly<Record<string, unknown>>): boolean {
  return method === null || params === null || error === null || (result === null && error !== undefined);
}

function withoutPadding(message: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  const isRefusal = isRecord(message.error);
  const isMeant = ([key, value]: [string, unknown]) =>
    value !== null || !(padded.has(key) || (key === 'result' && isRefusal));
  return Object.fromEntries(Object.entries(message).filter(isMeant));
}
