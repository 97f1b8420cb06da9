/** Charts as text: a Mermaid diagram with every edge, and a table of what each event does in each state. Read off the running definition. */

import type { AnyStateMachine, AnyStateNode, AnyTransitionDefinition } from 'xstate';

/** Stands for the whole chart where an edge leaves from no state in particular. */
const anywhere = 'any state';

/** A `stateDiagram-v2` with every edge, `always` and `after` ones too; an edge without a target is drawn back to where it is. */
export function toMermaid(machine: AnyStateMachine): string {
  const nodes = nodesOf(machine.root);
  const edges = nodes.flatMap((node) => edgesOf(node).map((edge) => lineOf(node, edge)));
  const fromAnywhere = edgesOf(machine.root).length > 0 ? [`  state "${anywhere}" as any_state`] : [];
  return ['stateDiagram-v2', ...boxesOf(machine.root, '  '), ...fromAnywhere, ...edges].join('\n');
}

/** A Markdown table, a row per event and a column per top-level state. Empty: the event is ignored there. */
export function toTable(machine: AnyStateMachine): string {
  const columns = Object.values(machine.root.states);
  const below = new Map(columns.map((column) => [column, nodesOf(column).flatMap((node) => edgesOf(node).map((edge) => ({ node, edge })))]));
  const everywhere = edgesOf(machine.root);
  const events = [...new Set([...[...below.values()].flat().map(({ edge }) => eventOf(edge)), ...everywhere.map(eventOf)])].sort();
  const cell = (column: AnyStateNode, event: string) => {
    const own = (below.get(column) ?? []).filter(({ edge }) => eventOf(edge) === event);
    const inherited = own.length > 0 ? [] : everywhere.filter((edge) => eventOf(edge) === event).map((edge) => ({ node: column, edge }));
    return [...own, ...inherited].map(({ node, edge }) => `${node === column ? '' : `\`${node.key}\`: `}${targetOf(edge)}${guardOf(edge)}`).join('<br>');
  };
  const rows = events.map((event) => [`\`${event}\``, ...columns.map((column) => cell(column, event))]);
  const header = ['event', ...columns.map(({ key }) => `\`${key}\``)];
  return [header, header.map(() => '---'), ...rows].map((row) => `| ${row.join(' | ')} |`).join('\n');
}

/** The node itself and all below it. */
function nodesOf(node: AnyStateNode): readonly AnyStateNode[] {
  return [node, ...Object.values(node.states).flatMap(nodesOf)];
}

function edgesOf(node: AnyStateNode): readonly AnyTransitionDefinition[] {
  return [...[...node.transitions.values()].flat(), ...(node.always ?? [])];
}

function boxesOf(node: AnyStateNode, indent: string): readonly string[] {
  const initial = node.initial?.target?.[0];
  const start = initial === undefined ? [] : [`${indent}[*] --> ${idOf(initial)}`];
  const children = Object.values(node.states).flatMap((child) => {
    const title = `${indent}state "${child.key}" as ${idOf(child)}`;
    return Object.keys(child.states).length === 0 ? [title] : [`${title} {`, ...boxesOf(child, `${indent}  `), `${indent}}`];
  });
  return [...start, ...children];
}

function lineOf(node: AnyStateNode, edge: AnyTransitionDefinition): string {
  const from = idOf(node);
  const targets = edge.target?.map(idOf) ?? [from];
  return targets.map((to) => `  ${from} --> ${to}: ${eventOf(edge)}${guardOf(edge)}${edge.target === undefined ? ' (stays)' : ''}`).join('\n');
}

function idOf({ path }: AnyStateNode): string {
  return path.length === 0 ? 'any_state' : path.join('_').replaceAll('-', '_');
}

/** XState's own events as people say them: `after quiet`, `done reap`, `error *`. */
function eventOf({ eventType }: AnyTransitionDefinition): string {
  const [, kind, rest = ''] = /^xstate\.(after|done\.actor|error\.actor)\.(.+)$/.exec(eventType) ?? [];
  if (kind === undefined) return eventType === '' ? 'always' : eventType;
  return kind === 'after' ? `after ${rest.split('.')[0]}` : `${kind.split('.')[0]} ${rest}`;
}

function targetOf({ target }: AnyTransitionDefinition): string {
  return target === undefined ? 'stays' : `→ ${target.map(({ path }) => path.join('.')).join(', ')}`;
}

function guardOf({ guard }: AnyTransitionDefinition): string {
  if (guard === undefined) return '';
  const name = typeof guard === 'object' && guard !== null && 'type' in guard ? String(guard.type) : String(guard);
  return ` [${name}]`;
}
