/** Parses what servers send, unless it would take too much memory or time: two bytes of JSON may become sixty. */

import { getHeapStatistics } from 'node:v8';
import type { JSONRPCMessage } from '@modelcontextprotocol/sdk/types.js';
import { isRecord } from '../text/json.ts';
import { parseJsonText, TooManyNumbersError } from '../text/json-text.ts';
import { weightOfText } from '../text/weight.ts';

/** What one message may take when it is parsed, in bytes. Nothing else is parsed at the same time. */
const mostBytes = Math.floor(getHeapStatistics().heap_size_limit / 4);

export class MessageTooHeavyError extends Error {
  override readonly name = 'MessageTooHeavyError';

  constructor(reason: string) {
    super(`The server sent a message that is too heavy: ${reason}`);
  }
}

/** Throws as `JSON.parse` does, or a `MessageTooHeavyError`. */
export function parseMessageText(text: string): unknown {
  if (weightOfText(text, mostBytes) > mostBytes)
    throw new MessageTooHeavyError(`it takes more than ${mostBytes} bytes of memory, a quarter of what there is.`);
  try {
    return parseJsonText(text);
  } catch (error) {
    throw error instanceof TooManyNumbersError ? new MessageTooHeavyError(error.message) : error;
  }
}

/** The value as a message; null: it is none. */
export function toMessage(value: unknown): JSONRPCMessage | null {
  if (!isRecord(value) || value.jsonrpc !== '2.0') return null;
  const message = isPadded(value) ? withoutPadding(value) : value;
  // What else it holds is looked at by those whom it concerns.
  return isMessage(message) ? message : null;
}

/**
 * Whether it is a JSON-RPC message. Ids and methods are looked up, compared and shown, so they have to be what JSON-RPC
 * says: an object in their place may have a `toString` of its own.
 */
function isMessage(
  value: Readonly<Record<string, unknown>>,
): value is Readonly<Record<string, unknown>> & JSONRPCMessage {
  const { id, method } = value;
  const isOfMessage = method === undefined ? id !== undefined : typeof method === 'string';
  return isOfMessage && (id === undefined || id === null || typeof id === 'string' || typeof id === 'number');
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
