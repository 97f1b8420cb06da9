/** A chart as plain data: its states and their edges, computed from the chart itself. */

import type { AnyStateMachine, AnyStateNode } from 'xstate';
import type { ChartDefinition, ChartEdge, ChartState } from './data.ts';
import { edgesOf } from './edges.ts';

export function toDefinition(machine: AnyStateMachine): ChartDefinition {
  const edges = edgesOf(machine);
  return { id: machine.id, states: stateOf(machine.root, null, edges) };
}

/**
 * The configuration of a chart as JSON: what `createMachine` of XState and its tools load. Functions are left out;
 * names of guards, actions, actors and delays stay.
 */
export function toXstateConfig(machine: AnyStateMachine): Readonly<Record<string, unknown>> {
  return JSON.parse(JSON.stringify(machine.config)) as Readonly<Record<string, unknown>>;
}

function stateOf(node: AnyStateNode, parent: string | null, edges: readonly ChartEdge[]): readonly ChartState[] {
  const path = node.path.join('.');
  const initial = node.initial?.target?.[0]?.path.join('.') ?? null;
  const own: ChartState = {
    path,
    parent,
    initial,
    description: node.description ?? null,
    tags: [...node.tags],
    edges: edges.filter(({ source }) => source === path),
  };
  return [own, ...Object.values(node.states).flatMap((below) => stateOf(below, path, edges))];
}
