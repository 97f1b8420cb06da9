/** Where the system looks for the program of a command. */

import { resolve } from 'node:path';

export interface Command {
  readonly command: string;
  readonly cwd: string;
  readonly env: Readonly<Record<string, string | undefined>>;
}

/** The `PATH` that is searched, with the system's default if the environment has none. */
export function searchPathOf({ env }: Pick<Command, 'env'>): string {
  return env.PATH ?? '/bin:/usr/bin';
}

/** The files that the system tries, in order: with a slash in the command just one, from the working directory. */
export function programFilesOf({ command, cwd, env }: Command): readonly [string, ...string[]] {
  if (command.includes('/')) return [resolve(cwd, command)];
  const [first = '', ...others] = searchPathOf({ env }).split(':');
  return [resolve(cwd, first, command), ...others.map((folder) => resolve(cwd, folder, command))];
}
