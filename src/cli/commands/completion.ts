/** Shell completion: small scripts that call `mcpvisor complete`, so that every shell offers the same. */

import { toolList } from '../../http/schemas/catalog.ts';
import { serverList } from '../../http/schemas/server.ts';
import { connect } from '../connection.ts';
import { type ExitCode, exitCodes } from '../exit-code.ts';
import type { Invocation } from '../invocation.ts';

export const shells = ['bash', 'zsh', 'fish'] as const;

export type Shell = (typeof shells)[number];

const scripts = {
  bash: `_mcpvisor() {
  local IFS=$'\\n'
  COMPREPLY=($(compgen -W "$(mcpvisor complete -- "\${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null)" -- "\${COMP_WORDS[COMP_CWORD]}"))
}
complete -o default -F _mcpvisor mcpvisor
`,
  zsh: `#compdef mcpvisor
_mcpvisor() {
  local -a found
  found=("\${(@f)$(mcpvisor complete -- "\${(@)words[2,CURRENT]}" 2>/dev/null)}")
  compadd -a found
}
compdef _mcpvisor mcpvisor
`,
  fish: `complete -c mcpvisor -f -a '(mcpvisor complete -- (commandline -opc)[2..] (commandline -ct) 2>/dev/null)'
`,
} as const satisfies Record<Shell, string>;

export function completion(shell: Shell, { stdout }: Pick<Invocation, 'stdout'>): ExitCode {
  stdout.write(scripts[shell]);
  return exitCodes.done;
}

/** A command as completion sees it. */
export interface KnownCommand {
  readonly name: string;
  readonly options: readonly string[];
}

export interface Names {
  readonly servers: readonly string[];
  readonly groups: readonly string[];
  /** Those of the server that was typed. */
  readonly tools: readonly string[];
}

const takeTargets: readonly string[] = ['start', 'stop', 'restart', 'retry', 'reset'];
const takeOneServer: readonly string[] = ['tools', 'logs', 'call'];

/** `words`: those after the program's name, the last one being typed. */
export function candidatesOf(
  words: readonly string[],
  commands: readonly KnownCommand[],
  names: Names,
): readonly string[] {
  const [name = '', ...rest] = words;
  const current = words.at(-1) ?? '';
  const fitting = (candidates: readonly string[]) => candidates.filter((candidate) => candidate.startsWith(current));
  if (words.length <= 1) return fitting(commands.map((command) => command.name));
  if (current.startsWith('-')) return fitting(commands.find((command) => command.name === name)?.options ?? []);
  if (name === 'completion') return fitting(shells);
  const position = rest.filter((word) => !word.startsWith('-')).length;
  if (takeTargets.includes(name)) return fitting([...names.servers, ...names.groups.map((group) => `group:${group}`)]);
  if (takeOneServer.includes(name) && position === 1) return fitting(names.servers);
  return name === 'call' && position === 2 ? fitting(names.tools) : [];
}

/** What `mcpvisor complete` prints. Without a control plane it offers commands and options only, which is no error. */
export async function complete(
  words: readonly string[],
  commands: readonly KnownCommand[],
  invocation: Invocation,
): Promise<ExitCode> {
  const wantsNames = words.length > 1 && [...takeTargets, ...takeOneServer].includes(words[0] ?? '');
  const names = wantsNames ? await namesOf(words, invocation).catch(() => none) : none;
  invocation.stdout.write(
    candidatesOf(words, commands, names)
      .map((candidate) => `${candidate}\n`)
      .join(''),
  );
  return exitCodes.done;
}

const none: Names = { servers: [], groups: [], tools: [] };

async function namesOf([name, server]: readonly string[], invocation: Invocation): Promise<Names> {
  const { client } = await connect({}, invocation);
  const signal = AbortSignal.timeout(2_000);
  const { servers } = await client.get('/api/servers', serverList, { signal });
  const isKnown = name === 'call' && servers.some((one) => one.name === server);
  const { tools } = isKnown
    ? await client.get('/api/tools', toolList, { query: { servers: server }, signal })
    : { tools: [] };
  return {
    servers: servers.map((one) => one.name),
    groups: [...new Set(servers.map(({ group }) => group))],
    tools: tools.map((one) => one.name),
  };
}
