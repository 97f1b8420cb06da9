/** Certificates for the tests, made by the openssl command: Node has no way to make one. */

import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import type { RequestListener } from 'node:http';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { networkInterfaces, tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from '../../support/finishing.ts';

export const hasOpenssl = spawnSync('openssl', ['version']).status === 0;

/** Whether the machine has the IPv6 loopback: containers often have none. */
export const hasIpv6 = Object.values(networkInterfaces()).some((addresses) =>
  addresses?.some(({ address }) => address === '::1'),
);

export interface Certificate {
  readonly key: string;
  readonly cert: string;
}

/** Of this machine, by all names of the loopback. */
const loopback = 'DNS:localhost,IP:127.0.0.1,IP:::1';

/** A certificate that vouches for itself, and may vouch for others. */
export function createSelfSigned(name = 'localhost', names = loopback): Certificate {
  return inFolder((run, [key, cert]) => {
    run([
      'req',
      '-x509',
      ...newKey(key),
      '-days',
      '2',
      '-out',
      cert,
      '-subj',
      `/CN=${name}`,
      '-addext',
      `subjectAltName=${names}`,
    ]);
  });
}

/** A certificate that `authority` vouches for. */
export function createSigned(authority: Certificate): Certificate {
  return inFolder((run, [key, cert], folder) => {
    const [request, extensions, ca, caKey] = ['request', 'extensions', 'ca.pem', 'ca.key'].map((file) =>
      join(folder, file),
    ) as [string, string, string, string];
    writeFileSync(extensions, `subjectAltName=${loopback}\n`);
    writeFileSync(ca, authority.cert);
    writeFileSync(caKey, authority.key, { mode: 0o600 });
    run(['req', ...newKey(key), '-out', request, '-subj', '/CN=signed']);
    run([
      'x509',
      '-req',
      '-in',
      request,
      '-CA',
      ca,
      '-CAkey',
      caKey,
      '-set_serial',
      '7',
      '-days',
      '2',
      '-extfile',
      extensions,
      '-out',
      cert,
    ]);
  });
}

function newKey(file: string): readonly string[] {
  return ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-keyout', file];
}

function inFolder(
  make: (run: (args: readonly string[]) => void, files: readonly [string, string], folder: string) => void,
): Certificate {
  const folder = mkdtempSync(join(tmpdir(), 'mcpvisor-tls-'));
  try {
    const [key, cert] = [join(folder, 'key.pem'), join(folder, 'cert.pem')];
    make((args) => execFileSync('openssl', args, { stdio: 'ignore' }), [key, cert], folder);
    return { key: readFileSync(key, 'utf8'), cert: readFileSync(cert, 'utf8') };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** Listens over TLS on a free port until the test is over. Resolves with the origin. */
export async function serveTls(
  certificate: Certificate,
  listener: RequestListener,
  host = '127.0.0.1',
): Promise<string> {
  const server = createServer(certificate, listener);
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject).listen(0, host, resolve);
  });
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return `https://${host.includes(':') ? `[${host}]` : host}:${(server.address() as AddressInfo).port}`;
}
