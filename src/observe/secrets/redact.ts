/** Blanks known secrets wherever text leaves mcpvisor: stderr, messages, facts, log lines. */

import { createSecretIndex, mergedSpans, type Span } from './finder.ts';
import { formsOf } from './forms.ts';
import { visibleIn } from './visible.ts';

const blank = '[redacted]';

export interface Redactor {
  /** Adds to the secrets of `owner`. Values shorter than 8 characters are ignored. */
  addSecrets(owner: string, values: readonly string[]): void;
  /** Removes the secrets of `owner`; one that another owner has as well stays blanked. */
  dropSecrets(owner: string): void;
  /**
   * `text` with every known secret blanked, including its forms in JSON, URLs and base64, single lines of it, and one
   * that is split by control sequences or partly escaped.
   */
  text(text: string): string;
  /**
   * A copy with the secrets in every string blanked, keys included, or `value` itself if it holds none. Errors with
   * secrets become plain objects.
   */
  value(value: unknown): unknown;
}

export function createRedactor(): Redactor {
  const index = createSecretIndex();
  const formsByOwner = new Map<string, Set<string>>();
  // Added like a secret, so that redacting twice changes nothing, even if a secret is part of this word.
  index.add(blank);

  /** Found as it is written, as a terminal shows it, and as it is decoded. */
  function spansIn(text: string): readonly Span[] {
    const spans = index.find(text);
    const visible = visibleIn(text);
    if (visible.length === 0) return spans;
    const hidden = visible.flatMap(({ text: shown, originOf, endOf }) =>
      index.find(shown).map(({ start, end }) => ({ start: originOf(start), end: endOf(end - 1) })),
    );
    return hidden.length === 0 ? spans : mergedSpans([...spans, ...hidden]);
  }

  function blankText(text: string): string {
    if (formsByOwner.size === 0) return text;
    const spans = spansIn(text);
    if (spans.length === 0) return text;
    let result = '';
    let from = 0;
    for (const { start, end } of spans) {
      result += text.slice(from, start) + blank;
      from = end;
    }
    return result + text.slice(from);
  }

  return {
    addSecrets(owner, values) {
      const own = formsByOwner.get(owner) ?? new Set<string>();
      for (const form of values.flatMap((value) => [...formsOf(value)])) {
        if (own.has(form)) continue;
        own.add(form);
        index.add(form);
      }
      if (own.size > 0) formsByOwner.set(owner, own);
    },
    dropSecrets(owner) {
      for (const form of formsByOwner.get(owner) ?? []) index.remove(form);
      formsByOwner.delete(owner);
    },
    text: blankText,
    value: (value) => (formsByOwner.size === 0 ? value : blankValue(value, blankText, new Set())),
  };
}

/** `parents` are the objects around `value`; a circular reference is cut. */
function blankValue(value: unknown, blankText: (text: string) => string, parents: Set<object>): unknown {
  if (typeof value === 'string') return blankText(value);
  if (typeof value !== 'object' || value === null || ArrayBuffer.isView(value)) return value;
  if (parents.has(value)) return '[circular]';
  parents.add(value);
  const result = blankObject(value, (part) => blankValue(part, blankText, parents));
  parents.delete(value);
  return result;
}

function blankObject(value: object, blankPart: (part: unknown) => unknown): unknown {
  if (Array.isArray(value)) return blankArray(value, blankPart);
  if (value instanceof Error) {
    const { name, message, stack, cause } = value;
    return blankRecord(
      value,
      { ...Object.fromEntries(Object.entries(value)), name, message, stack, ...(cause === undefined ? {} : { cause }) },
      blankPart,
    );
  }
  if (hasOwnJson(value)) {
    const json = value.toJSON();
    const blanked = blankPart(json);
    return blanked === json ? value : blanked;
  }
  if (value instanceof Map || value instanceof Set) {
    const items: unknown[] = [...value];
    const blanked = blankArray(items, blankPart);
    return blanked === items ? value : blanked;
  }
  return blankRecord(value, value, blankPart);
}

function hasOwnJson(value: object): value is { toJSON(): unknown } {
  return 'toJSON' in value && typeof value.toJSON === 'function';
}

function blankArray(items: readonly unknown[], blankPart: (part: unknown) => unknown): readonly unknown[] {
  let copy: unknown[] | null = null;
  for (const [index, item] of items.entries()) {
    const blanked = blankPart(item);
    if (blanked !== item) copy ??= items.slice();
    if (copy !== null) copy[index] = blanked;
  }
  return copy ?? items;
}

/** `original` if nothing in `record` had to be blanked. */
function blankRecord(original: object, record: object, blankPart: (part: unknown) => unknown): unknown {
  let changed = false;
  const copy = Object.entries(record).map(([key, part]): [string, unknown] => {
    const blankedKey = String(blankPart(key));
    const blanked = blankPart(part);
    changed ||= blanked !== part || blankedKey !== key;
    return [blankedKey, blanked];
  });
  return changed ? Object.fromEntries(copy) : original;
}
