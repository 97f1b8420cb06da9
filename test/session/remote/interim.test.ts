/** What HTTP lets a server say before its answer. */

import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { describe, expect, it, onTestFinished } from 'vitest';
import { connect } from './heard.ts';
import { type Rpc, resultOf } from './web.ts';

const go = 'HTTP/1.1 100 Continue\r\n\r\n';
const hints = 'HTTP/1.1 103 Early Hints\r\nlink: </style.css>; rel=preload\r\n\r\n';
const processing = 'HTTP/1.1 102 Processing\r\n\r\n';

/** Answers each POST after `before`; written in pieces of so many bytes. */
async function serveRaw(before: string, pieceBytes: number) {
  const sockets = new Set<Socket>();
  let connections = 0;
  const server = createServer((socket) => {
    connections += 1;
    sockets.add(socket.on('error', () => {}).setNoDelay(true));
    let text = '';
    socket.setEncoding('utf8').on('data', (chunk: string) => {
      text += chunk;
      const [head = '', ...rest] = text.split('\r\n\r\n');
      const body = rest.join('\r\n\r\n');
      if (head.startsWith('GET') && rest.length > 0) {
        text = '';
        return void answer(socket, 'HTTP/1.1 405 No\r\ncontent-length: 0\r\n\r\n');
      }
      const length = Number(/content-length: (\d+)/i.exec(head)?.[1] ?? Number.NaN);
      if (!(body.length >= length)) return;
      text = '';
      const rpc = JSON.parse(body) as Rpc;
      const result = JSON.stringify({ jsonrpc: '2.0', id: rpc.id, result: resultOf(rpc) });
      const status =
        rpc.id === undefined ? '202 Accepted\r\ncontent-length: 0\r\n\r\n' : `200 OK\r\n${headersOf(result)}`;
      void answer(socket, `HTTP/1.1 ${status}`);
    });
  });
  const headersOf = (result: string) =>
    `content-type: application/json\r\ncontent-length: ${result.length}\r\n\r\n${result}`;
  async function answer(socket: Socket, text: string): Promise<void> {
    const all = before + text;
    for (let at = 0; at < all.length; at += pieceBytes) {
      await new Promise((written) => socket.write(all.slice(at, at + pieceBytes), written));
      await new Promise(setImmediate);
    }
  }
  await once(server.listen(0, '127.0.0.1'), 'listening');
  onTestFinished(() => {
    server.close();
    for (const socket of sockets) socket.destroy();
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/mcp`, connections: () => connections };
}

describe.each([
  ['100 Continue', go],
  ['103 Early Hints', hints],
  ['102 Processing', processing],
  ['all of them, and again', go + hints + processing + go],
  ['nothing', ''],
])('a server that says %s before each answer', (_, before) => {
  it.each([100_000, 7, 1])(
    'is understood, in pieces of %i bytes, over connections that are used again',
    async (bytes) => {
      const { url, connections } = await serveRaw(before, bytes);
      const { client, ends, lost } = await connect(url);
      for (let call = 0; call < 5; call += 1) expect((await client.listTools()).tools).toHaveLength(1);
      expect([ends, lost]).toEqual([[], []]);
      expect(connections()).toBeLessThan(5);
    },
  );
});

describe('a server that says megabytes before its answer', () => {
  it.each([100_000, 7_000])('is refused, in pieces of %i bytes', async (bytes) => {
    const { url } = await serveRaw(`HTTP/1.1 103 Early Hints\r\nlink: ${'x'.repeat(2 * 1024 * 1024)}\r\n\r\n`, bytes);
    await expect(connect(url)).rejects.toThrow();
  });
});
