/** Where something is in a text. */

import type { Node } from 'jsonc-parser';
import { pathOf } from '../problems.ts';

/** Both from 1. */
export interface Place {
  readonly line: number;
  readonly column: number;
}

/** Finds the line of an offset without reading the text again for each. */
export function createPlaces(text: string): (offset: number) => Place {
  const starts = [0];
  for (let at = text.indexOf('\n'); at !== -1; at = text.indexOf('\n', at + 1)) starts.push(at + 1);
  return (offset) => {
    let low = 0;
    let high = starts.length - 1;
    while (low < high) {
      const middle = Math.ceil((low + high) / 2);
      if ((starts[middle] ?? 0) <= offset) low = middle;
      else high = middle - 1;
    }
    return { line: low + 1, column: offset - (starts[low] ?? 0) + 1 };
  };
}

/** The offset of each part of a document, by its path as problems have it. */
export function offsetsIn(root: Node): ReadonlyMap<string, number> {
  const offsets = new Map<string, number>();
  const visit = (node: Node, path: readonly PropertyKey[], offset: number): void => {
    offsets.set(pathOf(path), offset);
    const { children = [] } = node;
    if (node.type === 'array')
      for (const [index, child] of children.entries()) visit(child, [...path, index], child.offset);
    if (node.type !== 'object') return;
    for (const { children: [key, value] = [] } of children)
      if (key !== undefined && value !== undefined) visit(value, [...path, String(key.value)], key.offset);
  };
  visit(root, [], root.offset);
  return offsets;
}

/**
 * The path that contains this one: what is missing is told where it should be. Null: the path is at the top, or that of
 * an entry.
 */
export function containerOf(path: string): string | null {
  const container = path.replace(/(?:\.[^.[\]]+|\[(?:\d+|"(?:[^"\\]|\\.)*")\])$/, '');
  return container === path || container === 'mcpServers' ? null : container;
}
