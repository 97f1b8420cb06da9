/**
 * The edges of a chart and what they are called. Pictures, definitions, facts and the API all take their names from
 * here: an edge that was taken is found in its chart by the same words.
 */

import type { AnyStateMachine, AnyStateNode, AnyTransitionDefinition } from 'xstate';

interface EdgeName {
  /** Path of the state that has the edge: `connected.quiet`; empty: the root, which holds in every state. */
  readonly source: string;
  /** `server.stop`, `after retry`, `done reap`, `error reap`, `error of an actor` (of any), `always`. */
  readonly event: string;
  /** `isSpent`, `not(isSpent)`; `inline`: a function without a name. */
  readonly guard: string | null;
}

/** One edge as it is taken: the exact transition, not a guess from the states before and after. */
export interface Edge extends EdgeName {
  /** Paths of the states it leads to; empty for a transition that stays. */
  readonly targets: readonly string[];
}

/** One edge as a chart has it. Charts have no parallel states: an edge leads to one state, or stays. */
export interface ChartEdge extends EdgeName {
  /** Path of the state it leads to; null: it stays. */
  readonly target: string | null;
}

/** The parts of a chart are made once, so that an edge taken a million times is described once. */
const known = new WeakMap<AnyTransitionDefinition, Edge>();

export function edgeOf(transition: AnyTransitionDefinition): Edge {
  const seen = known.get(transition);
  if (seen !== undefined) return seen;
  const edge: Edge = Object.freeze({
    source: transition.source.path.join('.'),
    event: eventText(transition.eventType),
    targets: Object.freeze((transition.target ?? []).map((target) => target.path.join('.'))),
    guard: guardText(transition.guard),
  });
  known.set(transition, edge);
  return edge;
}

/** Every edge of a chart, in the order of the chart. */
export function edgesOf(machine: AnyStateMachine): readonly ChartEdge[] {
  return transitionsOf(machine).map((transition) => {
    const { source, event, targets, guard } = edgeOf(transition);
    return { source, target: targets[0] ?? null, event, guard };
  });
}

/** Every transition of a chart, in the order of the chart. */
export function transitionsOf(machine: AnyStateMachine): readonly AnyTransitionDefinition[] {
  return nodesOf(machine.root).flatMap((node) => [...(node.always ?? []), ...[...node.transitions.values()].flat()]);
}

/**
 * XState's own events as people say them: `xstate.after.retry.server.backoff.delaying` is `after retry`,
 * `xstate.done.actor.reap` is `done reap`. Others as they are.
 */
export function eventText(type: string): string {
  if (type === '') return 'always';
  if (!type.startsWith('xstate.')) return type;
  const [, delay] = /^xstate\.after\.([^.]+)/.exec(type) ?? [];
  if (delay !== undefined) return `after ${delay}`;
  const [, outcome, actor] = /^xstate\.(done|error)\.actor\.(.+)$/.exec(type) ?? [];
  if (outcome === undefined) return type;
  return actor === '*' ? `${outcome} of an actor` : `${outcome} ${actor}`;
}

function guardText(guard: unknown): string | null {
  if (guard === undefined || guard === null) return null;
  if (typeof guard === 'string') return guard;
  if (typeof guard === 'object' && 'type' in guard) return String(guard.type);
  if (typeof guard !== 'function') return 'inline';
  const parts: unknown = 'guards' in guard ? guard.guards : null;
  if (Array.isArray(parts)) return `${guard.name}(${parts.map((part) => guardText(part)).join(', ')})`;
  // XState names functions of its own making `guard`.
  return guard.name === '' || guard.name === 'guard' ? 'inline' : guard.name;
}

function nodesOf(node: AnyStateNode): readonly AnyStateNode[] {
  return [node, ...Object.values(node.states).flatMap(nodesOf)];
}
