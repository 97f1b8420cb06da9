/** Paths in an entry: relative ones start from the folder of its file. */

import { isAbsolute, resolve } from 'node:path';
import { hasExpression } from '../expand/expression.ts';

/**
 * A relative path starts from `folder`; one with `${…}` is left to the expansion, because its beginning is not known
 * yet.
 */
export function resolvePath(folder: string, path: string): string {
  return isAbsolute(path) || hasExpression(path) ? path : resolve(folder, path);
}

/** A command without a slash is left as it is: PATH is searched for it. */
export function resolveCommand(folder: string, command: string): string {
  return command.includes('/') ? resolvePath(folder, command) : command;
}
