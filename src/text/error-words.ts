/** What an error says, no matter who threw it. */

import { isRecord } from './json.ts';

/** More than anybody reads, in characters. */
const longest = 1_000;
/** Causes below each other, and attempts beside each other, that are looked at. */
const most = 5;

/** Errors of these may only wrap another one, as `fetch` does; one of a class of its own says all there is to say. */
const plainErrors: ReadonlySet<unknown> = new Set([Error.prototype, TypeError.prototype, AggregateError.prototype]);

/**
 * The message of an error with those of its causes that it does not repeat: `fetch failed: bad port`. Anything may have
 * been thrown; what has no words is named by its kind.
 */
export function wordsOf(error: unknown): string {
  const words: string[] = [];
  let current = error;
  for (let depth = 0; depth < most && current !== undefined && current !== null; depth += 1) {
    const own = ownWords(current);
    if (own !== '' && !words.some((said) => said.includes(own))) words.push(own);
    current = mayWrap(current) ? current.cause : null;
  }
  return words.length === 0 ? kindOf(error) : words.join(': ').slice(0, longest);
}

function mayWrap(thrown: unknown): thrown is Error {
  return thrown instanceof Error && plainErrors.has(Object.getPrototypeOf(thrown));
}

function ownWords(thrown: unknown): string {
  if (thrown instanceof AggregateError && thrown.message === '')
    return thrown.errors.slice(0, most).map(messageOf).join('; ');
  return messageOf(thrown);
}

function messageOf(thrown: unknown): string {
  if (typeof thrown === 'string') return thrown.trim();
  if (typeof thrown === 'number' || typeof thrown === 'boolean') return String(thrown);
  const message: unknown = isRecord(thrown) ? thrown.message : null;
  return typeof message === 'string' ? message.trim() : '';
}

function kindOf(thrown: unknown): string {
  if (thrown instanceof Error) return `${thrown.name} without a message`;
  return thrown === undefined || thrown === null ? `${thrown} was thrown` : 'something without a message was thrown';
}
