/** From a document to a configuration: `{mcpServers, mcpvisor?}`, as an object. */

import { entryOf } from '../../machines/table.ts';
import type { Problem } from '../errors.ts';
import type { ServerSpecification } from '../specification.ts';
import { isRecord } from '../text/json.ts';
import type { Configuration, Parsed, ParseOptions } from './configuration.ts';
import { dependencyProblems } from './dependencies.ts';
import { parseEntry } from './entries/entry.ts';
import { isComment } from './entries/names.ts';
import { misplacedServers } from './foreign/misplaced.ts';
import { errorAt, hasErrors, warningAt } from './problems.ts';
import { byEntry, type EntryProblems, refusedAmong } from './refusal.ts';
import { globalSettingsOf, parseGlobals } from './settings/global.ts';
import { documentSchema, type Globals } from './settings/schema.ts';
import { bounded, sizeProblems } from './size.ts';
import { hintForKey } from './spelling.ts';

type Fields = Readonly<Record<string, unknown>>;

/** Checks the whole. Returns all problems at once; does not throw. */
export function parseEntries(document: unknown, options: ParseOptions): Parsed {
  if (!isRecord(document))
    return { config: null, problems: [errorAt([], 'must be an object: {"mcpServers": {…}}', null)] };
  const tooMuch = sizeProblems(document);
  if (tooMuch.length > 0) return { config: null, problems: bounded(tooMuch) };
  const { globals, sound, problems: globalProblems } = parseGlobals(document.mcpvisor);
  const entries = entriesIn(document);
  const parsed = new Map(
    Object.entries(entries).map(([name, entry]) => [name, parseEntry(name, entry, { ...options, globals: sound })]),
  );
  const { findings = [] } = options;
  const ofWhole = [
    ...documentProblems(document),
    ...globalProblems,
    ...findings.filter(({ server }) => server === null).map(({ problem }) => problem),
  ];
  const ofEntries = byEntry([
    ...[...parsed].map(([name, { problems }]) => [name, problems] as const),
    ...findings.flatMap(({ server, problem }) => (server === null ? [] : [[server, [problem]] as const])),
    ...dependencyProblems(entries, options.servers),
  ]);
  const problems = bounded([...ofWhole, ...[...ofEntries.values()].flat()]);
  if (globals === null || hasErrors(ofWhole)) return { config: null, problems };
  const found = new Map(
    [...parsed].flatMap(([name, { specification }]) => (specification ? [[name, specification]] : [])),
  );
  const whole: Whole = { document, entries, globals, options };
  if (!hasErrors(problems))
    return { config: toConfiguration(whole, found, { refused: new Map(), problems }), problems };
  const { before } = options;
  if (before === undefined || globals.strict === true) return { config: null, problems };
  return withoutRefused({ ...whole, before }, { found, ofWhole, ofEntries });
}

interface Whole {
  readonly document: Fields;
  readonly entries: Fields;
  readonly globals: Globals;
  readonly options: ParseOptions;
}

interface Found {
  readonly found: ReadonlyMap<string, ServerSpecification>;
  readonly ofWhole: readonly Problem[];
  readonly ofEntries: EntryProblems;
}

/** Everything but the entries with mistakes. Servers that ran before keep the entry they had. */
function withoutRefused(
  whole: Whole & { readonly before: Configuration | null },
  { found, ofWhole, ofEntries }: Found,
): Parsed {
  const { before, document, entries, options } = whole;
  const isKept = (name: string) => before?.servers.has(name) === true;
  const refused = refusedAmong(entries, ofEntries, isKept);
  const all = bounded([...ofWhole, ...[...new Map([...ofEntries, ...refused]).values()].flat()]);
  const former = before === null ? {} : entriesIn(before.source);
  const kept = Object.entries(entries).flatMap(([name, entry]): (readonly [string, unknown])[] => {
    if (!refused.has(name)) return [[name, entry]];
    return isKept(name) ? [[name, entryOf(former, name)]] : [];
  });
  // Those that were added by other means are not the file's to refuse.
  const isForeign = [...refused.keys()].some((name) => options.others?.has(name) === true);
  const broken = dependencyProblems(Object.fromEntries(kept), options.servers).flatMap(([, problems]) => problems);
  if (refused.size === Object.keys(entries).length || isForeign || broken.length > 0)
    return { config: null, problems: [...all, ...broken.filter(({ path }) => all.every((one) => one.path !== path))] };
  const servers = new Map(
    kept.flatMap(([name]): [string, ServerSpecification][] => {
      const specification = refused.has(name) ? before?.servers.get(name) : found.get(name);
      return specification === undefined ? [] : [[name, specification]];
    }),
  );
  const rest = { ...document, mcpServers: Object.fromEntries(kept) };
  return { config: toConfiguration({ ...whole, document: rest }, servers, { refused, problems: all }), problems: all };
}

function toConfiguration(
  { document, globals, options }: Whole,
  servers: ReadonlyMap<string, ServerSpecification>,
  { refused, problems }: { readonly refused: EntryProblems; readonly problems: readonly Problem[] },
): Configuration {
  const warnings = problems.filter(({ severity }) => severity === 'warning');
  const { folder, hostedTransports = [] } = options;
  return {
    servers,
    settings: globalSettingsOf(globals, servers),
    globals,
    source: document,
    folder,
    hostedTransports,
    refused,
    warnings,
  };
}

/**
 * Another document in place of the current one, checked as a whole. What the file has wrong is still wrong, except in
 * entries that others take the place of.
 */
export function withDocument(current: Configuration, document: Fields): Parsed {
  const { folder, hostedTransports, servers } = current;
  const { config, problems } = parseEntries(document, { folder, hostedTransports, servers });
  if (config === null) return { config, problems };
  const [before, after] = [entriesIn(current.source), entriesIn(document)];
  const isAnother = (name: string) => Object.hasOwn(after, name) && entryOf(before, name) !== entryOf(after, name);
  const refused = new Map([...current.refused].filter(([name]) => !isAnother(name)));
  return { config: { ...config, refused }, problems };
}

/** Without comments. */
export function entriesIn({ mcpServers }: Fields): Fields {
  return isRecord(mcpServers) ? Object.fromEntries(Object.entries(mcpServers).filter(([key]) => !isComment(key))) : {};
}

function documentProblems(document: Fields): readonly Problem[] {
  const misplaced = misplacedServers(document);
  const known = Object.keys(documentSchema.shape);
  const told = new Set(misplaced.map(({ path }) => path));
  // It is one entry: its fields are no settings of the whole.
  if (told.has('')) return misplaced;
  const unknown = Object.keys(document).filter((key) => !known.includes(key) && !isComment(key));
  const problems = unknown
    .map((key) =>
      warningAt([key], 'is not a setting of this version; it is kept and not acted on', hintForKey(key, known)),
    )
    .filter(({ path }) => ![...told].some((other) => other === path || isWithin(other, path)));
  if (hasErrors(misplaced)) return [...misplaced, ...problems];
  if (document.mcpServers === undefined)
    return [
      ...problems,
      warningAt(['mcpServers'], 'is missing: there are no servers', 'write {"mcpServers": {"name": {…}}}'),
    ];
  if (isRecord(document.mcpServers)) return [...misplaced, ...problems];
  const hint =
    Array.isArray(document.mcpServers) && document.mcpServers.length > 0
      ? 'write the name of each server before its entry'
      : null;
  return [...problems, errorAt(['mcpServers'], 'must be an object: {"name": {…}}', hint)];
}

function isWithin(path: string, outer: string): boolean {
  return path.startsWith(`${outer}.`) || path.startsWith(`${outer}[`);
}
