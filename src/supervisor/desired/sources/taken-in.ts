/** What happens to the sources from outside: an edit of the file, other entries in the store. None is wholly trusted. */

import { entriesOf, parseEdit, parseEntries } from '../../../config/parse.ts';
import { errorAt, isWithin, warningAt } from '../../../config/problems.ts';
import type { Problem } from '../../../errors.ts';
import { documentOf, type Entries, type Entry, type Layers, placeOf, restOf, type Sources } from './sources.ts';
import { storedProblems } from './stored-rules.ts';

/** `sources` null: the whole is refused, for the errors in `problems`. */
export interface TextTaken {
  readonly sources: Sources | null;
  readonly problems: readonly Problem[];
  /** Warnings of what the file takes the place of. */
  readonly overruled: readonly Problem[];
}

/**
 * Takes in the new text of the file: what it says counts, and beside it what the store has and the host added under
 * other names.
 */
export function withText(before: Sources, text: string): TextTaken {
  const { configuration: current, file, stored, host } = before;
  const { added, removed, applied } = host;
  const { config: configuration, problems, own } = parseEdit(text, current, new Map([...stored.sound, ...added]));
  if (configuration === null) return { sources: null, problems, overruled: [] };
  // An entry with a mistake takes nobody's place.
  const isOwn = (name: string) => own.has(name) && !configuration.refused.has(name);
  const beside = new Map([...added].filter(([name]) => !isOwn(name)));
  const overruled = [
    ...(applied === null
      ? []
      : [warningAt(['mcpServers'], 'takes the place of the configuration that was applied', null)]),
    ...[...added.keys()]
      .filter(isOwn)
      .map((name) => warningAt(['mcpServers', name], 'was added or changed, too; the file wins', null)),
    ...[...removed]
      .filter((name) => isOwn(name) && !added.has(name))
      .map((name) => warningAt(['mcpServers', name], 'was removed, and is back: it is in the file', null)),
  ];
  const inForce = entriesOf(configuration);
  const entries = [...own].flatMap((name): [string, Entry][] => {
    const entry = isOwn(name) ? inForce.get(name) : file.entries.get(name);
    return entry === undefined || !inForce.has(name) ? [] : [[name, entry]];
  });
  return {
    sources: {
      configuration,
      file: { entries: new Map(entries), rest: restOf(configuration) },
      stored,
      host: { applied: null, added: beside, removed: new Set() },
    },
    problems,
    overruled,
  };
}

/** More rounds than any chain of dependencies among stored servers is worth. */
const mostRounds = 10;

/**
 * Takes in what the store has now. An entry with a mistake is refused alone, and a server that ran goes on with the one
 * it had.
 */
export function withStored(before: Sources, entries: Entries): Sources {
  const refused = new Map<string, readonly Problem[]>();
  const dropped = new Set<string>();
  for (let round = 0; round < mostRounds; round += 1) {
    const sound = soundAmong(before, { entries, refused, dropped });
    const layers = { ...before, stored: { entries, sound, refused } };
    const { sources, wrong } = judged(before, layers);
    if (sources !== null) return sources;
    if (wrong.size === 0) break;
    for (const [name, problems] of wrong) {
      if (refused.has(name)) dropped.add(name);
      refused.set(name, problems);
    }
  }
  return asBefore(before, entries);
}

interface Judging {
  readonly entries: Entries;
  readonly refused: ReadonlyMap<string, readonly Problem[]>;
  /** Not even the entry that its server had will do. */
  readonly dropped: ReadonlySet<string>;
}

function soundAmong({ stored }: Layers, { entries, refused, dropped }: Judging): Entries {
  const sound = [...entries].flatMap(([name, entry]): [string, Entry][] => {
    if (!refused.has(name)) return [[name, entry]];
    const former = stored.sound.get(name);
    return former === undefined || dropped.has(name) ? [] : [[name, former]];
  });
  return new Map(sound);
}

function judged(
  { configuration: { folder, hostedTransports, servers, refused } }: Sources,
  layers: Layers,
): { readonly sources: Sources | null; readonly wrong: ReadonlyMap<string, readonly Problem[]> } {
  const { config, problems } = parseEntries(documentOf(layers), { folder, hostedTransports, servers });
  const names = [...layers.stored.sound.keys()];
  if (config === null) {
    const errors = problems.filter(({ severity }) => severity === 'error');
    const found = names.map((name) => [name, errors.filter((one) => isWithin(one, name))] as const);
    return { sources: null, wrong: new Map(found.filter(([, own]) => own.length > 0)) };
  }
  const sources = { ...layers, configuration: { ...config, refused } };
  const broken = names.flatMap((name) => {
    const own = placeOf(sources, name) === 'store' ? storedProblems(sources, name) : [];
    return own.length === 0 ? [] : [[name, own] as const];
  });
  return broken.length === 0 ? { sources, wrong: new Map() } : { sources: null, wrong: new Map(broken) };
}

/** Servers of the other sources need what is no longer there: what is in force stays so. */
function asBefore(before: Sources, entries: Entries): Sources {
  const { sound } = before.stored;
  const names = new Set([...entries.keys(), ...sound.keys()]);
  const refused = [...names]
    .filter((name) => entries.get(name) !== sound.get(name))
    .map((name) => [name, [errorAt(['mcpServers', name], 'cannot be taken in', needed)]] as const);
  return { ...before, stored: { entries, sound, refused: new Map(refused) } };
}

const needed = 'others need servers as they were before: mend their dependsOn';
