/** Where the API may be listened for, and with which certificate. */

import { readFile } from 'node:fs/promises';
import { isIPv4 } from 'node:net';
import { resolve } from 'node:path';
import type { HttpSettings } from '../../config/configuration.ts';
import { reasonOf } from '../../config/file/text-file.ts';
import { McpvisorError, type Problem } from '../../errors.ts';
import { wordsOf } from '../../text/error-words.ts';

export interface Certificate {
  readonly cert: string;
  readonly key: string;
}

/** Null: none is given. Throws `INVALID_REQUEST` that names each file that cannot be read. */
export async function readTls(files: HttpSettings['tls'], folder: string): Promise<Certificate | null> {
  if (files === null) return null;
  const problems: Problem[] = [];
  const read = async (name: 'certFile' | 'keyFile') =>
    await readFile(resolve(folder, files[name]), 'utf8').catch((error: unknown) => {
      problems.push({
        path: `mcpvisor.http.tls.${name}`,
        message: `${files[name]} cannot be read (${reasonOf(error)})`,
        hint: null,
        severity: 'error',
      });
      return '';
    });
  const [cert, key] = await Promise.all([read('certFile'), read('keyFile')]);
  if (problems.length > 0) throw new McpvisorError('INVALID_REQUEST', { problems });
  // A module that most starts do not need.
  const { createSecureContext } = await import('node:tls');
  try {
    createSecureContext({ cert, key });
  } catch (cause) {
    // OpenSSL's words name neither of the two files.
    const message = `no certificate with its key: ${wordsOf(cause)}`;
    throw new McpvisorError(
      'INVALID_REQUEST',
      { problems: [{ path: 'mcpvisor.http.tls', message, hint: null, severity: 'error' }] },
      { cause },
    );
  }
  return { cert, key };
}

export interface Bind {
  readonly host: string;
  /** Whether an address that other machines can reach may be listened on without encryption. */
  readonly insecureBind: boolean;
}

/** For an address without encryption. Throws `INVALID_REQUEST` for one that others can reach, unless that is meant. */
export function refuseOpenBind({ host, insecureBind }: Bind): void {
  if (insecureBind || isLoopback(host)) return;
  const message = `${host} can be reached from other machines, and nothing is encrypted`;
  const hint = 'give http.tls.certFile and keyFile, or add --insecure-bind if that is meant';
  throw new McpvisorError('INVALID_REQUEST', { problems: [{ path: '--host', message, hint, severity: 'error' }] });
}

function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || (isIPv4(host) && host.startsWith('127.'));
}
