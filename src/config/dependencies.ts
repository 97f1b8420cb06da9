/** Checks that the servers can wait for each other as `dependsOn` says. */

import type { Problem } from '../errors.ts';
import { isRecord } from '../json.ts';
import { errorAt } from './problems.ts';
import { closestTo } from './spelling.ts';

interface Dependent {
  readonly isEnabled: boolean;
  readonly dependsOn: readonly string[];
}

/** Names of servers. */
interface Names {
  has(name: string): boolean;
}

/**
 * Checks the entries as they are written, so that a mistake elsewhere in an entry causes no false problems here.
 * `present`: the current servers.
 */
export function dependencyProblems(
  entries: Readonly<Record<string, unknown>>,
  present: Names = new Set(),
): readonly Problem[] {
  const dependents = new Map(Object.entries(entries).map(([name, entry]) => [name, toDependent(entry)]));
  const names = [...dependents].flatMap(([name, dependent]) =>
    dependent.dependsOn.flatMap((wanted, index) => {
      const mistake = mistakeIn({ name, wanted, dependents, present });
      return mistake === null ? [] : [errorAt(['mcpServers', name, 'dependsOn', index], mistake.message, mistake.hint)];
    }),
  );
  const cycles = cyclesIn(dependents).map((cycle) =>
    errorAt(
      ['mcpServers', cycle[0] ?? '', 'dependsOn'],
      `goes round in a circle: ${[...cycle, cycle[0]].join(' → ')}`,
      'none of them could ever start; remove one of the arrows',
    ),
  );
  return [...names, ...cycles];
}

function toDependent(entry: unknown): Dependent {
  if (!isRecord(entry)) return { isEnabled: true, dependsOn: [] };
  const dependsOn = Array.isArray(entry.dependsOn) ? entry.dependsOn.filter((name) => typeof name === 'string') : [];
  return { isEnabled: entry.enabled !== false && entry.disabled !== true, dependsOn };
}

interface Arrow {
  readonly name: string;
  readonly wanted: string;
  readonly dependents: ReadonlyMap<string, Dependent>;
  readonly present: Names;
}

function mistakeIn({
  name,
  wanted,
  dependents,
  present,
}: Arrow): { readonly message: string; readonly hint: string | null } | null {
  if (wanted === name) return { message: 'names the server itself', hint: 'remove it' };
  const dependency = dependents.get(wanted);
  if (dependency === undefined && present.has(wanted)) {
    return {
      message: `names "${wanted}", which would be removed`,
      hint: `${name} needs it: keep ${wanted}, or take it out of dependsOn`,
    };
  }
  if (dependency === undefined) {
    const closest = closestTo(wanted, [...dependents.keys()]);
    return {
      message: `names "${wanted}", which is not a server of this configuration`,
      hint: closest === null ? null : `did you mean ${closest}?`,
    };
  }
  if (dependency.isEnabled || dependents.get(name)?.isEnabled === false) return null;
  return { message: `names "${wanted}", which is disabled`, hint: `enable ${wanted}, or disable ${name} as well` };
}

/** Each cycle once, starting with the member that is reached first. A server that names itself is not reported here. */
function cyclesIn(dependents: ReadonlyMap<string, Dependent>): readonly (readonly string[])[] {
  const cycles: (readonly string[])[] = [];
  const done = new Set<string>();
  const visit = (name: string, trail: readonly string[]): void => {
    if (trail.includes(name)) cycles.push(trail.slice(trail.indexOf(name)));
    if (trail.includes(name) || done.has(name)) return;
    for (const next of dependents.get(name)?.dependsOn ?? []) if (next !== name) visit(next, [...trail, name]);
    done.add(name);
  };
  for (const name of dependents.keys()) visit(name, []);
  return cycles;
}
