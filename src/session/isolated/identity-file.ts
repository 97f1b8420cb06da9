/** How a client process is found again: a file in the state directory that says who it is and where it listens. */

import { mkdtempSync } from 'node:fs';
import { join } from 'node:path';
import * as z from 'zod';
import { readOwnFile, replaceOwnFile } from '../../files/own-file.ts';
import { isSystemError } from '../../system-error.ts';

const schema = z.object({
  /** Of this process: no other ever has the same one. */
  instance: z.string().min(1),
  pid: z.number().int().min(2),
  /** As the system tells it; see `src/session/process/identity.ts`. Null: it hides them. */
  startTime: z.string().nullable(),
  /** ISO 8601. */
  startedAt: z.string(),
  socket: z.string().min(1),
  protocol: z.number().int(),
  version: z.string(),
  /** Who knows it may read this file, or is that process. */
  key: z.string().min(32),
});

export type ProcessIdentity = Readonly<z.infer<typeof schema>>;

export function identityPath(stateDir: string): string {
  return join(stateDir, 'client-process.json');
}

/** Null: there is none. Throws if it cannot be read, or is damaged. */
export function readIdentity(stateDir: string): ProcessIdentity | null {
  const path = identityPath(stateDir);
  let text: string;
  try {
    text = readOwnFile(path);
  } catch (error) {
    if (isSystemError(error, 'ENOENT')) return null;
    throw error;
  }
  try {
    return schema.parse(JSON.parse(text));
  } catch (cause) {
    throw new Error(`${path} is damaged`, { cause });
  }
}

export async function writeIdentity(stateDir: string, identity: ProcessIdentity): Promise<void> {
  await replaceOwnFile(identityPath(stateDir), `${JSON.stringify(identity, null, 2)}\n`);
}

/** The longest path of a socket, in bytes: that of the system's own structure without its end. */
const mostPathBytes = process.platform === 'darwin' ? 103 : 107;

/** Where it listens unless the path is too long. */
export function usualSocket(stateDir: string): string {
  return join(stateDir, 'client-process.sock');
}

/** A path that fits: too long a one goes to a folder of its own, with mode 0700, in `temporary`. */
export function socketFor(stateDir: string, temporary: string): string {
  const usual = usualSocket(stateDir);
  return Buffer.byteLength(usual) <= mostPathBytes ? usual : join(mkdtempSync(join(temporary, 'mcpvisor-')), 'socket');
}
