/** The configuration as a start would find it: mistakes, variables that are not set, programs that are not there. */

import { accessSync, constants, statSync } from 'node:fs';
import type { Configuration } from '../../../config/configuration.ts';
import { childEnvironment, type Environment } from '../../../config/expand/environment.ts';
import { expandSpecification } from '../../../config/expand/expand.ts';
import { loadConfig } from '../../../config/parse.ts';
import { isMcpvisorError, toLine } from '../../../errors.ts';
import { programFilesOf, searchPathOf } from '../../../session/process/command.ts';
import {
  type ProxyChoice,
  type ServerSpecification,
  type StdioSpecification,
  showProxy,
} from '../../../specification.ts';
import { type Finding, ok, problem, warning } from './finding.ts';

export interface ConfigurationQuestion {
  /** Null: there is none. */
  readonly file: string | null;
  readonly stateDir: string;
  readonly env: Environment;
}

export async function checkConfiguration({ file, stateDir, env }: ConfigurationQuestion): Promise<readonly Finding[]> {
  if (file === null)
    return [warning('configuration', 'there is no configuration file', 'write ./mcp.json, or name one with --config')];
  try {
    const { config, problems } = await loadConfig(file);
    const findings = problems.map((one) =>
      one.severity === 'error'
        ? problem('configuration', toLine(one), `mend ${file}`)
        : warning('configuration', toLine(one), `look at ${file}`),
    );
    if (config === null) return findings;
    const servers = [...config.servers.values()].filter(({ enabled }) => enabled);
    return [
      ...(config.refused.size > 0
        ? []
        : [ok('configuration', `${file} is valid, ${servers.length} servers are enabled`)]),
      ...findings,
      ...servers.map((one) => checkServer(one, { config, stateDir, env })),
    ];
  } catch (error) {
    if (isMcpvisorError(error)) return [problem('configuration', error.message, 'name another with --config')];
    throw error;
  }
}

interface Place {
  readonly config: Configuration;
  readonly stateDir: string;
  readonly env: Environment;
}

function checkServer(specification: ServerSpecification, { config, stateDir, env }: Place): Finding {
  const check = `server ${specification.name}`;
  const { folder, settings } = config;
  const { expanded, problems } = expandSpecification(specification, {
    env,
    stateDir,
    folder,
    secrets: settings.secrets,
  });
  const [first] = problems;
  if (expanded === null)
    return problem(check, problems.map(({ message }) => message).join('; '), first?.hint ?? 'mend its entry');
  const real = expanded.specification;
  return real.transport === 'stdio'
    ? checkCommand(check, real, env)
    : ok(check, `everything it needs is set; ${wayTo(expanded.proxy)}; its address was not tried`);
}

/** Without the credentials of a proxy. */
function wayTo(proxy: ProxyChoice | null): string {
  return proxy === null ? 'it is reached without a proxy' : `it is reached through ${showProxy(proxy)}`;
}

/** Searches as the system will: in the PATH the child gets, from the folder it is started in. */
function checkCommand(
  check: string,
  { command, cwd, inheritEnv, env: own }: StdioSpecification,
  env: Environment,
): Finding {
  if (!isFolder(cwd)) return problem(check, `its folder ${cwd} does not exist`, 'make it, or change "cwd"');
  const program = { command, cwd, env: { ...childEnvironment(inheritEnv, env), ...own } };
  const candidates = programFilesOf(program);
  const found = candidates.find(isProgram);
  if (found !== undefined) return ok(check, found === command ? `${command} is there` : `${command} is ${found}`);
  return command.includes('/')
    ? problem(check, `there is no program ${candidates[0]}`, 'correct "command", or make it executable')
    : problem(
        check,
        `${command} is not in PATH (${searchPathOf(program)})`,
        `install ${command}, or write "command" with its folder`,
      );
}

function isFolder(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() === true;
}

function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    // Missing, or not executable for us: try the next folder.
    return false;
  }
}
