/** Looks for a living client process in a state directory, and makes sure that it is ours. */

import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import type { MessageConnection } from 'vscode-jsonrpc/node';
import { systemCodeOf } from '../../../system-error.ts';
import { wordsOf } from '../../../text/error-words.ts';
import { version } from '../../../version.ts';
import { isAlive } from '../../process/identity.ts';
import { identityPath, type ProcessIdentity, readIdentity, usualSocket } from '../identity-file.ts';
import { connectionOver } from '../lines.ts';
import { isProof } from '../proof.ts';
import { helloOrder, protocol, type Welcome } from '../protocol.ts';

export interface Found {
  readonly identity: ProcessIdentity;
  readonly socket: Socket;
  readonly connection: MessageConnection;
  readonly welcome: Welcome;
}

export type Finding =
  | { readonly kind: 'none' }
  /** Ours. `isSame`: of this version, so that it can be taken over. */
  | { readonly kind: 'found'; readonly found: Found; readonly isSame: boolean }
  /** Ours by its pid and its start time, but it cannot be talked to. */
  | { readonly kind: 'mute'; readonly identity: ProcessIdentity; readonly reason: string }
  /** Not ours, or nobody can tell. */
  | { readonly kind: 'foreign'; readonly reason: string };

export interface FindParts {
  readonly stateDir: string;
  /** Called with a process that is ours by its pid and its start time, before it is talked to. */
  readonly onAlive?: (identity: ProcessIdentity) => void;
  readonly onError: (error: unknown) => void;
  /** What is connected is let go of when it aborts. */
  readonly signal: AbortSignal;
}

/** Does not reject. Waits for an answer until `signal` aborts. */
export async function findClientProcess(parts: FindParts): Promise<Finding> {
  const { stateDir, onAlive } = parts;
  let identity: ProcessIdentity | null;
  try {
    identity = readIdentity(stateDir);
  } catch (error) {
    const reason = `${identityPath(stateDir)}: ${wordsOf(error)}`;
    // With nobody behind it, a new process replaces the file.
    return (await isListening(usualSocket(stateDir))) ? { kind: 'foreign', reason } : { kind: 'none' };
  }
  if (identity === null) return findStranger(usualSocket(stateDir));
  if (!isAlive(identity)) return findStranger(identity.socket);
  onAlive?.(identity);
  const socket = await connectTo(identity.socket);
  if (!('socket' in socket)) return { kind: 'mute', identity, reason: `${identity.socket}: ${socket.reason}` };
  return introduce(parts, identity, socket.socket);
}

/** Who talks to a new process gets to know it by the same way. */
export async function introduce(
  { onError, signal }: FindParts,
  identity: ProcessIdentity,
  socket: Socket,
): Promise<Finding> {
  const connection = connectionOver(socket, onError);
  const letGo = () => socket.destroy();
  signal.addEventListener('abort', letGo, { once: true });
  try {
    connection.listen();
    const nonce = randomBytes(16).toString('hex');
    const welcome = await connection.sendRequest(helloOrder, { nonce });
    if (!isProof(welcome.proof, identity.key, nonce) || welcome.instance !== identity.instance) {
      socket.destroy();
      return foreignAt(identity.socket, 'cannot prove that it is the client process of this state directory');
    }
    const isSame = welcome.protocol === protocol && welcome.version === version;
    return { kind: 'found', found: { identity, socket, connection, welcome }, isSame };
  } catch (error) {
    socket.destroy();
    const reason = `${identity.socket}: ${wordsOf(error)}`;
    return isAlive(identity) ? { kind: 'mute', identity, reason } : { kind: 'none' };
  } finally {
    signal.removeEventListener('abort', letGo);
  }
}

/** Nobody of ours can listen there. */
async function findStranger(path: string): Promise<Finding> {
  return (await isListening(path))
    ? foreignAt(path, 'is not the client process of this state directory')
    : { kind: 'none' };
}

function foreignAt(path: string, what: string): Finding {
  return { kind: 'foreign', reason: `a process that listens on ${path} ${what}; it was neither used nor ended` };
}

async function isListening(path: string): Promise<boolean> {
  const tried = await connectTo(path);
  if (!('socket' in tried)) return tried.code !== 'ENOENT' && tried.code !== 'ECONNREFUSED';
  tried.socket.destroy();
  return true;
}

/** Does not reject. */
export async function connectTo(
  path: string,
): Promise<{ readonly socket: Socket } | { readonly reason: string; readonly code: string | null }> {
  const socket = connect(path);
  try {
    await once(socket, 'connect');
    // The connection tells what is lost with it.
    socket.on('error', () => {});
    return { socket };
  } catch (error) {
    socket.destroy();
    return { reason: wordsOf(error), code: systemCodeOf(error) };
  }
}
