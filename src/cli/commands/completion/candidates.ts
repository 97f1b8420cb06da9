/** What may come next on a command line that is being typed. */

import { shells } from './scripts.ts';

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
const takeServers: readonly string[] = ['ensure', 'remove'];
const takeOneServer: readonly string[] = ['tools', 'logs', 'call'];

export function takesNames(command: string): boolean {
  return takeTargets.includes(command) || takeServers.includes(command) || takeOneServer.includes(command);
}

/** `words`: those after the program's name, the last one being typed. */
export function candidatesOf(
  words: readonly string[],
  commands: readonly KnownCommand[],
  names: Names,
): readonly string[] {
  const current = words.at(-1) ?? '';
  return allFor(words, commands, names).filter((candidate) => candidate.startsWith(current));
}

function allFor(words: readonly string[], commands: readonly KnownCommand[], names: Names): readonly string[] {
  const [name = '', ...rest] = words;
  if (words.length <= 1) return commands.map((command) => command.name);
  if (words.at(-1)?.startsWith('-') === true) return commands.find((command) => command.name === name)?.options ?? [];
  if (name === 'completion') return shells;
  const position = rest.filter((word) => !word.startsWith('-')).length;
  const servers = names.servers.filter(isPlainWord);
  if (takeTargets.includes(name))
    return [...servers, ...names.groups.filter(isPlainWord).map((group) => `group:${group}`)];
  if (takeServers.includes(name) || (takeOneServer.includes(name) && position === 1)) return servers;
  return name === 'call' && position === 2 ? names.tools.filter(isPlainWord) : [];
}

/**
 * Whether a shell takes it for one word that means itself and is no option, whichever shell it is and however it
 * inserts it. Tools are named by the maker of a server, and what TAB has inserted is run with the next Enter.
 */
function isPlainWord(word: string): boolean {
  return /^[\p{L}\p{N}_@][\p{L}\p{N}_@:./+-]*$/u.test(word);
}
