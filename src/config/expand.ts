/** From a specification to what is really started: every `${…}` replaced. The result is used at once and never stored. */

import { resolve } from 'node:path';
import type { Problem } from '../errors.ts';
import type { HostedSpecification, RemoteSpecification, ServerSpecification, StdioSpecification } from '../specification.ts';
import { resolveCommand } from './entry.ts';
import { parseEnvFile } from './env-file.ts';
import type { Environment } from './environment.ts';
import { createEvaluation, type Evaluation } from './evaluation.ts';
import { hasExpression } from './expression.ts';
import type { Path } from './problems.ts';
import { headerSecretsOf, secretsOf } from './secrets.ts';
import { type ReadTextFile, readTextFile, reasonOf } from './text-file.ts';
import { urlMistake } from './url.ts';

export interface ExpandOptions {
  readonly env: Environment;
  /** What `${MCPVISOR_STATE_DIR}` stands for. Null: there is no state directory, and only `env` can say it. */
  readonly stateDir: string | null;
  /** Folder of the configuration: relative paths start there. */
  readonly folder: string;
  /** What `${secret:NAME}` stands for, before expansion. Default: no secrets. */
  readonly secrets?: ReadonlyMap<string, string>;
  /** Default: regular files of at most 1 MiB. */
  readonly readFile?: ReadTextFile;
}

export interface Expansion {
  /** The specification as it is started. Never stored, never logged. Null if and only if there are problems. */
  readonly expanded: ServerSpecification | null;
  /** Each names the server, the place and the variable. They repeat what was expanded: blank the secrets in them before anybody sees them. */
  readonly problems: readonly Problem[];
  /** Values to blank wherever a server's words are shown: from env, envFile, headers and `${…}`, at least 8 characters long. */
  readonly secrets: readonly string[];
}

/**
 * Expands `command`, `args`, `env`, `cwd`, `envFile`, `url` and `headers`. `${NAME}` looks into the server's `envFile` first, then into `env`.
 * The `env` of the result holds `envFile` too; what is inherited goes below it (`childEnvironment`).
 */
export function expandSpecification(specification: ServerSpecification, options: ExpandOptions): Expansion {
  if (isHosted(specification)) return { expanded: specification, problems: [], secrets: [] };
  const evaluation = createEvaluation({ readFile: readTextFile, secrets: new Map<string, string>(), ...options, server: specification.name });
  const { problems, pieces, stateDir } = evaluation;
  const file = envFileOf(specification.envFile, evaluation, options);
  // Without the file every variable in it would seem to be missing: one cause, one problem.
  if (problems.length > 0) return { expanded: null, problems, secrets: secretsOf(pieces, stateDir) };
  const scope = file === null ? evaluation : evaluation.within(file.values);
  const result = specification.transport === 'stdio' ? expandStdio(specification, scope, { options, envFile: file }) : expandRemote(specification, scope, file);
  const secrets = secretsOf([...pieces, ...(file?.values.values() ?? []), ...result.secrets], stateDir);
  return { expanded: problems.length > 0 ? null : result.specification, problems, secrets };
}

interface EnvFile {
  readonly path: string;
  readonly values: ReadonlyMap<string, string>;
}

interface Result {
  readonly specification: ServerSpecification;
  readonly secrets: readonly string[];
}

function isHosted(specification: ServerSpecification): specification is HostedSpecification {
  return typeof specification.transport !== 'string';
}

function envFileOf(written: string | null, evaluation: Evaluation, { folder, readFile = readTextFile }: ExpandOptions): EnvFile | null {
  if (written === null) return null;
  const path = resolve(folder, evaluation.expand(written, ['envFile']));
  if (evaluation.problems.length > 0) return null;
  try {
    return { path, values: parseEnvFile(readFile(path)) };
  } catch (error) {
    evaluation.fail(['envFile'], `server "${evaluation.server}" needs the file ${path}, which cannot be read: ${reasonOf(error)}`, null);
    return null;
  }
}

function expandStdio(specification: StdioSpecification, scope: Evaluation, { options, envFile }: { options: ExpandOptions; envFile: EnvFile | null }): Result {
  const { folder } = options;
  const env = expandRecord(specification.env, ['env'], scope);
  const args = specification.args.map((text, index) => withoutNul(scope.expand(text, ['args', index]), ['args', index], scope));
  const command = resolveCommand(folder, expandedPath(specification.command, ['command'], scope));
  const cwd = resolve(folder, expandedPath(specification.cwd, ['cwd'], scope));
  const merged = { ...Object.fromEntries(envFile?.values ?? []), ...env };
  return { specification: { ...specification, command, args, cwd, env: merged, envFile: envFile?.path ?? null }, secrets: Object.values(env) };
}

/** A path that expands to nothing would mean something else than was meant. */
function expandedPath(text: string, at: Path, scope: Evaluation): string {
  const expanded = withoutNul(scope.expand(text, at), at, scope);
  if (expanded === '' && hasExpression(text)) scope.fail(at, 'is empty once expanded', null);
  return expanded;
}

function expandRemote(specification: RemoteSpecification, scope: Evaluation, envFile: EnvFile | null): Result {
  const headers = expandRecord(specification.headers, ['headers'], scope);
  for (const [name, value] of Object.entries(headers)) {
    if (/[\r\n]/.test(value)) scope.fail(['headers', name], 'has a line break in it once expanded', 'a header is one line');
  }
  const url = scope.expand(specification.url, ['url']);
  const mistake = scope.problems.length > 0 ? null : urlMistake(url);
  if (mistake !== null) scope.fail(['url'], `${mistake.message}, once expanded`, mistake.hint);
  return { specification: { ...specification, url, headers, envFile: envFile?.path ?? null }, secrets: Object.values(headers).flatMap(headerSecretsOf) };
}

function expandRecord(texts: Readonly<Record<string, string>>, at: Path, scope: Evaluation): Record<string, string> {
  return Object.fromEntries(Object.entries(texts).map(([name, text]) => [name, withoutNul(scope.expand(text, [...at, name]), [...at, name], scope)]));
}

function withoutNul(text: string, at: Path, scope: Evaluation): string {
  if (text.includes('\0')) scope.fail(at, 'holds a NUL character once expanded', 'no program can be given one');
  return text;
}
