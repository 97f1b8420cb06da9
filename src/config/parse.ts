/** Turns the text or object of a configuration into a `Configuration`, or into every reason why that is impossible. */

import { readFile } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { McpvisorError, type Problem } from '../errors.ts';
import { isRecord } from '../json.ts';
import type { ServerSpecification } from '../specification.ts';
import type { Configuration, Parsed, ParseOptions } from './configuration.ts';
import { dependencyProblems } from './dependencies.ts';
import { parseEntry } from './entry.ts';
import { readJsonc } from './jsonc.ts';
import { isComment } from './names.ts';
import { errorAt, hasErrors, warningAt } from './problems.ts';
import { globalSettingsOf, parseGlobals } from './settings/global.ts';
import { documentSchema } from './settings/schema.ts';
import { bounded, sizeProblems } from './size.ts';
import { hintForKey } from './spelling.ts';

/** Reads JSON with comments and trailing commas. Returns all problems at once; does not throw. */
export function parseConfig(text: string, options: ParseOptions): Parsed {
  const { value, problems } = readJsonc(text);
  return problems.length > 0 ? { config: null, problems } : parseEntries(value, options);
}

/**
 * Parses the entries of a text together with others; checked as a whole, because they may depend on each other. If both
 * have a name, the entry of the text counts.
 */
export function parseConfigBeside(
  text: string,
  others: ReadonlyMap<string, unknown>,
  options: ParseOptions,
): Parsed & {
  /** The names in the text. */
  readonly own: ReadonlySet<string>;
} {
  const { value, problems } = readJsonc(text);
  if (problems.length > 0) return { config: null, problems, own: new Set() };
  if (!isRecord(value) || (value.mcpServers !== undefined && !isRecord(value.mcpServers)))
    return { ...parseEntries(value, options), own: new Set() };
  const entries = entriesOf(value);
  const own = new Set(Object.keys(entries));
  const beside = [...others].filter(([name]) => !own.has(name));
  const whole = beside.length === 0 ? value : { ...value, mcpServers: { ...entries, ...Object.fromEntries(beside) } };
  return { ...parseEntries(whole, options), own };
}

/** Reads and parses a file; relative paths in it start from its folder. Throws `CONFIG_UNREADABLE`. */
export async function loadConfig(
  file: string,
  options: Omit<ParseOptions, 'folder'> = {},
): Promise<Parsed & { readonly text: string }> {
  const path = resolve(file);
  const text = await readFile(path, 'utf8').catch((cause: unknown) => {
    throw new McpvisorError('CONFIG_UNREADABLE', { file: path }, { cause });
  });
  return { ...parseConfig(text, { ...options, folder: dirname(path) }), text };
}

/** Like `parseConfig`, for an object: `{mcpServers, mcpvisor?}`. */
export function parseEntries(document: unknown, options: ParseOptions): Parsed {
  if (!isRecord(document))
    return { config: null, problems: [errorAt([], 'must be an object: {"mcpServers": {…}}', null)] };
  const tooMuch = sizeProblems(document);
  if (tooMuch.length > 0) return { config: null, problems: bounded(tooMuch) };
  const { globals, sound, problems: globalProblems } = parseGlobals(document.mcpvisor);
  const entries = entriesOf(document);
  const parsed = Object.entries(entries).map(([name, entry]) =>
    parseEntry(name, entry, { ...options, globals: sound }),
  );
  const problems = bounded([
    ...documentProblems(document),
    ...globalProblems,
    ...parsed.flatMap((one) => one.problems),
    ...dependencyProblems(entries, options.servers),
  ]);
  if (globals === null || hasErrors(problems)) return { config: null, problems };
  const servers = toMap(parsed.flatMap(({ specification }) => specification ?? []));
  const { folder, hostedTransports = [] } = options;
  return {
    config: {
      servers,
      settings: globalSettingsOf(globals, servers),
      globals,
      source: document,
      folder,
      hostedTransports,
      warnings: problems,
    },
    problems,
  };
}

/** The configuration with an entry added or replaced; checked as a whole. */
export function withEntry(current: Configuration, name: string, entry: unknown): Parsed {
  if (isComment(name)) {
    const problem = errorAt(['mcpServers', name], 'is the name of a comment', 'begin it with neither "_" nor "//"');
    return { config: null, problems: [problem] };
  }
  return parseEntries({ ...current.source, mcpServers: { ...entriesOf(current.source), [name]: entry } }, current);
}

/** The configuration without an entry; an error if others depend on it. */
export function withoutEntry(current: Configuration, name: string): Parsed {
  const rest = Object.fromEntries(Object.entries(entriesOf(current.source)).filter(([key]) => key !== name));
  return parseEntries({ ...current.source, mcpServers: rest }, current);
}

/** Without comments. */
function entriesOf({ mcpServers }: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  return isRecord(mcpServers) ? Object.fromEntries(Object.entries(mcpServers).filter(([key]) => !isComment(key))) : {};
}

function toMap(specifications: readonly ServerSpecification[]): ReadonlyMap<string, ServerSpecification> {
  return new Map(specifications.map((specification) => [specification.name, specification]));
}

function documentProblems(document: Readonly<Record<string, unknown>>): readonly Problem[] {
  const known = Object.keys(documentSchema.shape);
  const unknown = Object.keys(document).filter((key) => !known.includes(key));
  const problems = unknown.map((key) =>
    warningAt([key], 'is not a setting of this version; it is kept and not acted on', hintForKey(key, known)),
  );
  if (document.mcpServers === undefined)
    return [
      ...problems,
      warningAt(['mcpServers'], 'is missing: there are no servers', 'write {"mcpServers": {"name": {…}}}'),
    ];
  return isRecord(document.mcpServers)
    ? problems
    : [...problems, errorAt(['mcpServers'], 'must be an object: {"name": {…}}', null)];
}
