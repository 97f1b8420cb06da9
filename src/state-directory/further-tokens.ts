/** Further tokens named by the configuration, each in a file of its own. */

import { resolve } from 'node:path';
import { isMcpvisorError, McpvisorError, type Problem } from '../errors.ts';
import { readNamedToken } from './token-file.ts';

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
    const value = await readNamedToken(resolve(folder, file), `mcpvisor.http.tokens.${index}.file`).catch(
      (error: unknown) => {
        if (!isMcpvisorError(error, 'INVALID_REQUEST')) throw error;
        problems.push(...error.details.problems);
        return '';
      },
    );
    return { name, scope, value };
  });
  const found = await Promise.all(read);
  if (problems.length > 0) throw new McpvisorError('INVALID_REQUEST', { problems });
  return found;
}
