/** Bounds of a configuration: one that nobody wrote by hand must not keep the event loop busy. */

import type { Problem } from '../errors.ts';
import { isRecord } from '../text/json.ts';
import { errorAt, errorsFirst } from './problems.ts';

/** Servers in a configuration, at most. */
const mostServers = 10_000;

/** Elements of any other list or object in it, at most. */
const mostElements = 10_000;

/** Problems that are told, at most. */
const mostProblems = 1_000;

/** Looks at the outer three levels: servers, their settings, and what these consist of. */
export function sizeProblems(document: Readonly<Record<string, unknown>>): readonly Problem[] {
  const { mcpServers, ...others } = document;
  return [
    ...(isRecord(mcpServers) ? tooMany(['mcpServers'], mcpServers, mostServers) : []),
    ...tooMany([], others, mostElements),
    ...inside([], others),
    ...(isRecord(mcpServers) ? Object.entries(mcpServers) : [])
      .slice(0, mostServers)
      .flatMap(([name, entry]) => [
        ...tooMany(['mcpServers', name], entry, mostElements),
        ...inside(['mcpServers', name], entry),
      ]),
  ];
}

/** The problems, errors first; beyond the first thousand they are only counted. */
export function bounded(problems: readonly Problem[]): readonly Problem[] {
  const ordered = errorsFirst(problems);
  if (ordered.length <= mostProblems) return ordered;
  const [first] = ordered;
  const rest = ordered.length - mostProblems;
  return [
    ...ordered.slice(0, mostProblems),
    { path: '', message: `has ${rest} more problems like these`, hint: null, severity: first?.severity ?? 'error' },
  ];
}

function inside(path: readonly string[], value: unknown): readonly Problem[] {
  if (!isRecord(value)) return [];
  return Object.entries(value)
    .slice(0, mostElements)
    .flatMap(([key, inner]) => tooMany([...path, key], inner, mostElements));
}

function tooMany(path: readonly string[], value: unknown, most: number): readonly Problem[] {
  const count = Array.isArray(value) ? value.length : isRecord(value) ? Object.keys(value).length : 0;
  return count <= most ? [] : [errorAt(path, `has ${count} elements`, `the most is ${most}`)];
}
