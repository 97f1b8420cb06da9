/**
 * The edges of a chart and their names. Pictures, definitions, facts and the API all take the names from here, so that
 * an edge in a fact can be found in the chart by its name.
 */

import type { AnyStateMachine, AnyStateNode, AnyTransitionDefinition } from 'xstate';
import type { ChartEdge, Edge } from './data.ts';

/** XState creates each transition once, so an edge that is taken a million times is described once. */
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
 * Short names for XState's own events: `xstate.after.retry.server.backoff.delaying` becomes `after retry`,
 * `xstate.done.actor.reap` becomes `done reap`. Other names stay as they are.
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
  // XState calls the functions that it creates itself `guard`.
  return guard.name === '' || guard.name === 'guard' ? 'inline' : guard.name;
}

function nodesOf(node: AnyStateNode): readonly AnyStateNode[] {
  return [node, ...Object.values(node.states).flatMap(nodesOf)];
}
