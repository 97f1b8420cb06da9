/** The arguments of a tool, from words of a shell. */

import { McpvisorError } from '../../../errors.ts';

export type ToolArguments = Readonly<Record<string, unknown>>;

/** `-` alone: the arguments are read from stdin. */
export const fromStdin = '-';

/** `k=v` words, whose values are JSON if they parse and else text; or one JSON object. Throws `INVALID_REQUEST`. */
export function parseArguments(words: readonly string[]): ToolArguments {
  const [first = ''] = words;
  return words.length === 1 && first.trimStart().startsWith('{')
    ? parseObject(first)
    : Object.fromEntries(words.map(parsePair));
}

/** Throws `INVALID_REQUEST`. */
export function parseObject(text: string): ToolArguments {
  const value = parsed(text);
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as ToolArguments;
  throw refusal(text, 'is not a JSON object', 'write it as \'{"key": "value"}\', or as key=value');
}

function parsePair(word: string): readonly [string, unknown] {
  const at = word.indexOf('=');
  if (at < 1) throw refusal(word, 'is not key=value', 'or give all arguments as one JSON object');
  const text = word.slice(at + 1);
  const value = parsed(text);
  return [word.slice(0, at), value === undefined ? text : value];
}

/** Undefined: not JSON. */
function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function refusal(word: string, message: string, hint: string): McpvisorError {
  return new McpvisorError('INVALID_REQUEST', {
    problems: [{ path: word.length > 60 ? `${word.slice(0, 60)}…` : word, message, hint, severity: 'error' }],
  });
}
