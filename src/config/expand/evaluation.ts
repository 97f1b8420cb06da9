/** One expansion in progress: the values of one server's expressions, and everything that is wrong with them. */

import { resolve } from 'node:path';
import { entryOf } from '../../../machines/table.ts';
import type { Problem } from '../../errors.ts';
import { isShortage } from '../../surroundings.ts';
import { type ReadTextFile, reasonOf } from '../file/text-file.ts';
import { errorAt, type Path } from '../problems.ts';
import type { Environment } from './environment.ts';
import { type Piece, parseExpressions } from './expression.ts';

export interface EvaluationOptions {
  readonly server: string;
  readonly env: Environment;
  readonly stateDir: string | null;
  readonly folder: string;
  readonly secrets: ReadonlyMap<string, string>;
  readonly keptSecret: (name: string) => string | undefined;
  readonly readFile: ReadTextFile;
}

export interface Evaluation {
  readonly server: string;
  /** The text with every expression replaced. One that cannot be replaced becomes a problem and is left out. */
  expand(text: string, at: Path): string;
  fail(at: Path, message: string, hint: string | null): void;
  /** The same expansion, but variables are looked up in `variables` first. */
  within(variables: ReadonlyMap<string, string>): Evaluation;
  readonly problems: readonly Problem[];
  /** Names of secrets that nothing stands for. */
  readonly missingSecrets: readonly string[];
  /** The values of the expressions, except the state directory. */
  readonly pieces: readonly string[];
  readonly stateDir: string | null;
}

const stateDirName = 'MCPVISOR_STATE_DIR';

/** Paths are no secrets: the message that a program is not found has to say where it was looked for. */
const publicNames: ReadonlySet<string> = new Set([stateDirName, 'PATH']);

interface Found {
  readonly problems: Problem[];
  readonly missingSecrets: string[];
  readonly pieces: string[];
}

export function createEvaluation(options: EvaluationOptions): Evaluation {
  return evaluationOf(options, new Map(), { problems: [], missingSecrets: [], pieces: [] });
}

function evaluationOf(options: EvaluationOptions, variables: ReadonlyMap<string, string>, found: Found): Evaluation {
  const { server, env, folder, secrets, keptSecret, readFile } = options;
  const stateDir = options.stateDir ?? env[stateDirName] ?? null;

  const fail = (at: Path, message: string, hint: string | null) => {
    found.problems.push(errorAt(['mcpServers', server, ...at], message, hint));
  };

  const evaluate = (pieces: readonly Piece[], at: Path): string =>
    pieces.map((piece) => (piece.kind === 'text' ? piece.text : note(piece, resultOf(piece, at)))).join('');

  const note = (piece: Piece, value: string): string => {
    const isPublic = piece.kind === 'variable' && publicNames.has(piece.name);
    if (!isPublic) found.pieces.push(value);
    return value;
  };

  const resultOf = (piece: Exclude<Piece, { kind: 'text' }>, at: Path): string => {
    switch (piece.kind) {
      case 'variable':
        return variableOf(piece, at);
      case 'file':
        return contentOf(evaluate(piece.path, at), at);
      case 'secret':
        return secretOf(piece.name, at);
      case 'mistake':
        fail(at, piece.message, piece.hint);
        return '';
    }
  };

  const variableOf = ({ name, fallback }: Extract<Piece, { kind: 'variable' }>, at: Path): string => {
    const value = name === stateDirName ? stateDir : (variables.get(name) ?? entryOf(env, name) ?? null);
    if (fallback !== null && (value === null || value === '')) return evaluate(fallback, at);
    if (value !== null) return value;
    const message =
      name === stateDirName
        ? `needs ${name}, but there is no state directory`
        : `server "${server}" needs the variable ${name}, which is not set`;
    fail(at, message, `set ${name}, or write a default: \${${name}:-…}`);
    return '';
  };

  const contentOf = (written: string, at: Path): string => {
    const path = resolve(folder, written);
    try {
      return readFile(path).replace(/\r?\n$/, '');
    } catch (error) {
      // The file is not at fault, and may be read a moment later.
      if (isShortage(error)) throw error;
      fail(
        at,
        `server "${server}" needs the file ${path}, which cannot be read: ${reasonOf(error)}`,
        'a relative path starts from the folder of the configuration',
      );
      return '';
    }
  };

  const secretOf = (name: string, at: Path): string => {
    const text = secrets.get(name);
    if (text !== undefined) return evaluate(parseExpressions(text), at);
    // It is a value, not a text of the configuration.
    const kept = keptSecret(name);
    if (kept !== undefined) return kept;
    const inConfiguration = `mcpvisor.secrets: {"${name}": "\${file:…}"}`;
    found.missingSecrets.push(name);
    fail(
      at,
      `server "${server}" needs the secret ${name}, which is not set`,
      stateDir === null ? `put it under ${inConfiguration}` : `mcpvisor secret set ${name}, or ${inConfiguration}`,
    );
    return '';
  };

  return {
    server,
    expand: (text, at) => evaluate(parseExpressions(text), at),
    fail,
    within: (inner) => evaluationOf(options, inner, found),
    problems: found.problems,
    missingSecrets: found.missingSecrets,
    pieces: found.pieces,
    stateDir,
  };
}
