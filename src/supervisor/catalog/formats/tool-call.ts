/** One of a model's tool calls, parsed. */

import { wordsOf } from '../../../text/error-words.ts';
import { parseJsonText } from '../../../text/json-text.ts';

type Arguments = Readonly<Record<string, unknown>>;

export type ToolCall =
  | { readonly id: string; readonly name: string; readonly arguments: Arguments }
  /** `problem`: why the call cannot be made, and what the model should do. */
  | { readonly id: string; readonly problem: string };

const sendObject = 'send the call again with one JSON object as the tool’s schema describes it.';

/** Parses arguments that came as JSON. Models send an empty text for a tool without arguments. */
export function readJsonArguments(json: unknown): Arguments | string {
  if (typeof json !== 'string') return readArguments(json);
  if (json.trim() === '') return {};
  try {
    return readArguments(parseJsonText(json));
  } catch (error) {
    return `The arguments are not valid JSON (${wordsOf(error)}): ${sendObject}`;
  }
}

export function readArguments(value: unknown): Arguments | string {
  if (value === undefined || value === null) return {};
  if (typeof value === 'object' && !Array.isArray(value)) return value as Arguments;
  return `The arguments are ${Array.isArray(value) ? 'an array' : `a ${typeof value}`}, not an object: ${sendObject}`;
}

/** `read`: the arguments, or what is wrong with them. */
export function toToolCall(id: string, name: unknown, read: Arguments | string): ToolCall {
  if (typeof name !== 'string' || name === '')
    return { id, problem: 'This call names no function; only functions can be called here.' };
  return typeof read === 'string' ? { id, problem: read } : { id, name, arguments: read };
}
