/** Checks that the servers can wait for each other as `dependsOn` says. */

import type { Problem } from '../errors.ts';
import { isRecord } from '../text/json.ts';
import { errorAt } from './problems.ts';
import { closestTo } from './spelling.ts';

export interface Dependent {
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
): readonly (readonly [string, readonly Problem[]])[] {
  const dependents = new Map(Object.entries(entries).map(([name, entry]) => [name, toDependent(entry)]));
  const guess = guesser([...dependents.keys()]);
  const ofNames = [...dependents].flatMap(([name, dependent]) =>
    dependent.dependsOn.flatMap((wanted, index): (readonly [string, readonly Problem[]])[] => {
      const mistake = mistakeIn({ name, wanted, dependents, present, guess });
      if (mistake === null) return [];
      return [[name, [errorAt(['mcpServers', name, 'dependsOn', index], mistake.message, mistake.hint)]]];
    }),
  );
  const ofCircles = cyclesIn(dependents).map((cycle) => {
    const [first = ''] = cycle;
    const shown = [...cycle.slice(0, mostShown), ...(cycle.length > mostShown ? ['…'] : []), first];
    const problem = errorAt(
      ['mcpServers', first, 'dependsOn'],
      `goes round in a circle: ${shown.join(' → ')}`,
      'none of them could ever start; remove one of the arrows',
    );
    return [first, [problem]] as const;
  });
  return [...ofNames, ...ofCircles];
}

export function toDependent(entry: unknown): Dependent {
  if (!isRecord(entry)) return { isEnabled: true, dependsOn: [] };
  const dependsOn = Array.isArray(entry.dependsOn) ? entry.dependsOn.filter((name) => typeof name === 'string') : [];
  return { isEnabled: (entry.enabled ?? entry.isActive) !== false && entry.disabled !== true, dependsOn };
}

const mostShown = 20;

interface Arrow {
  readonly name: string;
  readonly wanted: string;
  readonly dependents: ReadonlyMap<string, Dependent>;
  readonly present: Names;
  /** The name that was meant. */
  readonly guess: (name: string) => string | null;
}

/** Each guess looks at every name: the first mistakes get one, and thousands of them would take minutes. */
const mostGuesses = 20;

function guesser(names: readonly string[]): Arrow['guess'] {
  let left = mostGuesses;
  return (name) => {
    left -= 1;
    return left < 0 ? null : closestTo(name, names);
  };
}

function mistakeIn({
  name,
  wanted,
  dependents,
  present,
  guess,
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
    const closest = guess(wanted);
    return {
      message: `names "${wanted}", which is not a server of this configuration`,
      hint: closest === null ? null : `did you mean ${closest}?`,
    };
  }
  if (dependency.isEnabled || dependents.get(name)?.isEnabled === false) return null;
  return { message: `names "${wanted}", which is disabled`, hint: `enable ${wanted}, or disable ${name} as well` };
}

/** Cycles that are told; in a tangle of thousands the first ones are what a person can mend. */
const mostCycles = 20;

/**
 * Cycles, each once, starting with the member that is reached first. A server that names itself is not reported here.
 * Without recursion: a chain may be as long as the file has entries.
 */
function cyclesIn(dependents: ReadonlyMap<string, Dependent>): readonly (readonly string[])[] {
  const cycles: (readonly string[])[] = [];
  const seen = new Set<string>();
  for (const start of dependents.keys()) {
    /** The way from `start` to where we are: each name with those it still leads to. */
    const trail: { readonly name: string; readonly next: string[] }[] = [];
    const onTrail = new Set<string>();
    const enter = (name: string) => {
      seen.add(name);
      onTrail.add(name);
      trail.push({ name, next: [...(dependents.get(name)?.dependsOn ?? [])] });
    };
    if (!seen.has(start)) enter(start);
    for (let at = trail.at(-1); at !== undefined && cycles.length < mostCycles; at = trail.at(-1)) {
      const next = at.next.shift();
      if (next === undefined) {
        trail.pop();
        onTrail.delete(at.name);
      } else if (next !== at.name && onTrail.has(next)) {
        cycles.push(trail.slice(trail.findIndex(({ name }) => name === next)).map(({ name }) => name));
      } else if (!seen.has(next)) {
        enter(next);
      }
    }
  }
  return cycles;
}
