/**
 * What an entry is, as a text that can be compared. A host puts anything into its entries: live objects, which are left
 * out, and what JSON cannot hold. A plan, and what is remembered of a server, must do with it.
 */

import { createHash } from 'node:crypto';

/** Levels that count: the stack bears more. */
const mostLevels = 500;

/** A longer text of an inner value is replaced by its hash: one object may be in many places of a value. */
const longestInner = 1_024;

/** A JSON-like text with sorted keys, the same for values that differ only in what is live. Does not throw. */
export function canonical(value: unknown): string {
  return createTexts().textOf(value, mostLevels) ?? '';
}

/** Undefined: it is live, or nothing. */
type Text = string | undefined;

function createTexts() {
  const known = new Map<object, Text>();

  function textOf(value: unknown, levels: number): Text {
    if (typeof value === 'bigint') return `${value}n`;
    if (typeof value !== 'object' || value === null) return JSON.stringify(value);
    if (known.has(value) || levels === 0) return known.get(value);
    // In itself it counts as nothing.
    known.set(value, undefined);
    const text = shortened(readSafely(value, levels - 1));
    known.set(value, text);
    return text;
  }

  /** Getters, proxies and `toJSON` are code of the host. */
  function readSafely(value: object, levels: number): Text {
    try {
      return read(value, levels);
    } catch {
      return undefined;
    }
  }

  function read(value: object, levels: number): Text {
    if (hasJson(value)) return textOf(value.toJSON(), levels);
    if (Array.isArray(value)) return `[${value.map((item) => textOf(item, levels) ?? 'null').join(',')}]`;
    if (Object.getPrototypeOf(value) !== Object.prototype) return undefined;
    const members = Object.entries(value)
      .sort(([one], [other]) => (one < other ? -1 : 1))
      .flatMap(([key, member]) => {
        const text = textOf(member, levels);
        return text === undefined ? [] : [`${JSON.stringify(key)}:${text}`];
      });
    return `{${members.join(',')}}`;
  }

  return { textOf };
}

function hasJson(value: object): value is { toJSON(): unknown } {
  return 'toJSON' in value && typeof value.toJSON === 'function';
}

function shortened(text: Text): Text {
  return text === undefined || text.length <= longestInner
    ? text
    : `sha256:${createHash('sha256').update(text).digest('hex')}`;
}
