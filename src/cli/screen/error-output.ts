/** Errors on stderr: text for people, a problem document for programs. */

import { inspect } from 'node:util';
import { closestTo } from '../../config/spelling.ts';
import { isMcpvisorError, type Problem, toLine } from '../../errors.ts';
import { toProblemDocument } from '../../http/problem.ts';
import { type ExitCode, exitCodeOf } from '../exit-code.ts';
import type { Screen } from './screen.ts';

export function writeError(error: unknown, stderr: Pick<Screen, 'write'>, asJson: boolean): ExitCode {
  stderr.write(asJson ? `${JSON.stringify(toProblemDocument(error))}\n` : wordsOf(error));
  return exitCodeOf(error);
}

function wordsOf(error: unknown): string {
  if (isMcpvisorError(error, 'INVALID_REQUEST')) {
    return toLines(error.details.problems);
  }
  if (isMcpvisorError(error, 'SERVER_NOT_FOUND'))
    return `error: ${error.message}${suggestion(error.details.server, error.details.known)}\n`;
  if (isMcpvisorError(error, 'ACTOR_NOT_FOUND'))
    return `error: ${error.message}${suggestion(error.details.actor, error.details.known ?? [])}\n`;
  return isMcpvisorError(error)
    ? `error: ${error.message}\n`
    : `A bug in mcpvisor, please report it: ${inspect(error)}\n`;
}

function suggestion(word: string, known: readonly string[]): string {
  const closest = closestTo(word, known);
  return closest === null ? '' : ` Did you mean ${closest}?`;
}

/** One line a problem, with its severity in front. */
export function toLines(problems: readonly Problem[]): string {
  return problems.map((problem) => `${problem.severity}: ${toLine(problem)}\n`).join('');
}
