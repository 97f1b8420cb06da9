/** The state of a chart as a dotted path: `connected.quiet`. */

import type { StateValue } from 'xstate';

/** Path of the deepest state. Charts have no parallel states. */
export function pathOf(value: StateValue): string {
  if (typeof value === 'string') return value;
  const [key, below] = Object.entries(value)[0] ?? [''];
  const path = below === undefined ? '' : pathOf(below);
  return path === '' ? key : `${key}.${path}`;
}

/** The top-level state of a path: `connected` of `connected.quiet`. */
export function topOf(path: string): string {
  const dot = path.indexOf('.');
  return dot === -1 ? path : path.slice(0, dot);
}
