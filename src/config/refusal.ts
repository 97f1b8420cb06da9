/** Which entries are refused because of mistakes, so that the others can run. */

import type { Problem } from '../errors.ts';
import { type Dependent, toDependent } from './dependencies.ts';
import { errorAt, hasErrors } from './problems.ts';

/** Problems by the name of the entry they are in. */
export type EntryProblems = ReadonlyMap<string, readonly Problem[]>;

export function byEntry(found: Iterable<readonly [string, readonly Problem[]]>): EntryProblems {
  const problems = new Map<string, Problem[]>();
  for (const [name, more] of found) {
    const own = problems.get(name);
    if (own === undefined) problems.set(name, [...more]);
    else own.push(...more);
  }
  return problems;
}

/**
 * The entries with errors, and those that depend on one: it will not be there. `isKept`: the server goes on with the
 * entry it had.
 */
export function refusedAmong(
  entries: Readonly<Record<string, unknown>>,
  problems: EntryProblems,
  isKept: (name: string) => boolean,
): EntryProblems {
  const refused = new Map([...problems].filter(([, own]) => hasErrors(own)));
  const dependents = dependentsIn(entries);
  for (const [name] of refused) {
    if (isKept(name)) continue;
    for (const dependent of dependents.get(name) ?? []) {
      if (refused.has(dependent)) continue;
      const problem = errorAt(
        ['mcpServers', dependent, 'dependsOn'],
        `names "${name}", whose entry has a mistake`,
        'it is refused as long as the other one is',
      );
      // The loop comes to it, too.
      refused.set(dependent, [...(problems.get(dependent) ?? []), problem]);
    }
  }
  return refused;
}

function dependentsIn(entries: Readonly<Record<string, unknown>>): ReadonlyMap<string, readonly string[]> {
  const dependents = new Map<string, string[]>();
  for (const [name, entry] of Object.entries(entries)) {
    const { dependsOn }: Dependent = toDependent(entry);
    for (const dependency of new Set(dependsOn)) {
      const known = dependents.get(dependency);
      if (known === undefined) dependents.set(dependency, [name]);
      else known.push(name);
    }
  }
  return dependents;
}
