/** Creates problems and writes their paths. A problem never repeats a value, which may be a secret. */

import type { Problem } from '../errors.ts';

export type Path = readonly PropertyKey[];

/** `mcpServers.files.args[1]`; ambiguous names are in brackets: `mcpServers["a.b"].url`. */
export function pathOf(path: Path): string {
  return path.reduce<string>(pathIn, '');
}

/** The path of what is under `step` in the object or list with this path. */
export function pathIn(container: string, step: PropertyKey): string {
  if (typeof step === 'number') return `${container}[${step}]`;
  const name = shortened(String(step));
  if (!/^[A-Za-z0-9_$-]+$/.test(name)) return `${container}[${JSON.stringify(name)}]`;
  return container === '' ? name : `${container}.${name}`;
}

/** A key may be as long as its file. */
const longestStep = 200;

function shortened(name: string): string {
  return name.length <= longestStep ? name : `${name.slice(0, longestStep)}…`;
}

export function errorAt(path: Path, message: string, hint: string | null): Problem {
  return { path: pathOf(path), message, hint, severity: 'error' };
}

export function warningAt(path: Path, message: string, hint: string | null): Problem {
  return { path: pathOf(path), message, hint, severity: 'warning' };
}

export function hasErrors(problems: readonly Problem[]): boolean {
  return problems.some(({ severity }) => severity === 'error');
}

export function errorsFirst(problems: readonly Problem[]): readonly Problem[] {
  const isError = ({ severity }: Problem) => severity === 'error';
  return [...problems.filter(isError), ...problems.filter((one) => !isError(one))];
}

/** Whether the problem is in the entry of this server. */
export function isWithin({ path }: Problem, server: string): boolean {
  const entry = pathOf(['mcpServers', server]);
  return path === entry || path.startsWith(`${entry}.`) || path.startsWith(`${entry}[`);
}
