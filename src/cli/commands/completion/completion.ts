/** Shell completion: small scripts that call `mcpvisor complete`, so that every shell offers the same. */

import { toolList } from '../../../http/schemas/catalog.ts';
import { serverList } from '../../../http/schemas/server.ts';
import { toNamesParameter } from '../../../names.ts';
import { connect } from '../../connection.ts';
import { type ExitCode, exitCodes } from '../../exit-code.ts';
import type { Invocation } from '../../invocation.ts';
import { candidatesOf, type KnownCommand, type Names, takesNames } from './candidates.ts';
import { type Shell, scripts } from './scripts.ts';

export function completion(shell: Shell, { stdout }: Pick<Invocation, 'stdout'>): ExitCode {
  stdout.write(scripts[shell]);
  return exitCodes.done;
}

/** What `mcpvisor complete` prints. Without a control plane it offers commands and options only, which is no error. */
export async function complete(
  words: readonly string[],
  commands: readonly KnownCommand[],
  invocation: Invocation,
): Promise<ExitCode> {
  const wantsNames = words.length > 1 && takesNames(words[0] ?? '');
  // A shell that completes a word is no place for an error: the command itself will tell.
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
    ? await client.get('/api/tools', toolList, { query: { servers: toNamesParameter([server ?? '']) }, signal })
    : { tools: [] };
  return {
    servers: servers.map((one) => one.name),
    groups: [...new Set(servers.map(({ group }) => group))],
    tools: tools.map((one) => one.name),
  };
}
