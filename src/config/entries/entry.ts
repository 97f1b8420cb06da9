/** Turns one entry of `mcpServers` into a server's specification. */

import { isAbsolute, resolve } from 'node:path';
import type { Problem } from '../../errors.ts';
import type {
  HostedSpecification,
  RemoteSpecification,
  ServerSettings,
  ServerSpecification,
  StdioSpecification,
} from '../../specification.ts';
import { isRecord } from '../../text/json.ts';
import { check, problemsElsewhere } from '../check.ts';
import type { ParseOptions } from '../configuration.ts';
import { hasExpression, mistakesIn } from '../expand/expression.ts';
import { isMapOfEntries } from '../foreign/misplaced.ts';
import { foreignVariables } from '../foreign/variables.ts';
import { translated } from '../foreign/words.ts';
import { errorAt, hasErrors, type Path, warningAt } from '../problems.ts';
import { type Entry, entrySchema, type Globals } from '../settings/schema.ts';
import { contradictionsOf, type SharedSettings, sharedSettingsOf } from '../settings/server.ts';
import { settings } from '../settings/settings.ts';
import { commandProblems } from './command.ts';
import { nameMistake } from './names.ts';
import { isHostedWord, type Transport, transportOf } from './transport.ts';
import { urlMistake } from './url.ts';

export interface EntryOptions extends ParseOptions {
  /** Defaults for all servers, as written under `mcpvisor`. Default: none. */
  readonly globals?: Globals;
}

/** `specification` is null if and only if a problem is an error. The names of other servers are not checked here. */
export interface ParsedEntry {
  readonly specification: ServerSpecification | null;
  readonly problems: readonly Problem[];
}

/** Checks one entry on its own and fills in every default. */
export function parseEntry(name: string, written: unknown, options: EntryOptions): ParsedEntry {
  const path = ['mcpServers', name];
  const mistake = nameMistake(name);
  const misnamed = mistake === null ? [] : [errorAt(path, mistake.message, mistake.hint)];
  if (!isRecord(written))
    return { specification: null, problems: [...misnamed, errorAt(path, 'must be an object: {…}', hintFor(written))] };
  const hosted = options.hostedTransports ?? [];
  const isHostedEntry = isHostedWord(written, hosted);
  if (!isHostedEntry && isMapOfEntries(written)) {
    const problem = errorAt(path, 'is a map of servers inside the map of servers', 'move its entries up one level');
    return { specification: null, problems: [...misnamed, problem] };
  }
  // The keys of a hosted entry are the host's.
  const { entry, problems: foreign } = isHostedEntry ? { entry: written, problems: [] } : translated(written, path);
  const { transport, problems: unclear } = transportOf(entry, path, hosted);
  const isHosted = typeof transport === 'object' && transport !== null;
  const { data, sound, problems: found } = check(entrySchema, entry, path);
  // The host's factory may have keys of its own.
  const problems = [
    ...misnamed,
    ...foreign,
    ...unclear,
    ...(isHosted ? found.filter(({ severity }) => severity === 'error') : found),
  ];
  if (sound === null) return { specification: null, problems };
  const shared = sharedSettingsOf(
    sound,
    options.globals ?? {},
    transport === 'auto' || transport === 'streamable-http' || transport === 'sse',
  );
  const all = [
    ...problems,
    ...problemsElsewhere(problems, [
      ...contradictionsOf(sound, shared, path),
      ...entryProblems(sound, transport, path),
    ]),
  ];
  if (data === null || transport === null || hasErrors(all)) return { specification: null, problems: all };
  const common = commonSettings(name, data, shared);
  return { specification: toSpecification(common, data, { transport, entry, options }), problems: all };
}

function hintFor(written: unknown): string | null {
  if (Array.isArray(written) || typeof written === 'string')
    return 'write {"command": "…", "args": ["…"]} for a program, {"url": "…"} for a remote server';
  return null;
}

function commonSettings(name: string, entry: Entry, shared: SharedSettings): ServerSettings {
  return {
    name,
    enabled: entry.enabled ?? !(entry.disabled ?? settings.disabled.default),
    required: entry.required ?? settings.required.default,
    group: entry.group ?? settings.group.default,
    dependsOn: entry.dependsOn ?? settings.dependsOn.default,
    lazy: entry.lazy ?? settings.lazy.default,
    tools: {
      include: entry.tools?.include ?? settings['tools.include'].default,
      exclude: entry.tools?.exclude ?? settings['tools.exclude'].default,
    },
    autoApprove: entry.autoApprove ?? settings.autoApprove.default,
    ...shared,
  };
}

interface Origin {
  readonly transport: Transport;
  readonly entry: Readonly<Record<string, unknown>>;
  readonly options: EntryOptions;
}

function toSpecification(
  common: ServerSettings,
  entry: Entry,
  { transport, entry: raw, options }: Origin,
): ServerSpecification {
  const { folder, globals } = options;
  if (typeof transport === 'object') return { ...common, transport, entry: raw } satisfies HostedSpecification;
  const envFile = entry.envFile === undefined ? null : resolvePath(folder, entry.envFile);
  if (transport === 'stdio') {
    return {
      ...common,
      transport,
      command: resolveCommand(folder, entry.command ?? ''),
      args: entry.args ?? settings.args.default,
      env: entry.env ?? settings.env.default,
      envFile,
      cwd: resolvePath(folder, entry.cwd ?? '.'),
      inheritEnv: entry.inheritEnv ?? globals?.inheritEnv ?? settings.inheritEnv.default,
    } satisfies StdioSpecification;
  }
  return {
    ...common,
    transport,
    url: entry.url ?? '',
    headers: entry.headers ?? settings.headers.default,
    envFile,
    authProvider: entry.authProvider ?? null,
    proxy: entry.proxy ?? null,
    tls: { ca: entry.tls?.ca === undefined ? null : resolvePath(folder, entry.tls.ca) },
  } satisfies RemoteSpecification;
}

/**
 * A relative path starts from `folder`; one with `${…}` is left to the expansion, because its beginning is not known
 * yet.
 */
function resolvePath(folder: string, path: string): string {
  return isAbsolute(path) || hasExpression(path) ? path : resolve(folder, path);
}

/** A command without a slash is left as it is: PATH is searched for it. */
export function resolveCommand(folder: string, command: string): string {
  return command.includes('/') ? resolvePath(folder, command) : command;
}

function entryProblems(entry: Entry, transport: Transport | null, path: Path): readonly Problem[] {
  const problems: Problem[] = [];
  if (entry.enabled === true && entry.disabled === true)
    problems.push(errorAt([...path, 'disabled'], 'contradicts enabled: both are true', 'keep one of the two'));
  if (entry.enabled === false && entry.disabled === false)
    problems.push(errorAt([...path, 'disabled'], 'contradicts enabled: both are false', 'keep one of the two'));
  if (transport === 'stdio') problems.push(...stdioProblems(entry, path));
  else if (typeof transport === 'string') problems.push(...remoteProblems(entry, path));
  if (typeof transport !== 'object' || transport === null) problems.push(...expressionProblems(entry, path));
  return problems;
}

function stdioProblems(entry: Entry, path: Path): readonly Problem[] {
  const unused = (['url', 'headers', 'tls', 'proxy', 'authProvider'] as const).filter(
    (key) => entry[key] !== undefined,
  );
  const problems: readonly Problem[] = unused.map((key) =>
    warningAt([...path, key], 'is not used: the server is a program', null),
  );
  if (entry.command === undefined)
    return [...problems, errorAt([...path, 'command'], 'is missing', 'name the program to run')];
  return [...problems, ...commandProblems(entry.command, [...path, 'command'])];
}

function remoteProblems(entry: Entry, path: Path): readonly Problem[] {
  const unused = (['command', 'args', 'env', 'cwd', 'inheritEnv'] as const).filter((key) => entry[key] !== undefined);
  const problems = unused.map((key) => warningAt([...path, key], 'is not used: the server is remote', null));
  problems.push(...headerProblems(entry.headers ?? {}, [...path, 'headers']));
  if (entry.url === undefined)
    return [...problems, errorAt([...path, 'url'], 'is missing', 'give the address of the server')];
  if (hasExpression(entry.url)) return problems;
  const mistake = urlMistake(entry.url);
  if (mistake !== null) return [...problems, errorAt([...path, 'url'], mistake.message, mistake.hint)];
  const isPlain = new URL(entry.url).protocol === 'http:';
  return isPlain && entry.tls?.ca !== undefined
    ? [...problems, warningAt([...path, 'tls', 'ca'], 'is not used: the address is not https', null)]
    : problems;
}

/** HTTP allows one line of Latin-1, and ignores case in names. Values with `${…}` are checked after expansion. */
function headerProblems(headers: Readonly<Record<string, string>>, path: Path): readonly Problem[] {
  const seen = new Map<string, string>();
  return Object.entries(headers).flatMap(([name, value]) => {
    const earlier = seen.get(name.toLowerCase());
    if (earlier === undefined) seen.set(name.toLowerCase(), name);
    const twice =
      earlier === undefined
        ? []
        : [
            warningAt(
              [...path, name],
              `is the same header as ${earlier}; the last one counts`,
              'remove one of the two',
            ),
          ];
    const isSent = hasExpression(value) || /^[\t\x20-\x7e\x80-\xff]*$/.test(value);
    return isSent
      ? twice
      : [
          ...twice,
          errorAt(
            [...path, name],
            'holds a character that HTTP does not carry',
            'a header is one line of Latin letters, digits and signs',
          ),
        ];
  });
}

function expressionProblems(entry: Entry, path: Path): readonly Problem[] {
  return expandableTexts(entry).flatMap(({ at, text }) =>
    mistakesIn(text)
      .map(({ message, hint }) => errorAt([...path, ...at], message, hint))
      .concat(foreignVariables(text, [...path, ...at])),
  );
}

/** Every text of an entry or specification in which `${…}` is expanded. */
export function expandableTexts(entry: {
  readonly command?: string | undefined;
  readonly args?: readonly string[] | undefined;
  readonly env?: Readonly<Record<string, string>> | undefined;
  readonly envFile?: string | null | undefined;
  readonly cwd?: string | undefined;
  readonly url?: string | undefined;
  readonly headers?: Readonly<Record<string, string>> | undefined;
  readonly tls?: { readonly ca?: string | null | undefined } | undefined;
  readonly proxy?: string | null | undefined;
}): readonly { readonly at: Path; readonly text: string }[] {
  const single = (['command', 'cwd', 'envFile', 'url', 'proxy'] as const).flatMap((key) => {
    const text = entry[key];
    return text === undefined || text === null ? [] : [{ at: [key], text }];
  });
  const args = (entry.args ?? []).map((text, index) => ({ at: ['args', index], text }));
  const named = (['env', 'headers'] as const).flatMap((key) =>
    Object.entries(entry[key] ?? {}).map(([name, text]) => ({ at: [key, name], text })),
  );
  const certificates = typeof entry.tls?.ca === 'string' ? [{ at: ['tls', 'ca'], text: entry.tls.ca }] : [];
  return [...single, ...args, ...named, ...certificates];
}
