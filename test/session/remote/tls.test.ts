import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { createSecureServer } from 'node:http2';
import { type AddressInfo, createServer as createSilentServer, type Socket } from 'node:net';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { createSupervisor } from '../../../src/index.ts';
import { createAuthorizationFetch } from '../../../src/session/remote/http/authorization-fetch.ts';
import { toTarget } from '../../../src/session/remote/http/target.ts';
import { createScratchFolder } from '../../support/scratch-folder.ts';
import { createSelfSigned, createSigned, hasIpv6, hasOpenssl, serveTls } from './certificates.ts';
import { connect, deadlineMs, errorOf, open } from './heard.ts';
import { jsonOnly, serve } from './web.ts';

describe.skipIf(!hasOpenssl)('a server with a certificate of its own', () => {
  it('is spoken to when the certificate is trusted', async () => {
    const certificate = createSelfSigned();
    const origin = await serveTls(certificate, jsonOnly());
    const { client } = await connect(`${origin}/mcp`, { ca: certificate.cert });
    expect((await client.listTools()).tools).toHaveLength(1);
  });

  it('is spoken to when an authority is trusted that signed it, one of several', async () => {
    const [authority, another] = [createSelfSigned('authority'), createSelfSigned('another')];
    const origin = await serveTls(createSigned(authority), jsonOnly());
    const { client } = await connect(`${origin}/mcp`, { ca: `${another.cert}${authority.cert}` });
    expect((await client.listTools()).tools).toHaveLength(1);
  });

  it.skipIf(!hasIpv6)('is spoken to by its IPv6 address', async () => {
    const certificate = createSelfSigned();
    const origin = await serveTls(certificate, jsonOnly(), '::1');
    const { client } = await connect(`${origin}/mcp`, { ca: certificate.cert });
    expect((await client.listTools()).tools).toHaveLength(1);
  });

  it.each(['streamable-http', 'sse'] as const)(
    'cannot be reached when it is not trusted, and it is said what to do (%s)',
    async (transport) => {
      const requests: unknown[] = [];
      const origin = await serveTls(createSelfSigned(), (request) => requests.push(request.url));
      const { client, link, ended } = open(`${origin}/mcp`, { transport });
      expect(await errorOf(client.connect(link.transport))).toBeInstanceOf(Error);
      expect(await ended).toMatchObject({
        class: 'unreachable',
        code: 'DEPTH_ZERO_SELF_SIGNED_CERT',
        message: expect.stringContaining('in tls.ca'),
      });
      expect(requests).toEqual([]);
    },
  );

  it('cannot be reached when somebody else is trusted', async () => {
    const origin = await serveTls(createSigned(createSelfSigned('authority')), jsonOnly());
    const { client, link, ended } = open(`${origin}/mcp`, { ca: createSelfSigned('another').cert });
    expect(await errorOf(client.connect(link.transport))).toBeInstanceOf(Error);
    expect(await ended).toMatchObject({ class: 'unreachable', message: expect.stringContaining('in tls.ca') });
  });

  it('cannot be reached when its certificate is for another name, trusted or not', async () => {
    const certificate = createSelfSigned('elsewhere', 'DNS:elsewhere.invalid');
    const origin = await serveTls(certificate, jsonOnly());
    const { client, link, ended } = open(`${origin}/mcp`, { ca: certificate.cert });
    expect(await errorOf(client.connect(link.transport))).toBeInstanceOf(Error);
    expect(await ended).toMatchObject({
      class: 'unreachable',
      code: 'ERR_TLS_CERT_ALTNAME_INVALID',
      message: expect.stringContaining('another name'),
    });
  });

  it('vouches for no other origin', async () => {
    const certificate = createSelfSigned();
    const [own, other] = [await serveTls(certificate, jsonOnly()), await serveTls(certificate, jsonOnly())];
    const target = toTarget('far', `${own}/mcp`, {});
    const authorizing = createAuthorizationFetch({
      target,
      ca: certificate.cert,
      proxy: null,
      connectTimeoutMs: deadlineMs,
    });
    onTestFinished(() => authorizing.close());
    expect((await authorizing.fetch(`${own}/mcp`)).status).toBe(405);
    await expect(authorizing.fetch(`${other}/mcp`)).rejects.toMatchObject({
      cause: { code: 'DEPTH_ZERO_SELF_SIGNED_CERT' },
    });
  });

  it('is told from one that speaks HTTP/2 alone', async () => {
    const own = createSelfSigned();
    const server = createSecureServer({ ...own, allowHTTP1: false });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    onTestFinished(() => void server.close());
    const url = `https://127.0.0.1:${(server.address() as AddressInfo).port}/mcp`;
    const { client, link, ended } = open(url, { ca: own.cert });
    expect(await errorOf(client.connect(link.transport))).toBeInstanceOf(Error);
    expect(await ended).toMatchObject({
      class: 'unreachable',
      message: expect.stringContaining('probably HTTP/2 only'),
    });
  });

  it('is told from one that speaks no TLS', async () => {
    const web = await serve(jsonOnly());
    const { client, link, ended } = open(`${web.origin.replace('http:', 'https:')}/mcp`);
    expect(await errorOf(client.connect(link.transport))).toBeInstanceOf(Error);
    expect(await ended).toMatchObject({ class: 'unreachable', message: expect.stringContaining('http://?') });
  });
});

describe.skipIf(!hasOpenssl)('an entry with tls.ca', () => {
  it('is connected by the certificates in a file beside the configuration, which is read at each start', async () => {
    const folder = createScratchFolder();
    const [old, current] = [createSelfSigned(), createSelfSigned()];
    const origin = await serveTls(current, jsonOnly());
    const config = join(folder, 'mcp.json');
    writeFileSync(config, JSON.stringify({ mcpServers: { far: { url: `${origin}/mcp`, tls: { ca: 'ca.pem' } } } }));
    writeFileSync(join(folder, 'ca.pem'), old.cert);
    const supervisor = await createSupervisor({ config });
    onTestFinished(() => supervisor.close());
    await vi.waitFor(() => expect(supervisor.status('far').lastFailure).toMatchObject({ class: 'unreachable' }), {
      timeout: deadlineMs,
    });
    writeFileSync(join(folder, 'ca.pem'), current.cert);
    await supervisor.send('far', { type: 'server.restart' });
    expect(supervisor.status('far')).toMatchObject({ state: 'connected', transport: 'streamable-http' });
  });

  it('fails for good when the file is not there, and says which', async () => {
    const folder = createScratchFolder();
    const config = join(folder, 'mcp.json');
    writeFileSync(
      config,
      JSON.stringify({ mcpServers: { far: { url: 'https://127.0.0.1:9/mcp', tls: { ca: 'ca.pem' } } } }),
    );
    const supervisor = await createSupervisor({ config });
    onTestFinished(() => supervisor.close());
    expect(await supervisor.ready()).toMatchObject({ notReady: [{ name: 'far', state: 'failed' }] });
    expect(supervisor.status('far').lastFailure).toMatchObject({
      class: 'misconfigured',
      message: expect.stringContaining(join(folder, 'ca.pem')),
    });
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
