/** What a resting server lacks and may get without a person: it is looked for, and the server starts when it is there. */

import { missingSecretCode } from '../failure.ts';
import type { ServerContext } from './context.ts';

/**
 * `credentials`: files of its entry that say something else than when the server was refused. `command`: the program
 * and the working folder that could not be found. `secret`: what a `${secret:NAME}` stands for.
 */
export type Sought = 'credentials' | 'command' | 'secret';

/** The order to look now. */
export interface LookOrder {
  readonly type: 'look';
}

export interface LookoutInput {
  readonly server: string;
  readonly sought: Sought;
}

/** From one look to the next, in milliseconds. A look reads a few files; a command is looked up in every folder of PATH. */
export const lookEveryMs: Readonly<Record<Sought, number>> = {
  credentials: 2_000,
  command: 30_000,
  secret: 1_000,
};

/** Codes of the system for a program or a folder that is not there, or not yet as it must be. */
const missingCodes: ReadonlySet<string | number | null> = new Set(['ENOENT', 'ENOTDIR', 'EACCES']);

/** What a server in `failed` or `needs-auth` looks for; null: only a person or another specification can help. */
export function soughtBy({ lastFailure }: Pick<ServerContext, 'lastFailure'>): Sought | null {
  if (lastFailure?.class === 'unauthorized') return 'credentials';
  if (lastFailure?.code === missingSecretCode) return 'secret';
  return lastFailure?.class === 'spawnFailed' && missingCodes.has(lastFailure.code) ? 'command' : null;
}
