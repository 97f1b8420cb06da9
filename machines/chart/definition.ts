/** A chart as plain data: its states and their edges, computed from the chart itself. */

import type { AnyStateMachine, AnyStateNode } from 'xstate';
import { type ChartEdge, edgesOf } from './edges.ts';

/** One state of a chart. */
export interface ChartState {
  /** Dotted path from the root; empty: the root, whose edges apply in every state. */
  readonly path: string;
  /** Path of its parent state; null: it is the root. */
  readonly parent: string | null;
  /** Path of the child state that is entered first; null: it has no child states. */
  readonly initial: string | null;
  readonly tags: readonly string[];
  readonly edges: readonly ChartEdge[];
}

/** A chart: `server`, `group` or `supervisor`. */
export interface ChartDefinition {
  readonly id: string;
  /** Each state comes after its parent. */
  readonly states: readonly ChartState[];
}

export function toDefinition(machine: AnyStateMachine): ChartDefinition {
  const edges = edgesOf(machine);
  return { id: machine.id, states: stateOf(machine.root, null, edges) };
}

function stateOf(node: AnyStateNode, parent: string | null, edges: readonly ChartEdge[]): readonly ChartState[] {
  const path = node.path.join('.');
  const initial = node.initial?.target?.[0]?.path.join('.') ?? null;
  const own: ChartState = {
    path,
    parent,
    initial,
    tags: [...node.tags],
    edges: edges.filter(({ source }) => source === path),
  };
  return [own, ...Object.values(node.states).flatMap((below) => stateOf(below, path, edges))];
}
