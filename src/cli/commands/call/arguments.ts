/** The arguments of a tool, from words of a shell: as the tool's schema wants them, and digit for digit. */

import { McpvisorError } from '../../../errors.ts';
import { isRecord } from '../../../text/json.ts';
import { parseJsonText } from '../../../text/json-text.ts';
import { type Kind, kindOf, kindsOf } from './schema-kinds.ts';

export type ToolArguments = Readonly<Record<string, unknown>>;

/** `k=v`, not yet typed. */
export type Pair = readonly [key: string, text: string];

/** `-` alone: the arguments are read from stdin. */
export const fromStdin = '-';

/** `k=v` words as pairs, or the one JSON object. Throws `INVALID_REQUEST`. */
export function parseWords(words: readonly string[]): ToolArguments | readonly Pair[] {
  const [first = ''] = words;
  return words.length === 1 && first.trimStart().startsWith('{') ? parseObject(first) : words.map(parsePair);
}

export function isPairs(words: ToolArguments | readonly Pair[]): words is readonly Pair[] {
  return Array.isArray(words);
}

/** Throws `INVALID_REQUEST`. */
export function parseObject(text: string): ToolArguments {
  const value = parsed(text);
  if (isRecord(value)) return value;
  throw refusal(text, 'is not a JSON object', 'write it as \'{"key": "value"}\', or as key=value');
}

/** `inputSchema`: that of the tool; null: unknown, so that a value is JSON if it parses and else text. */
export function toArguments(pairs: readonly Pair[], inputSchema: unknown): ToolArguments {
  const members = pairs.map(([key, text]) => `${JSON.stringify(key)}:${toJson(text, kindsOf(inputSchema, key))}`);
  // From text, so that numbers stay as they were typed.
  return parseJsonText(`{${members.join(',')}}`) as ToolArguments;
}

/**
 * The JSON of a value. Where the schema takes text, only what is JSON of another kind it takes is no text, and never a
 * number: `thread_ts=1718023423.123400`. JSON of a string is that string, whatever the schema.
 */
function toJson(text: string, kinds: ReadonlySet<Kind> | null): string {
  const value = parsed(text);
  if (value === undefined) return JSON.stringify(text);
  const kind = kindOf(value);
  const isText = kinds?.has('string') === true && kind !== 'string' && (kind === 'number' || !kinds.has(kind));
  return isText ? JSON.stringify(text) : text;
}

function parsePair(word: string): Pair {
  const at = word.indexOf('=');
  if (at < 1) throw refusal(word, 'is not key=value', 'or give all arguments as one JSON object');
  return [word.slice(0, at), word.slice(at + 1)];
}

/** Undefined: not JSON. */
function parsed(text: string): unknown {
  try {
    return parseJsonText(text);
  } catch {
    // The caller takes it as text, or says that it is none.
    return undefined;
  }
}

function refusal(word: string, message: string, hint: string): McpvisorError {
  return new McpvisorError('INVALID_REQUEST', {
    problems: [{ path: word.length > 60 ? `${word.slice(0, 60)}…` : word, message, hint, severity: 'error' }],
  });
}
