/** How states, events and guards of a chart are called in facts, so that the page can find them in the chart again. */

import type { AnyTransitionDefinition, StateValue } from 'xstate';
import type { Edge } from './fact.ts';

/** The parts of a chart are made once, so that an edge taken a million times is described once. */
const known = new WeakMap<AnyTransitionDefinition, Edge>();

const timerPrefix = 'xstate.after.';

/**
 * An edge of the chart. `source` is '' for an edge of the whole chart; `event` is `*` or `always` as it stands in the
 * chart.
 */
export function edgeOf(transition: AnyTransitionDefinition): Edge {
  const seen = known.get(transition);
  if (seen !== undefined) return seen;
  const edge: Edge = Object.freeze({
    source: transition.source.path.join('.'),
    event: eventName(transition.eventType),
    targets: Object.freeze((transition.target ?? []).map((target) => target.path.join('.'))),
    guard: guardName(transition.guard),
  });
  known.set(transition, edge);
  return edge;
}

/**
 * XState's own events as people say them: `xstate.after.backoff.server.backoff` is `after backoff`. Others as they are.
 */
export function eventName(type: string): string {
  if (type === '') return 'always';
  return type.startsWith(timerPrefix) ? `after ${type.slice(timerPrefix.length).split('.', 1)[0]}` : type;
}

/** Path of the deepest state: `connected.quiet`. Charts have no parallel states. */
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

/** `attemptsLeft`, `not(attemptsLeft)`, or for a function without a name `inline`. */
function guardName(guard: unknown): string | null {
  if (guard === undefined || guard === null) return null;
  if (typeof guard === 'string') return guard;
  if (typeof guard === 'object' && 'type' in guard) return String(guard.type);
  if (typeof guard !== 'function') return 'inline';
  const parts: unknown = 'guards' in guard ? guard.guards : null;
  if (Array.isArray(parts)) return `${guard.name}(${parts.map((part) => guardName(part)).join(', ')})`;
  return guard.name === '' || guard.name === 'guard' ? 'inline' : guard.name;
}
