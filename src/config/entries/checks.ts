/** What is wrong with an entry whose values are sound one by one: what its transport needs, what it has no use for. */

import type { Problem } from '../../errors.ts';
import { hasExpression, mistakesIn } from '../expand/expression.ts';
import { foreignVariables } from '../foreign/variables.ts';
import { errorAt, type Path, warningAt } from '../problems.ts';
import type { Entry } from '../settings/schema.ts';
import { commandProblems } from './command.ts';
import { expandableTexts } from './expandable-texts.ts';
import { headerProblems } from './headers.ts';
import type { Transport } from './transport.ts';
import { urlMistake } from './url.ts';

export function entryProblems(entry: Entry, transport: Transport | null, path: Path): readonly Problem[] {
  const problems: Problem[] = [];
  if (entry.enabled === true && entry.disabled === true)
    problems.push(errorAt([...path, 'disabled'], 'contradicts enabled: both are true', 'keep one of the two'));
  if (entry.enabled === false && entry.disabled === false)
    problems.push(errorAt([...path, 'disabled'], 'contradicts enabled: both are false', 'keep one of the two'));
  if (transport === 'stdio') problems.push(...stdioProblems(entry, path));
  else if (typeof transport === 'string') problems.push(...remoteProblems(entry, path));
  if (typeof transport !== 'object' || transport === null) problems.push(...expressionProblems(entry, path));
  return problems;
}

function stdioProblems(entry: Entry, path: Path): readonly Problem[] {
  const unused = (['url', 'headers', 'tls', 'proxy', 'authProvider'] as const).filter(
    (key) => entry[key] !== undefined,
  );
  const problems: readonly Problem[] = unused.map((key) =>
    warningAt([...path, key], 'is not used: the server is a program', null),
  );
  if (entry.command === undefined)
    return [...problems, errorAt([...path, 'command'], 'is missing', 'name the program to run')];
  return [...problems, ...commandProblems(entry.command, [...path, 'command'])];
}

function remoteProblems(entry: Entry, path: Path): readonly Problem[] {
  const unused = (['command', 'args', 'env', 'cwd', 'inheritEnv'] as const).filter((key) => entry[key] !== undefined);
  const problems = unused.map((key) => warningAt([...path, key], 'is not used: the server is remote', null));
  problems.push(...headerProblems(entry.headers ?? {}, [...path, 'headers']));
  if (entry.url === undefined)
    return [...problems, errorAt([...path, 'url'], 'is missing', 'give the address of the server')];
  if (hasExpression(entry.url)) return problems;
  const mistake = urlMistake(entry.url);
  if (mistake !== null) return [...problems, errorAt([...path, 'url'], mistake.message, mistake.hint)];
  const isPlain = new URL(entry.url).protocol === 'http:';
  return isPlain && entry.tls?.ca !== undefined
    ? [...problems, warningAt([...path, 'tls', 'ca'], 'is not used: the address is not https', null)]
    : problems;
}

function expressionProblems(entry: Entry, path: Path): readonly Problem[] {
  return expandableTexts(entry).flatMap(({ at, text }) =>
    mistakesIn(text)
      .map(({ message, hint }) => errorAt([...path, ...at], message, hint))
      .concat(foreignVariables(text, [...path, ...at])),
  );
}
