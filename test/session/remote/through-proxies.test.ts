/** Forward proxies: servers that only a proxy can reach. */

import { request as ask, type IncomingMessage, type ServerResponse } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import { type AddressInfo, connect as connectTcp, createServer, type Socket } from 'node:net';
import { describe, expect, it, onTestFinished } from 'vitest';
import { createSelfSigned, hasOpenssl } from './certificates.ts';
import { connect, deadlineMs, errorOf, open } from './heard.ts';
import { jsonOnly, serve, type Web } from './web.ts';

interface Proxy extends Web {
  /** The first line of each request, and its `Proxy-Authorization`. */
  readonly asked: string[];
  readonly port: number;
}

/** Leads every name to `port` of this machine. */
async function serveProxy(port: number, isRefused = false): Promise<Proxy> {
  const asked: string[] = [];
  const note = ({ method, url, headers }: IncomingMessage) =>
    asked.push(`${method} ${url} ${headers['proxy-authorization'] ?? '-'}`);
  const forward = (request: IncomingMessage, response: ServerResponse) => {
    note(request);
    const { method, headers } = request;
    const { pathname, search } = new URL(request.url ?? '');
    const onward = ask({ host: '127.0.0.1', port, path: `${pathname}${search}`, method, headers }, (answer) => {
      answer.pipe(response.writeHead(answer.statusCode ?? 500, answer.headers));
    });
    request.pipe(onward.on('error', () => response.destroy()));
  };
  const web = await serve(forward);
  web.server.on('connect', (request, socket: Socket) => {
    note(request);
    socket.on('error', () => {});
    if (isRefused) {
      socket.end('HTTP/1.1 407 Proxy Authentication Required\r\n\r\n');
      return;
    }
    const onward = connectTcp(port, '127.0.0.1', () => {
      socket.write('HTTP/1.1 200 OK\r\n\r\n');
      onward.pipe(socket).pipe(onward);
    });
    onward.on('error', () => socket.destroy()).on('close', () => socket.destroy());
    socket.on('close', () => onward.destroy());
  });
  return { ...web, asked, port: Number(new URL(web.origin).port) };
}

const portOf = (origin: string) => Number(new URL(origin).port);
const far = 'mcp.corp.example.test';

describe('a server behind an HTTP proxy', () => {
  it('is reached over http: the proxy is sent the whole address, and its credentials', async () => {
    const web = await serve(jsonOnly());
    const proxy = await serveProxy(portOf(web.origin));
    const url = proxy.origin.replace('//', '//me:p%40ss@');
    const { client } = await connect(`http://${far}/mcp?x=1`, { proxy: { url, from: 'HTTP_PROXY' } });
    expect((await client.listTools()).tools).toHaveLength(1);
    const basic = `Basic ${Buffer.from('me:p@ss').toString('base64')}`;
    expect(proxy.asked[0]).toBe(`POST http://${far}/mcp?x=1 ${basic}`);
  });

  it.skipIf(!hasOpenssl)('is reached over https: the proxy is asked for a tunnel and sees no more', async () => {
    const certificate = createSelfSigned('far', `DNS:${far}`);
    const server = createSecureServer(certificate, jsonOnly());
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    onTestFinished(() => {
      server.closeAllConnections();
      server.close();
    });
    const proxy = await serveProxy((server.address() as AddressInfo).port);
    const given = { url: proxy.origin, from: 'HTTPS_PROXY' };
    const { client } = await connect(`https://${far}/mcp`, { proxy: given, ca: certificate.cert });
    expect((await client.listTools()).tools).toHaveLength(1);
    expect(new Set(proxy.asked)).toEqual(new Set([`CONNECT ${far}:443 -`]));
  });

  it.each([
    ['http', 'refuses', `http://${far}/mcp`],
    ['https', 'refuses', `https://${far}/mcp`],
    ['http', 'is not there', `http://${far}/mcp`],
    ['https', 'is not there', `https://${far}/mcp`],
  ])('cannot be reached over %s when the proxy %s, which is named without its password', async (_, what, url) => {
    const proxy = await serveProxy(9, true);
    if (what === 'is not there') await proxy.close();
    const given = { url: proxy.origin.replace('//', '//me:s3cret@'), from: 'ALL_PROXY' };
    const { client, link, ended } = open(url, { proxy: given });
    expect(await errorOf(client.connect(link.transport))).toBeInstanceOf(Error);
    const failure = await ended;
    expect(failure).toMatchObject({
      class: 'unreachable',
      message: expect.stringContaining(`he proxy ${proxy.origin} (ALL_PROXY)`),
    });
    expect(failure?.message).not.toContain('s3cret');
  });
});

describe('a server behind a SOCKS proxy', () => {
  /** Takes anybody, and leads every name to `port` of this machine. */
  async function serveSocks(port: number): Promise<{ readonly url: string; readonly asked: string[] }> {
    const asked: string[] = [];
    const sockets = new Set<Socket>();
    const server = createServer((socket) => {
      sockets.add(socket.on('error', () => {}));
      socket.once('data', () => {
        socket.write(Buffer.from([5, 0]));
        socket.once('data', (request: Buffer) => {
          asked.push(request.toString('latin1', 5, 5 + (request[4] ?? 0)));
          const onward = connectTcp(port, '127.0.0.1', () => {
            socket.write(Buffer.from([5, 0, 0, 1, 127, 0, 0, 1, 0, 0]));
            onward.pipe(socket).pipe(onward);
          });
          sockets.add(onward.on('error', () => {}));
        });
      });
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    onTestFinished(() => {
      for (const socket of sockets) socket.destroy();
      server.close();
    });
    return { url: `socks5://127.0.0.1:${(server.address() as AddressInfo).port}`, asked };
  }

  it('is reached by its name, which the proxy looks up', async () => {
    const web = await serve(jsonOnly());
    const { url, asked } = await serveSocks(portOf(web.origin));
    const { client } = await connect(`http://${far}/mcp`, { proxy: { url, from: 'ALL_PROXY' } });
    expect((await client.listTools()).tools).toHaveLength(1);
    expect(new Set(asked)).toEqual(new Set([far]));
  });

  it('cannot be reached when the proxy speaks no SOCKS', async () => {
    const web = await serve(jsonOnly());
    const given = { url: web.origin.replace('http:', 'socks5:'), from: 'ALL_PROXY' };
    const { client, link, ended } = open(`http://${far}/mcp`, { proxy: given, connectTimeoutMs: deadlineMs });
    expect(await errorOf(client.connect(link.transport))).toBeInstanceOf(Error);
    expect(await ended).toMatchObject({ class: 'unreachable', message: expect.stringContaining('socks5://') });
  });
});
