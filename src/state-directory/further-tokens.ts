/** Further tokens named by the configuration, each in a file of its own. */

import { resolve } from 'node:path';
import { McpvisorError, type Problem } from '../errors.ts';
import { readTokenFile } from './token-file.ts';

export interface TokenFile<Scope extends string> {
  readonly name: string;
  readonly scope: Scope;
  /** Relative to `folder` if it is not absolute. */
  readonly file: string;
}

export interface FurtherToken<Scope extends string> {
  readonly name: string;
  readonly scope: Scope;
  readonly value: string;
}

/** Throws `INVALID_REQUEST`, naming every file that cannot be read or holds no token. */
export async function readFurtherTokens<Scope extends string>(
  tokens: readonly TokenFile<Scope>[],
  folder: string,
): Promise<readonly FurtherToken<Scope>[]> {
  const problems: Problem[] = [];
  const read = tokens.map(async ({ name, scope, file }, index) => {
    const value = await readTokenFile(resolve(folder, file)).catch(() => null);
    if (value === null) {
      const path = `mcpvisor.http.tokens.${index}.file`;
      problems.push({
        path,
        message: `${file} cannot be read or holds no token`,
        hint: 'one line of at least 16 characters',
        severity: 'error',
      });
    }
    return { name, scope, value: value ?? '' };
  });
  const found = await Promise.all(read);
  if (problems.length > 0) throw new McpvisorError('INVALID_REQUEST', { problems });
  return found;
}
