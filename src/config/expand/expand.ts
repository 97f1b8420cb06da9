/**
 * Turns a specification into what is really started: every `${…}` replaced. The result is used at once and never
 * stored.
 */

import { resolve } from 'node:path';
import type { Problem } from '../../errors.ts';
import type {
  ExpandedSpecification,
  HostedSpecification,
  ProxyChoice,
  RemoteSpecification,
  ServerSpecification,
  StdioSpecification,
} from '../../specification.ts';
import { isShortage } from '../../surroundings.ts';
import { resolveCommand } from '../entries/paths.ts';
import { urlMistake } from '../entries/url.ts';
import { type ReadTextFile, readTextFile, reasonOf } from '../file/text-file.ts';
import type { Path } from '../problems.ts';
import { certificateMistake } from './certificates.ts';
import { parseEnvFile } from './env-file.ts';
import type { Environment } from './environment.ts';
import { createEvaluation, type Evaluation } from './evaluation.ts';
import { hasExpression } from './expression.ts';
import { proxyFor, proxyMistake, proxySecrets } from './proxy.ts';

export interface ExpandOptions {
  readonly env: Environment;
  /** The value of `${MCPVISOR_STATE_DIR}`. Null: there is no state directory, unless `env` names one. */
  readonly stateDir: string | null;
  /** Folder of the configuration: relative paths start there. */
  readonly folder: string;
  /** The text that `${secret:NAME}` stands for, before expansion. Default: no secrets. */
  readonly secrets?: ReadonlyMap<string, string>;
  /** The value that it stands for where `secrets` does not say; undefined: none. Default: none are kept. */
  readonly keptSecret?: (name: string) => string | undefined;
  /** Default: regular files of at most 1 MiB. */
  readonly readFile?: ReadTextFile;
}

export interface Expansion {
  /** The specification as it is started. Never stored, never logged. Null if and only if there are problems. */
  readonly expanded: ExpandedSpecification | null;
  /**
   * Each names the server, the place and the variable. They repeat expanded text: blank the secrets in them before
   * showing them.
   */
  readonly problems: readonly Problem[];
  /** Names of the secrets that are not set. Each has a problem, too. */
  readonly missingSecrets: readonly string[];
  /**
   * Values to blank wherever the server's text is shown: those of env, envFile and headers, and the values of `${…}`.
   * As they are: the redactor finds their lines and escaped forms.
   */
  readonly secrets: readonly string[];
}

/**
 * Expands `command`, `args`, `env`, `cwd`, `envFile`, `url`, `headers`, `proxy` and `tls.ca`, whose file is read. `${NAME}` is
 * looked up in the server's `envFile` first, then in `env`. The `env` of the result includes `envFile`, and overrides
 * what is inherited (`childEnvironment`).
 */
export function expandSpecification(specification: ServerSpecification, options: ExpandOptions): Expansion {
  if (isHosted(specification))
    return { expanded: { specification, ca: null, proxy: null }, problems: [], missingSecrets: [], secrets: [] };
  const evaluation = createEvaluation({
    readFile: readTextFile,
    secrets: new Map<string, string>(),
    keptSecret: () => undefined,
    ...options,
    server: specification.name,
  });
  const { problems, missingSecrets, pieces, stateDir } = evaluation;
  const file = envFileOf(specification.envFile, evaluation, options);
  // Without the file every variable in it would seem to be missing: report one cause as one problem.
  if (problems.length > 0) return { expanded: null, problems, missingSecrets, secrets: secretsOf(pieces, stateDir) };
  const scope = file === null ? evaluation : evaluation.within(file.values);
  const parts = { options, envFile: file };
  const result =
    specification.transport === 'stdio'
      ? expandStdio(specification, scope, parts)
      : expandRemote(specification, scope, parts);
  const secrets = secretsOf(
    [
      ...pieces,
      ...[...(file?.values ?? [])].flatMap(([name, value]) => (name === pathName ? [] : [value])),
      ...result.secrets,
    ],
    stateDir,
  );
  return {
    expanded: problems.length > 0 ? null : { specification: result.specification, ca: result.ca, proxy: result.proxy },
    problems,
    missingSecrets,
    secrets,
  };
}

interface EnvFile {
  readonly path: string;
  readonly values: ReadonlyMap<string, string>;
}

interface Parts {
  readonly options: ExpandOptions;
  readonly envFile: EnvFile | null;
}

interface Result {
  readonly specification: ServerSpecification;
  readonly ca: string | null;
  readonly proxy: ProxyChoice | null;
  readonly secrets: readonly string[];
}

function isHosted(specification: ServerSpecification): specification is HostedSpecification {
  return typeof specification.transport !== 'string';
}

function envFileOf(written: string | null, scope: Evaluation, options: ExpandOptions): EnvFile | null {
  if (written === null) return null;
  const path = resolve(options.folder, scope.expand(written, ['envFile']));
  if (scope.problems.length > 0) return null;
  const text = textOfFile(path, ['envFile'], { scope, options });
  if (text?.includes('\0') === true) {
    // The system rejects such a value, and its error would quote it.
    scope.fail(
      ['envFile'],
      `server "${scope.server}" needs the file ${path}, which is no UTF-8 text`,
      'save it as UTF-8',
    );
    return null;
  }
  return text === null ? null : { path, values: parseEnvFile(text) };
}

/** Null if it cannot be read, which becomes a problem. */
function textOfFile(
  path: string,
  at: Path,
  { scope, options }: { readonly scope: Evaluation; readonly options: ExpandOptions },
): string | null {
  try {
    return (options.readFile ?? readTextFile)(path);
  } catch (error) {
    // The file is not at fault, and may be read a moment later.
    if (isShortage(error)) throw error;
    scope.fail(at, `server "${scope.server}" needs the file ${path}, which cannot be read: ${reasonOf(error)}`, null);
    return null;
  }
}

function expandStdio(specification: StdioSpecification, scope: Evaluation, { options, envFile }: Parts): Result {
  const { folder } = options;
  const env = expandRecord(specification.env, ['env'], scope);
  const args = specification.args.map((text, index) =>
    withoutNul(scope.expand(text, ['args', index]), ['args', index], scope),
  );
  const command = resolveCommand(folder, expandedPath(specification.command, ['command'], scope));
  const cwd = resolve(folder, expandedPath(specification.cwd, ['cwd'], scope));
  const merged = { ...Object.fromEntries(envFile?.values ?? []), ...env };
  return {
    specification: { ...specification, command, args, cwd, env: merged, envFile: envFile?.path ?? null },
    ca: null,
    proxy: null,
    secrets: Object.entries(env).flatMap(([name, value]) => (name === pathName ? [] : [value])),
  };
}

/** A path that expands to nothing would mean something unintended. */
function expandedPath(text: string, at: Path, scope: Evaluation): string {
  const expanded = withoutNul(scope.expand(text, at), at, scope);
  if (expanded === '' && hasExpression(text)) scope.fail(at, 'is empty once expanded', null);
  return expanded;
}

function expandRemote(specification: RemoteSpecification, scope: Evaluation, { options, envFile }: Parts): Result {
  const headers = expandRecord(specification.headers, ['headers'], scope);
  for (const [name, value] of Object.entries(headers)) {
    if (/[\r\n]/.test(value))
      scope.fail(['headers', name], 'has a line break in it once expanded', 'a header is one line');
  }
  const url = scope.expand(specification.url, ['url']);
  const mistake = scope.problems.length > 0 ? null : urlMistake(url);
  if (mistake !== null) scope.fail(['url'], `${mistake.message}, once expanded`, mistake.hint);
  const ca = certificatesOf(specification.tls.ca, scope, options);
  const written = specification.proxy === null ? null : expandedPath(specification.proxy, ['proxy'], scope);
  const proxy = proxyFor(url, written, options.env);
  const misdirection = proxy === null ? null : proxyMistake(proxy);
  if (misdirection !== null) scope.fail(['proxy'], misdirection, 'correct it, or write "proxy": "none"');
  const expanded = { ...specification, url, headers, envFile: envFile?.path ?? null, tls: { ca: ca?.path ?? null } };
  const secrets = Object.values(headers).flatMap(headerSecretsOf);
  return {
    specification: { ...expanded, proxy: written },
    ca: ca?.text ?? null,
    proxy,
    secrets: proxy === null ? secrets : [...secrets, ...proxySecrets(proxy)],
  };
}

/** A header's value and, since servers quote it alone, what follows the scheme: `Bearer …`, `ApiKey …`. */
function headerSecretsOf(value: string): readonly string[] {
  const credentials = /^[A-Za-z][A-Za-z0-9-]* +(\S.*)$/.exec(value)?.[1];
  return credentials === undefined ? [value] : [value, credentials];
}

/** No secret: the message that a program is not found has to say where it was looked for. */
const pathName = 'PATH';

/** Each value once. The state directory is no secret: it is in many paths that a person has to read. */
function secretsOf(values: readonly string[], stateDir: string | null): readonly string[] {
  return [...new Set(values)].filter((value) => value !== '' && value !== stateDir);
}

/** The certificates of the file `written`; null without one, and when a problem was found. */
function certificatesOf(
  written: string | null,
  scope: Evaluation,
  options: ExpandOptions,
): { readonly path: string; readonly text: string } | null {
  if (written === null) return null;
  const at = ['tls', 'ca'];
  const known = scope.problems.length;
  const path = resolve(options.folder, expandedPath(written, at, scope));
  if (scope.problems.length > known) return null;
  const text = textOfFile(path, at, { scope, options });
  const mistake = text === null ? null : certificateMistake(path, text);
  if (mistake !== null) scope.fail(at, mistake.message, mistake.hint);
  return text === null ? null : { path, text };
}

function expandRecord(texts: Readonly<Record<string, string>>, at: Path, scope: Evaluation): Record<string, string> {
  return Object.fromEntries(
    Object.entries(texts).map(([name, text]) => [
      name,
      withoutNul(scope.expand(text, [...at, name]), [...at, name], scope),
    ]),
  );
}

function withoutNul(text: string, at: Path, scope: Evaluation): string {
  if (text.includes('\0')) scope.fail(at, 'holds a NUL character once expanded', 'no program can be given one');
  return text;
}
