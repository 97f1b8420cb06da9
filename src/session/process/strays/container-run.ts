/** The container that a command line starts with `docker run` or `podman run`, also behind `env`. */

import { basename, resolve } from 'node:path';

export interface CommandLine {
  readonly command: string;
  readonly args: readonly string[];
  readonly cwd: string;
}

export interface ContainerRun {
  readonly engine: 'docker' | 'podman';
  /** The engine's program as written, and its own options before `run`: which daemon it speaks to. */
  readonly program: string;
  readonly globals: readonly string[];
  /** The file into which the engine writes the id, as an absolute path. Null: none is named. */
  readonly idFile: string | null;
  /** The arguments with an id file named. */
  withIdFile(path: string): readonly string[];
}

/** Options with a value in the next word, of `env` and of the engines. */
const envValues: ReadonlySet<string> = new Set(['-u', '--unset', '-C', '--chdir']);
const engineValues: ReadonlySet<string> = new Set(
  '-H --host -c --context --config -l --log-level --connection --url --identity --root --runroot'.split(' '),
);

/** Null: it runs no container that can be told from the command line. */
export function containerRunOf({ command, args, cwd }: CommandLine): ContainerRun | null {
  const words = [command, ...args];
  const start = basename(command) === 'env' ? skipped(words, 1, envValues) : 0;
  const program = words[start] ?? '';
  const engine = basename(program);
  if (engine !== 'docker' && engine !== 'podman') return null;
  const verb = skipped(words, start + 1, engineValues);
  const run = words[verb] === 'container' ? verb + 1 : verb;
  if (words[run] !== 'run') return null;
  const named = idFileIn(words.slice(run + 1));
  return {
    engine,
    program,
    globals: words.slice(start + 1, verb),
    idFile: named === null ? null : resolve(cwd, named),
    withIdFile: (path) => [...words.slice(1, run + 1), `--cidfile=${path}`, ...words.slice(run + 1)],
  };
}

/** The first word that is neither an option, nor its value, nor `NAME=value`. */
function skipped(words: readonly string[], from: number, withValue: ReadonlySet<string>): number {
  let at = from;
  for (let word = words[at]; word !== undefined; word = words[at]) {
    if (!word.startsWith('-') && !(withValue === envValues && word.includes('='))) break;
    at += withValue.has(word) ? 2 : 1;
  }
  return at;
}

function idFileIn(words: readonly string[]): string | null {
  for (const [index, word] of words.entries()) {
    if (word.startsWith('--cidfile=')) return word.slice('--cidfile='.length);
    if (word === '--cidfile') return words[index + 1] ?? null;
  }
  return null;
}
