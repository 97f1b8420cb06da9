import { execFileSync, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:https';
import { type AddressInfo, createServer as createSilentServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { connect, deadlineMs, errorOf, open } from './heard.ts';
import { jsonOnly } from './web.ts';

const hasOpenssl = spawnSync('openssl', ['version']).status === 0;

/** A key and a certificate that only its holder trusts. */
function selfSigned(): { readonly key: string; readonly cert: string } {
  const folder = mkdtempSync(join(tmpdir(), 'mcpvisor-tls-'));
  try {
    const [key, cert] = [join(folder, 'key.pem'), join(folder, 'cert.pem')];
    const names = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost,IP:127.0.0.1'];
    const made = ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2', '-keyout', key, '-out', cert, ...names];
    execFileSync('openssl', made, { stdio: 'ignore' });
    return { key: readFileSync(key, 'utf8'), cert: readFileSync(cert, 'utf8') };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

// Node has no way to make a certificate; without the openssl command there is none to test with.
describe.skipIf(!hasOpenssl)('a server with a certificate of its own', () => {
  const serveTls = async () => {
    const { key, cert } = selfSigned();
    const server = createServer({ key, cert }, jsonOnly()).listen(0, '127.0.0.1');
    await once(server, 'listening');
    onTestFinished(() => {
      server.closeAllConnections();
      server.close();
    });
    return { url: `https://127.0.0.1:${(server.address() as AddressInfo).port}/mcp`, cert };
  };

  it('is spoken to when the certificate is trusted', async () => {
    const { url, cert } = await serveTls();
    const { client } = await connect(url, { ca: cert });
    expect((await client.listTools()).tools).toHaveLength(1);
  });

  it('cannot be reached when it is not', async () => {
    const { url } = await serveTls();
    const { client, link, ended } = open(url);
    expect(await errorOf(client.connect(link.transport))).toBeInstanceOf(Error);
    expect(await ended).toMatchObject({ class: 'unreachable', code: 'DEPTH_ZERO_SELF_SIGNED_CERT' });
  });
});

describe('a server that accepts connections and never shakes hands', () => {
  const serveSilence = async () => {
    const sockets = new Set<Socket>();
    const server = createSilentServer((socket) => {
      sockets.add(socket);
      socket.on('error', () => {}).once('close', () => sockets.delete(socket));
      socket.resume();
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    onTestFinished(() => {
      for (const socket of sockets) {
        socket.destroy();
      }
      server.close();
    });
    return { url: `https://127.0.0.1:${(server.address() as AddressInfo).port}/mcp`, sockets };
  };

  it('cannot be reached after the time for a connection', async () => {
    const { url } = await serveSilence();
    const { client, link, ended } = open(url, { connectTimeoutMs: 300 });
    expect(await errorOf(client.connect(link.transport))).toBeInstanceOf(Error);
    expect(await ended).toMatchObject({ class: 'unreachable', code: 'UND_ERR_CONNECT_TIMEOUT' });
  });

  it('is let go of at once when the link is ended', async () => {
    const { url, sockets } = await serveSilence();
    const { client, link, ended } = open(url, { connectTimeoutMs: 600_000 });
    const connecting = errorOf(client.connect(link.transport));
    await vi.waitFor(() => expect(sockets.size).toBe(1), { timeout: deadlineMs });
    link.end('close');
    expect(await ended).toBeNull();
    expect(await connecting).toBeInstanceOf(Error);
    await vi.waitFor(() => expect(sockets.size).toBe(0), { timeout: deadlineMs });
  });
});
