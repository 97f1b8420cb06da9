import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { describe, expect, it, onTestFinished } from 'vitest';
import { connect, errorOf, open } from './heard.ts';
import { jsonOnly, type Rpc, reply, resultOf, serve } from './web.ts';

const json = { 'content-type': 'application/json' };
const page = { 'content-type': 'text/html' };

/** Answers that have the look of success and hold no answer. */
const empty: readonly (readonly [string, number, Readonly<Record<string, string>>, string])[] = [
  ['a page', 200, page, '<html>our-inner-words</html>'],
  ['an answer in plain text', 200, { 'content-type': 'text/plain' }, '{"jsonrpc":"2.0","id":0,"result":{}}'],
  ['nothing at all', 200, {}, ''],
  ['JSON that is none', 200, json, '<our-inner-words>'],
  ['JSON without a byte', 200, json, ''],
  ['JSON of something else', 200, json, '{"our-inner-words":true}'],
  ['the answer to something else', 200, json, '{"jsonrpc":"2.0","id":4711,"result":{}}'],
  ['202 and no body', 202, {}, ''],
  ['204', 204, {}, ''],
  ['an event stream without an event', 200, { 'content-type': 'text/event-stream' }, ''],
];

describe('an empty answer to initialize', () => {
  it.each(empty)('is no handshake: %s', async (_, status, headers, body) => {
    const web = await serve(
      jsonOnly((rpc, response) => rpc.method === 'initialize' && reply(response, status, { headers, body })),
    );
    const { client, link, ended, ends } = open(`${web.origin}/mcp`);
    await expect(client.connect(link.transport)).rejects.toThrow();
    expect(await ended).toMatchObject({
      class: expect.stringMatching(/^(handshakeFailed|disconnected)$/),
      phase: 'initializing',
    });
    // What a server writes may echo a secret.
    expect(ends[0]?.message).not.toContain('inner-words');
    expect(web.seen).toEqual(['POST /mcp']);
  });
});

describe('an empty answer to a call', () => {
  it.each(empty)('fails the call alone, at once, and raises a doubt: %s', async (_, status, headers, body) => {
    const web = await serve(
      jsonOnly((rpc, response) => rpc.method === 'tools/call' && reply(response, status, { headers, body })),
    );
    const { client, link, lost, told, news, ends } = await connect(`${web.origin}/mcp`);
    const failed = errorOf(client.callTool({ name: 'echo' }));
    await told('doubted');
    // Lost in the stream, or refused when it was sent: then nobody knows whether it was carried out.
    const error = lost.length > 0 ? null : await failed;
    expect(error === null || !isRefusal(error)).toBe(true);
    expect(news.join()).not.toContain('inner-words');
    expect(ends).toEqual([]);
    expect((await client.listTools()).tools).toHaveLength(1);
    link.end('kill');
    await failed;
  });
});

/** An error that says that nothing was done. */
function isRefusal(error: unknown): boolean {
  return (
    error instanceof Error && 'code' in error && typeof error.code === 'number' && error.code >= 400 && error.code < 500
  );
}

describe('a GET that is answered with a page', () => {
  it('is known to bring no event stream, and is not tried again and again', async () => {
    const web = await serve(
      jsonOnly(
        (_, response, request) =>
          request.method === 'GET' && reply(response, 200, { headers: page, body: '<html></html>' }),
      ),
    );
    const { client, told, news } = await connect(`${web.origin}/mcp`);
    await told('push');
    expect(news).toEqual(['spawned', expect.stringMatching(/^push: false .*event stream/)]);
    expect((await client.listTools()).tools).toHaveLength(1);
  });
});

/** A server that does not speak HTTP all the way. */
async function serveRaw(
  onData: (socket: Socket, text: string) => void,
  onConnection: (socket: Socket) => void = () => {},
): Promise<string> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => {}).once('close', () => sockets.delete(socket));
    socket.setEncoding('utf8').on('data', (text: string) => onData(socket, text));
    onConnection(socket);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/mcp`;
}

describe('a connection that goes', () => {
  it('cannot be reached when it is closed as soon as it is open', async () => {
    const url = await serveRaw(
      () => {},
      (socket) => socket.end(),
    );
    const { client, link, ended } = open(url);
    await expect(client.connect(link.transport)).rejects.toThrow();
    expect(await ended).toMatchObject({ class: 'unreachable', phase: 'initializing' });
  });

  it('cannot be reached when it breaks in the middle of the headers', async () => {
    const url = await serveRaw((socket) =>
      socket.write('HTTP/1.1 200 OK\r\ncontent-ty', () => socket.resetAndDestroy()),
    );
    const { client, link, ended } = open(url);
    await expect(client.connect(link.transport)).rejects.toThrow();
    expect(await ended).toMatchObject({ class: 'unreachable', phase: 'initializing' });
  });

  it('cannot be reached when it breaks in the middle of the answer, and says so', async () => {
    const half = 'HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 500\r\n\r\n{"jsonrpc":"2.0",';
    const url = await serveRaw((socket) => socket.write(half, () => socket.resetAndDestroy()));
    const { client, link, ended } = open(url);
    await expect(client.connect(link.transport)).rejects.toThrow();
    expect(await ended).toMatchObject({
      class: 'unreachable',
      phase: 'initializing',
      message: expect.stringContaining('broke'),
    });
  });

  it('fails the call whose answer it took along, of which nobody knows whether it was carried out', async () => {
    const half = '{"jsonrpc":"2.0",';
    const web = await serve(
      jsonOnly((rpc, response) => {
        if (rpc.method !== 'tools/call') {
          return false;
        }
        response.writeHead(200, { ...json, 'content-length': '500' }).write(half, () => response.destroy());
        return true;
      }),
    );
    const { client, told, ends } = await connect(`${web.origin}/mcp`);
    await expect(client.callTool({ name: 'echo' })).rejects.toMatchObject({
      name: 'RemoteError',
      refusal: { reached: true },
    });
    await told(`doubted: The answer of ${web.origin}/mcp broke off`);
    expect((await client.listTools()).tools).toHaveLength(1);
    expect(ends).toEqual([]);
  });

  it('is no handshake when something else than HTTP is spoken there', async () => {
    const url = await serveRaw(
      () => {},
      (socket) => socket.write('SSH-2.0-OpenSSH_9.2\r\n'),
    );
    const { client, link, ended } = open(url);
    await expect(client.connect(link.transport)).rejects.toThrow();
    expect(await ended).toMatchObject({ class: 'handshakeFailed', phase: 'initializing', code: 'NOT_HTTP' });
  });
});

describe('an event stream whose type is written in capitals', () => {
  it('is one all the same', async () => {
    const type = { 'content-type': 'Text/Event-Stream; charset=utf-8' };
    const answered = ({ id, ...rpc }: Rpc) =>
      `data: ${JSON.stringify({ jsonrpc: '2.0', id, result: resultOf(rpc) })}\n\n`;
    const web = await serve(
      jsonOnly((rpc, response, request) => {
        if (request.method === 'GET') {
          response.writeHead(200, type).flushHeaders();
          return true;
        }
        return (
          rpc.id !== undefined &&
          reply(response, 200, { headers: type, body: rpc.method === 'tools/call' ? '' : answered(rpc) })
        );
      }),
    );
    const { client, lost, told } = await connect(`${web.origin}/mcp`);
    await told('push: true');
    expect((await client.listTools()).tools).toHaveLength(1);
    client.callTool({ name: 'echo' }).catch(() => {});
    await told('doubted: A request got no answer');
    expect(lost).toHaveLength(1);
  });
});
