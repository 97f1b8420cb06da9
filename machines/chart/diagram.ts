/** Pictures of a chart, computed from the chart itself: a Mermaid state diagram and a table, each with every edge. */

import type { AnyStateMachine, AnyStateNode } from 'xstate';
import { topOf } from '../state-path.ts';
import type { ChartEdge } from './data.ts';
import { edgesOf } from './edges.ts';

const anywhere = 'anywhere';

/**
 * A Mermaid `stateDiagram-v2`. Edges of the root start at an extra state, "in every state"; an edge between children of
 * two different states is drawn between those states, and its label names the children. Edges between the same two
 * states are one arrow, with a line for each.
 */
export function toMermaid(machine: AnyStateMachine): string {
  const edges = edgesOf(machine);
  const lines = ['stateDiagram-v2', ...statesOf(machine.root, edges, 1)];
  if (edges.some(({ source }) => source === '')) lines.push(`  state "in every state" as ${anywhere}`);
  lines.push(...arrowsOf(edges, '').map((arrow) => `  ${arrow}`));
  return lines.join('\n');
}

/** A Markdown table: event × state. An empty cell means that the event is ignored in that state. */
export function toTable(machine: AnyStateMachine): string {
  const edges = edgesOf(machine);
  const columns = [...(edges.some(({ source }) => source === '') ? [''] : []), ...Object.keys(machine.root.states)];
  const events = [...new Set(edges.map(({ event }) => event))];
  const cell = (event: string, column: string) =>
    edges
      .filter((edge) => edge.event === event && topOf(edge.source) === column)
      .map(cellText)
      .join('<br>');
  return [
    row(['event', ...columns.map((column) => (column === '' ? '*in every state*' : `\`${column}\``))]),
    row(['---', ...columns.map(() => '---')]),
    ...events.map((event) => row([`\`${event}\``, ...columns.map((column) => cell(event, column))])),
  ].join('\n');
}

function innerOf(path: string): string {
  return path.split('.').slice(1).join('.');
}

/** The state inside which an edge is drawn; empty: at the top level. */
function groupOf({ source, target }: ChartEdge): string {
  const [from, to] = [innerOf(source), innerOf(target ?? source)];
  return from !== '' && to !== '' && topOf(source) === topOf(target ?? source) ? topOf(source) : '';
}

function statesOf(root: AnyStateNode, edges: readonly ChartEdge[], depth: number): readonly string[] {
  const indent = '  '.repeat(depth);
  const initial = root.initial?.target?.[0];
  const lines = initial === undefined ? [] : [`${indent}[*] --> ${idOf(initial.path.join('.'))}`];
  for (const node of Object.values(root.states)) {
    const path = node.path.join('.');
    const opening = `${indent}state "${node.key}" as ${idOf(path)}`;
    if (Object.keys(node.states).length === 0) lines.push(opening);
    else
      lines.push(
        `${opening} {`,
        ...statesOf(node, edges, depth + 1),
        ...arrowsOf(edges, path).map((arrow) => `${indent}  ${arrow}`),
        `${indent}}`,
      );
  }
  return lines;
}

/** The arrows that are drawn inside a state; `group` empty: those at the top level. */
function arrowsOf(edges: readonly ChartEdge[], group: string): readonly string[] {
  const labels = new Map<string, string[]>();
  for (const edge of edges.filter((one) => groupOf(one) === group)) {
    const { arrow, label } = mermaidEdge(edge, group);
    labels.set(arrow, [...(labels.get(arrow) ?? []), label]);
  }
  return [...labels].map(([arrow, lines]) => `${arrow} : ${lines.join('<br/>')}`);
}

function mermaidEdge(edge: ChartEdge, group: string): { readonly arrow: string; readonly label: string } {
  const { source, event, guard } = edge;
  const target = edge.target ?? source;
  const [from, to] = group === '' ? [topOf(source), topOf(target)] : [source, target];
  const inner =
    group === ''
      ? [
          innerOf(source) === '' ? '' : ` in ${innerOf(source)}`,
          innerOf(target) === '' || edge.target === null ? '' : ` to ${innerOf(target)}`,
        ]
      : [];
  const stays = edge.target === null ? ' (stays)' : '';
  const condition = guard === null ? '' : ` [${guard}]`;
  return { arrow: `${idOf(from)} --> ${idOf(to)}`, label: `${event}${condition}${inner.join('')}${stays}` };
}

/** Mermaid accepts only letters, digits and underscores. */
function idOf(path: string): string {
  return path === '' ? anywhere : path.replaceAll(/\W/g, '_');
}

function cellText({ source, target, guard }: ChartEdge): string {
  const where = innerOf(source) === '' ? '' : `in ${innerOf(source)}: `;
  const condition = guard === null ? '' : `[${guard}] `;
  return `${where}${condition}${target === null ? 'stays' : `→ ${target}`}`;
}

function row(cells: readonly string[]): string {
  return `| ${cells.join(' | ')} |`;
}
