/** What a control plane takes from its state directory when it starts. */

import { join } from 'node:path';
import { isMcpvisorError, McpvisorError } from '../errors.ts';
import { systemCodeOf } from '../system-error.ts';
import { openStateDirectory } from './directory.ts';
import { type Lock, type LockOwner, takeLock } from './lock.ts';
import { openTokenFile, readNamedToken } from './token-file.ts';
import type { KeptFile } from './upkeep.ts';

export interface StateOptions {
  readonly stateDir: string;
  readonly uid: number;
  readonly owner: LockOwner;
  readonly isAlive: (owner: LockOwner) => boolean;
  /** File with the API's bearer token; null: our own, created at the first start. */
  readonly tokenFile: string | null;
  /** Whether the directory is known to be ours. If not, the tokens in it may be known to who made it: they are replaced. */
  readonly isKnown: boolean;
}

export interface State {
  readonly lock: Lock;
  /** The bearer token of the API. */
  readonly token: string;
  /** The token that `connect` gives to clients: for the gateway only. */
  readonly mcpToken: string;
  /** Every token, for the redactor. */
  readonly secrets: readonly string[];
  /** The tokens that are kept in the directory. */
  readonly files: readonly KeptFile[];
}

/**
 * Throws `STATE_DIRECTORY_UNUSABLE`, `ALREADY_RUNNING`, or `INVALID_REQUEST` for a token file without a token; the lock
 * is not held then.
 */
export async function openState(options: StateOptions): Promise<State> {
  try {
    return await open(options);
  } catch (cause) {
    // Read-only, full, or a folder where a file of ours should be: the directory is at fault, not this program.
    const isOfSystem = cause instanceof Error && systemCodeOf(cause) !== null && !isMcpvisorError(cause);
    throw isOfSystem
      ? new McpvisorError('STATE_DIRECTORY_UNUSABLE', { stateDir: options.stateDir, reason: cause.message }, { cause })
      : cause;
  }
}

async function open({ stateDir, uid, owner, isAlive, tokenFile, isKnown }: StateOptions): Promise<State> {
  await openStateDirectory(stateDir, uid);
  const lock = await takeLock(stateDir, owner, isAlive);
  try {
    const own = await openTokenFile(join(stateDir, 'token'), !isKnown);
    const mcp = await openTokenFile(join(stateDir, 'mcp-token'), !isKnown);
    const token = tokenFile === null ? own : await readNamedToken(tokenFile, '--token-file');
    const files = [
      { name: 'token', text: `${own}\n` },
      { name: 'mcp-token', text: `${mcp}\n` },
    ];
    return { lock, token, mcpToken: mcp, secrets: [own, mcp, token], files };
  } catch (error) {
    await lock.release();
    throw error;
  }
}
