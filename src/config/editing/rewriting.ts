/** From values to edits of the text that has them: only what says something else is written again. */

import type { Node } from 'jsonc-parser';
import { isRecord } from '../../text/json.ts';
import { type Document, indentOfItem, spliced, type TextEdit } from './splice.ts';
import { onLines, onOneLine } from './written.ts';

/** What becomes of fields of an object. Undefined: it goes. */
export type FieldChanges = ReadonlyMap<string, unknown>;

/** Of a name that stands twice the last one is changed, and the others go. */
export function withFields(document: Document, object: Node, changes: FieldChanges): readonly TextEdit[] {
  const { children = [] } = object;
  const places = new Map<string, number[]>();
  for (const [index, { children: [key] = [] }] of children.entries()) {
    const name = String(key?.value);
    if (!changes.has(name)) continue;
    const known = places.get(name);
    if (known === undefined) places.set(name, [index]);
    else known.push(index);
  }
  const removed = new Set<number>();
  const inner: TextEdit[] = [];
  for (const [name, indices] of places) {
    const value = changes.get(name);
    const last = value === undefined ? undefined : indices.pop();
    for (const index of indices) removed.add(index);
    const node = last === undefined ? undefined : children[last]?.children?.[1];
    if (node !== undefined) inner.push(...rewritten(document, node, value));
  }
  const added = [...changes].filter(([name, value]) => value !== undefined && !places.has(name));
  if (removed.size === 0 && added.length === 0) return inner;
  return [...inner, ...spliced(document, object, { removed, added: added.map(([name, value]) => ({ name, value })) })];
}

/** The value of the node becomes `value`. */
function rewritten(document: Document, node: Node, value: unknown): readonly TextEdit[] {
  const { children = [] } = node;
  if (node.type === 'object' && isRecord(value)) {
    const gone = children.map(({ children: [key] = [] }): [string, unknown] => [String(key?.value), undefined]);
    return withFields(document, node, new Map([...gone, ...Object.entries(value)]));
  }
  if (node.type === 'array' && Array.isArray(value)) return withItems(document, node, value);
  if (children.length === 0 && node.type !== 'object' && node.type !== 'array' && Object.is(node.value, value))
    return [];
  return [{ start: node.offset, end: node.offset + node.length, content: written(document, node, value) }];
}

function withItems(document: Document, list: Node, values: readonly unknown[]): readonly TextEdit[] {
  const { children = [] } = list;
  const inner = children.slice(0, values.length).flatMap((child, index) => rewritten(document, child, values[index]));
  const removed = new Set([...children.keys()].slice(values.length));
  const added = values.slice(children.length).map((value) => ({ name: null, value }));
  return removed.size === 0 && added.length === 0 ? inner : [...inner, ...spliced(document, list, { removed, added })];
}

function written({ text, style }: Document, node: Node, value: unknown): string {
  const indent = indentOfItem(text, node);
  return indent === null ? onOneLine(value, style) : onLines(value, indent, style);
}
