/** Which control plane a command talks to: that of the state directory, or one given by its URL. */

import { resolve } from 'node:path';
import { McpvisorError } from '../errors.ts';
import { type ApiClient, createApiClient } from '../http/client/client.ts';
import { isAlive } from '../session/process/identity.ts';
import type { ControlPlaneAddress } from '../state-directory/control-plane-file.ts';
import { findStateDirectory } from '../state-directory/directory.ts';
import type { LockOwner } from '../state-directory/lock.ts';
import { findRunning, type Running } from '../state-directory/running.ts';
import { readNamedToken, readOwnToken, refusedToken } from '../state-directory/token-file.ts';
import type { Invocation } from './invocation.ts';

export interface ConnectionFlags {
  readonly stateDir?: string;
  readonly url?: string;
  readonly token?: string;
  readonly json?: boolean;
}

export interface Connection {
  readonly client: ApiClient;
  /** The process that runs here; null: the control plane was given by its URL and may be anywhere. */
  readonly local: {
    readonly stateDir: string;
    readonly owner: LockOwner;
    readonly address: ControlPlaneAddress;
  } | null;
}

/**
 * Sends nothing yet. Throws `NOT_RUNNING`, `STATE_DIRECTORY_UNUSABLE` for a lock or an address that is there and says
 * nothing, and `INVALID_REQUEST` for such a token.
 */
export async function connect(flags: ConnectionFlags, invocation: Invocation): Promise<Connection> {
  const { patience } = invocation;
  const url = namedUrl(flags, invocation);
  if (url !== null) {
    // The token of a state directory is for its own control plane: it is never sent to another URL.
    return {
      client: createApiClient({ url: checkedUrl(url), token: await givenToken(flags, invocation), patience }),
      local: null,
    };
  }
  const stateDir = await stateDirectoryOf(flags, invocation);
  const found = await findRunning(stateDir, isAlive);
  if (found.state !== 'running') throw toAbsence(found, stateDir);
  // A token of the environment belongs to the URL that was given with it. Without a token the API answers that one is
  // needed, and where to find it.
  const token = flags.token ?? (await tokenOf(stateDir, found.address));
  return { client: createApiClient({ url: found.address.url, token, patience }), local: { stateDir, ...found } };
}

/** Why no control plane can be talked to. */
function toAbsence(found: Exclude<Running, { state: 'running' }>, stateDir: string): McpvisorError {
  const notRunning = (reason: string | null) => new McpvisorError('NOT_RUNNING', { stateDir, url: null, reason });
  const unusable = (reason: string) => new McpvisorError('STATE_DIRECTORY_UNUSABLE', { stateDir, reason });
  if (found.state === 'unknown') return unusable(found.flaw);
  if (found.state === 'none')
    return notRunning(found.flaw ?? (found.isStale ? 'an earlier one left its files there' : null));
  const { pid } = found.owner;
  return found.flaw === null
    ? notRunning(`process ${pid} is starting or ending`)
    : unusable(`process ${pid} has it, and ${found.flaw}`);
}

/**
 * The directory has proved itself: the file it names for its token is the one that its control plane was given. Throws
 * `INVALID_REQUEST` if the token is there and cannot be read.
 */
async function tokenOf(stateDir: string, { tokenFile }: ControlPlaneAddress): Promise<string | null> {
  if (tokenFile !== null) return await readNamedToken(tokenFile, '--token');
  const { value, flaw } = readOwnToken(resolve(stateDir, 'token'));
  if (flaw !== null) throw refusedToken({ namedBy: '--token', message: flaw });
  return value;
}

/** Absolute path of the state directory: from flags, the environment, or the default. */
export async function stateDirectoryOf(
  flags: Pick<ConnectionFlags, 'stateDir'>,
  invocation: Invocation,
): Promise<string> {
  const given = flags.stateDir ?? invocation.env.MCPVISOR_STATE_DIR ?? '';
  if (given !== '') return resolve(invocation.cwd, given);
  return await findStateDirectory({
    ...invocation,
    isAlive,
    onPassedOver(folder, flaws) {
      const reason =
        flaws.length === 0
          ? 'no control plane runs with it, and it was not made here'
          : `nothing proves that a control plane runs with it, or that it was made here (${flaws.join('; ')})`;
      invocation.stderr.write(
        `${folder} is passed over: ${reason}. To use it all the same, name it with --state-dir.\n`,
      );
    },
  });
}

/** Either flag wins over both variables. */
function namedUrl({ url, stateDir }: ConnectionFlags, { env }: Invocation): string | null {
  if (url !== undefined) return url;
  const fromEnv = env.MCPVISOR_URL ?? '';
  return stateDir !== undefined || fromEnv === '' ? null : fromEnv;
}

async function givenToken({ token }: ConnectionFlags, { env, cwd }: Invocation): Promise<string | null> {
  const given = token ?? env.MCPVISOR_TOKEN ?? '';
  if (given !== '') return given;
  const file = env.MCPVISOR_TOKEN_FILE ?? '';
  return file === '' ? null : await readNamedToken(resolve(cwd, file), 'MCPVISOR_TOKEN_FILE');
}

function checkedUrl(url: string): string {
  const refuse = (message: string, hint: string) =>
    new McpvisorError('INVALID_REQUEST', { problems: [{ path: '--url', message, hint, severity: 'error' }] });
  if (!URL.canParse(url) || !/^https?:$/.test(new URL(url).protocol))
    throw refuse('is not an address of HTTP', 'write it as http://127.0.0.1:4780');
  const { username, password } = new URL(url);
  // The error does not repeat the password.
  if (username !== '' || password !== '')
    throw refuse(
      'holds a name or a password, which nobody asks for here',
      'give the token with --token or MCPVISOR_TOKEN',
    );
  return url;
}
