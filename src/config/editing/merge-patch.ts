/** JSON Merge Patch (RFC 7386). */

import { isRecord } from '../../text/json.ts';
import { isPlain } from './kept.ts';

/** What may be merged into a `Value`: null takes a field away, a list replaces the whole list. */
export type MergePatch<Value> = Value extends readonly unknown[]
  ? Value
  : Value extends object
    ? { readonly [Key in keyof Value]?: MergePatch<Value[Key]> | null }
    : Value;

/** Changes neither. A live object is a value like a text. */
export function mergePatch(
  target: Readonly<Record<string, unknown>>,
  patch: Readonly<Record<string, unknown>>,
): Readonly<Record<string, unknown>> {
  const merged = new Map(Object.entries(target));
  for (const [key, value] of Object.entries(patch)) {
    if (value === null || value === undefined) {
      if (value === null) merged.delete(key);
    } else if (isRecord(value) && isPlain(value)) {
      const inner = merged.get(key);
      merged.set(key, mergePatch(isRecord(inner) && isPlain(inner) ? inner : {}, value));
    } else merged.set(key, value);
  }
  return Object.fromEntries(merged);
}
