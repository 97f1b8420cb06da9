/** What a JSON-RPC message is, as far as a transport has to know. */

import type { JSONRPCMessage, RequestId } from '@modelcontextprotocol/sdk/types.js';
import { MessageTooHeavyError, parseMessageText, toMessage } from '../parse.ts';
import { toTooHeavy } from './http/error.ts';
import type { Outgoing } from './http/requests.ts';

/**
 * The messages in a text of JSON, which may be a batch. Null: it is not JSON, or something in it is no message. Throws a
 * `RemoteError` if it would take too much memory.
 */
export function messagesIn(text: string): readonly JSONRPCMessage[] | null {
  let value: unknown;
  try {
    value = parseMessageText(text);
  } catch (error) {
    if (error instanceof MessageTooHeavyError) throw toTooHeavy(error);
    return null;
  }
  const messages = (Array.isArray(value) ? value : [value]).map(toMessage);
  return messages.every((message) => message !== null) ? messages : null;
}

/**
 * The message, if it came in answer to the request `id` alone: servers that could not read the id of a request answer
 * it with null.
 */
export function inAnswerTo(id: RequestId, message: JSONRPCMessage): JSONRPCMessage {
  const isUnnamed =
    !('method' in message) && ('result' in message || 'error' in message) && (message.id ?? null) === null;
  return isUnnamed ? { ...message, id } : message;
}

/** The id of one of our requests; null for every other message. */
export function requestIdOf(message: JSONRPCMessage): RequestId | null {
  return 'method' in message && 'id' in message ? message.id : null;
}

/** The id of the request that an inbound message answers, with a result or an error. */
export function answeredBy(message: JSONRPCMessage): RequestId | null {
  return 'method' in message ? null : (message.id ?? null);
}

export function methodOf(message: JSONRPCMessage): string | null {
  return 'method' in message ? message.method : null;
}

const lists = ['tools/list', 'resources/list', 'resources/templates/list', 'prompts/list'];
const harmless: ReadonlySet<string> = new Set(['ping', ...lists]);

/** Whether it changes nothing, however often it is sent: no calls, and nothing that a caller waits for. */
export function isHarmless(message: JSONRPCMessage): boolean {
  const method = methodOf(message);
  return method !== null && harmless.has(method);
}

/** Calls take turns; probes and lists must get through however many calls there are, and so must what is no request. */
export function urgencyOf(message: JSONRPCMessage): Outgoing['urgency'] {
  if (requestIdOf(message) === null) return 'notice';
  return isHarmless(message) ? 'urgent' : 'call';
}
