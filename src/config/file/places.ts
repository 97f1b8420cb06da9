/** Where something is in a text. */

import type { Node } from 'jsonc-parser';
import { pathIn } from '../problems.ts';

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

interface Part {
  readonly node: Node;
  readonly offset: number;
}

const steps = /\.?[^.[\]]+|\[(?:\d+|"(?:[^"\\]|\\.)*")\]/g;

/**
 * Finds the offset of a part of a document by its path as problems have it. Only what is on the way is looked at: a
 * document may have many parts, and few of them problems.
 */
export function createOffsets(root: Node): (path: string) => number | undefined {
  const known = new Map<Node, ReadonlyMap<string, Part>>();
  const partsIn = (node: Node, container: string) => {
    const parts = known.get(node) ?? partsOf(node, container);
    known.set(node, parts);
    return parts;
  };
  return (path) => {
    let part: Part | undefined = { node: root, offset: root.offset };
    let container = '';
    for (const [step] of path.matchAll(steps)) {
      part = partsIn(part.node, container).get(container + step);
      if (part === undefined) return undefined;
      container += step;
    }
    return part.offset;
  };
}

/** By their paths. */
function partsOf({ type, children = [] }: Node, container: string): ReadonlyMap<string, Part> {
  if (type === 'array')
    return new Map(children.map((node, index) => [pathIn(container, index), { node, offset: node.offset }]));
  return new Map(
    children.flatMap(({ children: [key, node] = [] }): [string, Part][] =>
      key === undefined || node === undefined
        ? []
        : [[pathIn(container, String(key.value)), { node, offset: key.offset }]],
    ),
  );
}

/**
 * The path that contains this one: what is missing is told where it should be. Null: the path is at the top, or that of
 * an entry.
 */
export function containerOf(path: string): string | null {
  const container = path.replace(/(?:\.[^.[\]]+|\[(?:\d+|"(?:[^"\\]|\\.)*")\])$/, '');
  return container === path || container === 'mcpServers' ? null : container;
}
