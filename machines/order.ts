/** In which order servers start and stop: dependencies first, otherwise as they were written. */

import { entryOf, type Table } from './table.ts';

/** For each server, the servers it depends on. A server without dependencies may be left out. */
export type Dependencies = Table<readonly string[]>;

/** Sorts names so that each comes after its direct and indirect dependencies; otherwise their order stays. */
export function inOrder(names: readonly string[], dependencies: Dependencies): readonly string[] {
  const chosen = new Set(names);
  const seen = new Set<string>();
  const ordered: string[] = [];
  const visit = (name: string): void => {
    if (seen.has(name)) return;
    seen.add(name);
    for (const dependency of namedIn(dependencies, name)) visit(dependency);
    if (chosen.has(name)) ordered.push(name);
  };
  for (const name of names) visit(name);
  return ordered;
}

/** Of the servers to be stopped: those that no other of them depends on, in reverse order. */
export function mayStop(names: readonly string[], dependencies: Dependencies): readonly string[] {
  const needed = new Set(names.flatMap((name) => [...reachableFrom(name, dependencies)]));
  return inOrder(names, dependencies)
    .filter((name) => !needed.has(name))
    .reverse();
}

/** Whether one server depends on the other, directly or indirectly. */
export function reaches(from: string, to: string, dependencies: Dependencies): boolean {
  return reachableFrom(from, dependencies).has(to);
}

/** For each server, the servers that depend on it directly. */
export function dependentsOf(dependencies: Dependencies): Dependencies {
  const dependents = new Map<string, string[]>();
  for (const [name, wanted] of Object.entries(dependencies)) {
    for (const dependency of wanted) dependents.set(dependency, [...(dependents.get(dependency) ?? []), name]);
  }
  return Object.fromEntries(dependents);
}

/** The dependencies of a server, or its dependents if that is what the table contains. */
export function namedIn(dependencies: Dependencies, name: string): readonly string[] {
  return entryOf(dependencies, name) ?? [];
}

/** Everything a server depends on, directly or indirectly; not itself. */
function reachableFrom(name: string, dependencies: Dependencies): ReadonlySet<string> {
  const reached = new Set<string>();
  const visit = (from: string): void => {
    for (const dependency of namedIn(dependencies, from)) {
      if (reached.has(dependency)) continue;
      reached.add(dependency);
      visit(dependency);
    }
  };
  visit(name);
  return reached;
}
