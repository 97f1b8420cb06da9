/** Turns the text of a configuration into a `Configuration`, or into every reason why that is impossible. */

import { dirname, resolve } from 'node:path';
import { McpvisorError } from '../errors.ts';
import { isSystemError } from '../system-error.ts';
import { isRecord } from '../text/json.ts';
import type { Configuration, Parsed, ParseOptions } from './configuration.ts';
import { entriesIn, parseEntries } from './document.ts';
import { type Read, readJsonc } from './file/jsonc.ts';
import { isGivenPipe, maxConfigBytes, readTextFile, reasonOf } from './file/text-file.ts';
import { errorAt } from './problems.ts';

export { parseEntries, withDocument } from './document.ts';
export { isComment } from './entries/names.ts';

/** Reads JSON with comments and trailing commas. Returns all problems at once; does not throw. */
export function parseConfig(text: string, options: ParseOptions): Parsed {
  const read = readJsonc(text);
  return read.problems.length > 0 ? { config: null, problems: read.problems } : parseRead(read, read.value, options);
}

/**
 * Parses the text that the file has now. Entries with mistakes are refused one by one, and a server of `current` keeps
 * the one it had. The entries of `others` did not come from the file, and are checked with its own, because they may
 * depend on each other; if both have a name, the entry of the text counts.
 */
export function parseEdit(
  text: string,
  current: Configuration,
  others: ReadonlyMap<string, unknown>,
): Parsed & {
  /** The names in the text whose entry counts. */
  readonly own: ReadonlySet<string>;
} {
  const read = readJsonc(text);
  const { value, problems } = read;
  if (problems.length > 0) return { config: null, problems, own: new Set() };
  const { folder, hostedTransports, servers } = current;
  const options = { folder, hostedTransports, servers, before: current, others };
  if (!isRecord(value) || (value.mcpServers !== undefined && !isRecord(value.mcpServers)))
    return { ...parseRead(read, value, options), own: new Set() };
  if (value.mcpServers === undefined && servers.size > others.size)
    return { config: null, problems: [...parseRead(read, value, options).problems, emptied], own: new Set() };
  const entries = entriesIn(value);
  const beside = [...others].filter(([name]) => !Object.hasOwn(entries, name));
  const whole = { ...value, mcpServers: { ...entries, ...Object.fromEntries(beside) } };
  const parsed = parseRead(read, beside.length === 0 ? value : whole, options);
  return { ...parsed, own: new Set(Object.keys(entries)) };
}

/** The entries in force as they were written, by name. They hold secrets. */
export function entriesOf({ source, servers }: Configuration): ReadonlyMap<string, Readonly<Record<string, unknown>>> {
  return new Map(
    Object.entries(entriesIn(source)).flatMap(([name, entry]): [string, Readonly<Record<string, unknown>>][] =>
      servers.has(name) && isRecord(entry) ? [[name, entry]] : [],
    ),
  );
}

const emptied = errorAt(['mcpServers'], 'is missing, and servers run', 'to stop them all write {"mcpServers": {}}');

/**
 * Reads and parses a file; relative paths in it start from its folder. An entry with mistakes is refused, the others
 * count, unless the file is strict. Throws `CONFIG_UNREADABLE`.
 */
export async function loadConfig(
  file: string,
  options: Omit<ParseOptions, 'folder'> = {},
): Promise<Parsed & { readonly text: string }> {
  const path = resolve(file);
  const text = textOf(path);
  return { ...parseConfig(text, { before: null, ...options, folder: dirname(path) }), text };
}

function textOf(path: string): string {
  try {
    return readTextFile(path, { maxBytes: maxConfigBytes, mayWait: isGivenPipe(path) });
  } catch (cause) {
    const reason = isSystemError(cause, 'ENOENT') ? null : reasonOf(cause);
    throw new McpvisorError('CONFIG_UNREADABLE', { file: path, reason }, { cause });
  }
}

/** Says of each problem in which line of the text it is. */
function parseRead({ findings, locate }: Read, value: unknown, options: ParseOptions): Parsed {
  const twice = findings.map(({ path: [top, name], problem }) => ({
    server: top === 'mcpServers' && typeof name === 'string' ? name : null,
    problem,
  }));
  const { config, problems } = parseEntries(value, { ...options, findings: twice });
  const located = problems.map(locate);
  if (config === null) return { config, problems: located };
  const refused = new Map([...config.refused].map(([name, own]) => [name, own.map(locate)]));
  return { config: { ...config, refused, warnings: config.warnings.map(locate) }, problems: located };
}
