/** What an answered request holds, and what idle connections are worth. */

import type { ServerResponse } from 'node:http';
import { createServer, type Socket } from 'node:net';
import { describe, expect, it, vi } from 'vitest';
import { createSocketBudget } from '../../../src/session/remote/socket-budget.ts';
import { virtualClock } from '../../../src/testing.ts';
import { onTestFinished } from '../../support/finishing.ts';
import { connect, deadlineMs, errorOf } from './heard.ts';
import { answer, bodyOf, jsonOnly, type Rpc, reply, resultOf, serve } from './web.ts';

const events = { 'content-type': 'text/event-stream' };
const answerTo = (rpc: Rpc) => `data: ${JSON.stringify({ jsonrpc: '2.0', id: rpc.id, result: resultOf(rpc) })}\n\n`;

/** Answers each call on a stream that it never ends. */
async function serveLeaks() {
  const open = new Set<ServerResponse>();
  let most = 0;
  const web = await serve(
    jsonOnly((rpc, response) => {
      if (rpc.method !== 'tools/call') return false;
      open.add(response);
      most = Math.max(most, open.size);
      response.once('close', () => open.delete(response));
      response.writeHead(200, events).write(answerTo(rpc));
      return true;
    }),
  );
  return { ...web, open, most: () => most };
}

describe.concurrent('a server that leaves the streams of its answers open', () => {
  it('holds a few of our connections at a time, and in the end none', async () => {
    const web = await serveLeaks();
    const { client, lost, news } = await connect(`${web.origin}/mcp`);
    for (let call = 0; call < 100; call += 1) await client.callTool({ name: 'echo' });
    expect(web.most()).toBeLessThan(20);
    await vi.waitFor(() => expect(web.open.size).toBe(0), { timeout: deadlineMs });
    expect([lost, news.filter((line) => line.startsWith('doubted'))]).toEqual([[], []]);
  });

  it('takes no more sockets than all servers together may have, and calls wait for one', async () => {
    const web = await serveLeaks();
    const sockets = createSocketBudget(6);
    const { client } = await connect(`${web.origin}/mcp`, { sockets });
    const answers = await Promise.all(Array.from({ length: 40 }, () => client.callTool({ name: 'echo' })));
    expect(answers).toHaveLength(40);
    expect(web.most()).toBeLessThanOrEqual(6);
  });

  it('does not keep another one from its sockets', async () => {
    const [web, other] = [await serveLeaks(), await serve(jsonOnly())];
    const sockets = createSocketBudget(6);
    const { client: leaking } = await connect(`${web.origin}/mcp`, { sockets });
    const { client } = await connect(`${other.origin}/mcp`, { sockets });
    const leaks = Promise.all(Array.from({ length: 40 }, () => leaking.callTool({ name: 'echo' })));
    for (let call = 0; call < 10; call += 1) expect((await client.listTools()).tools).toHaveLength(1);
    await leaks;
  });
});

describe.concurrent('a server that answers fewer calls at a time than are made', () => {
  it.each([
    ['server', { maxConnections: 2 }, 2],
    ['process', { sockets: createSocketBudget(2) }, 2],
  ] as const)('is told as crowded while requests wait long, by the bound of the %s', async (bound, options, most) => {
    const held = new Set<() => void>();
    const web = await serve(
      jsonOnly((rpc, response) => {
        if (rpc.params?.name !== 'held') return false;
        held.add(() => answer(response, rpc));
        return true;
      }),
    );
    const { client, news, told } = await connect(`${web.origin}/mcp`, options);
    const calls = Promise.all(Array.from({ length: 4 }, () => client.callTool({ name: 'held' })));
    await told(`crowded: ${bound} ${most}`);
    expect(held.size).toBe(most);
    const release = setInterval(() => {
      for (const end of held) end();
      held.clear();
    }, 5);
    onTestFinished(() => clearInterval(release));
    expect(await calls).toHaveLength(4);
    await told('crowded: over');
    expect(news.filter((line) => line.startsWith('crowded'))).toHaveLength(2);
  });

  it('is told nothing of while each waits shortly', async () => {
    const web = await serveLeaks();
    const { client, news } = await connect(`${web.origin}/mcp`, { maxConnections: 2 });
    await Promise.all(Array.from({ length: 6 }, () => client.callTool({ name: 'echo' })));
    expect(news.filter((line) => line.startsWith('crowded'))).toEqual([]);
  });
});

describe.concurrent('a server whose answers end well', () => {
  it('is called over one connection', async () => {
    const web = await serve(
      jsonOnly(
        (rpc, response) => rpc.id !== undefined && reply(response, 200, { headers: events, body: answerTo(rpc) }),
      ),
    );
    let connections = 0;
    web.server.on('connection', () => {
      connections += 1;
    });
    const { client, told } = await connect(`${web.origin}/mcp`);
    await told('push: false');
    for (let call = 0; call < 50; call += 1) await client.listTools();
    // One more while the event stream was asked for.
    expect(connections).toBeLessThanOrEqual(3);
  });
});

describe.concurrent('a connection that is closed while nobody uses it', () => {
  it.each(['end', 'resetAndDestroy'] as const)('costs no call (%s)', async (how) => {
    const idle = new Set<Socket>();
    const web = await serve(jsonOnly());
    web.server.on('connection', (socket) => {
      idle.add(socket);
      socket.once('close', () => idle.delete(socket));
    });
    const { client, told, news } = await connect(`${web.origin}/mcp`);
    await told('push: false');
    for (let call = 0; call < 50; call += 1) {
      for (const socket of idle) socket[how]();
      await client.callTool({ name: 'echo' });
    }
    expect(news.filter((line) => line.startsWith('doubted'))).toEqual([]);
  });

  it('costs no call even if it is closed behind each answer', async () => {
    const web = await serve(
      jsonOnly((_, response, request) => {
        response.once('finish', () => request.socket.end());
        return false;
      }),
    );
    const { client, news } = await connect(`${web.origin}/mcp`);
    for (let call = 0; call < 50; call += 1) await client.callTool({ name: 'echo' });
    expect(news.filter((line) => line.startsWith('doubted'))).toEqual([]);
  });
});

describe.concurrent('a connection that breaks when the request has been read', () => {
  /** Answers over each connection once; resets it when a second request with `method` is read. */
  const serveResets = async (method: string) => {
    const used = new WeakSet<Socket>();
    return serve((request, response) => {
      void bodyOf(request).then((rpc) => {
        if (used.has(request.socket) && rpc.method === method) request.socket.resetAndDestroy();
        else jsonAnswer(rpc, response);
        used.add(request.socket);
      });
    });
  };
  const jsonAnswer = (rpc: Rpc, response: ServerResponse) =>
    rpc.id === undefined
      ? reply(response, rpc.method === undefined ? 405 : 202)
      : reply(response, 200, {
          headers: { 'content-type': 'application/json' },
          body: JSON.stringify({ jsonrpc: '2.0', id: rpc.id, result: resultOf(rpc) }),
        });

  it('leaves a call unknown: it may have been done', async () => {
    const web = await serveResets('tools/call');
    const { client, told } = await connect(`${web.origin}/mcp`);
    await told('push: false');
    await expect(client.callTool({ name: 'echo' })).rejects.toMatchObject({ refusal: { reached: true } });
    expect(web.seen.filter((line) => line.startsWith('POST'))).toHaveLength(3);
  });

  it('is made up for where doing it twice does no harm', async () => {
    const web = await serveResets('tools/list');
    const { client, told } = await connect(`${web.origin}/mcp`);
    await told('push: false');
    expect((await client.listTools()).tools).toHaveLength(1);
  });
});

describe.concurrent('a balancer that keeps sessions together by a cookie', () => {
  it('is given the cookie with every later request, by one session alone', async () => {
    const cookies: (string | undefined)[] = [];
    const web = await serve(
      jsonOnly((_, response, request) => {
        cookies.push(request.headers.cookie);
        response.setHeader('set-cookie', [
          'node=a; Path=/',
          'other=1; Path=/elsewhere',
          'foreign=1; Domain=example.org',
        ]);
        return false;
      }),
    );
    const { client } = await connect(`${web.origin}/mcp`, { headers: { Cookie: 'mine=1' } });
    await client.ping();
    await connect(`${web.origin}/mcp`);
    expect(cookies[0]).toBe('mine=1');
    expect(cookies.slice(1, 3)).toEqual(['mine=1; node=a', 'mine=1; node=a']);
    expect(cookies.filter((cookie) => cookie === undefined)).toHaveLength(1);
  });
});

/** Speaks HTTP word by word. */
async function serveWords(answer: (rpc: Rpc) => string): Promise<string> {
  const server = createServer((socket) => {
    let text = '';
    socket.on('error', () => {}).setEncoding('utf8');
    socket.on('data', (piece: string) => {
      text += piece;
      const end = text.indexOf('\r\n\r\n');
      const length = Number(/content-length: (\d+)/i.exec(text)?.[1] ?? 0);
      if (end === -1 || text.length < end + 4 + length) return;
      const body = text.slice(end + 4, end + 4 + length);
      text = '';
      const rpc = (body === '' ? {} : JSON.parse(body)) as Rpc;
      if (rpc.id === undefined) socket.write('HTTP/1.1 202 Accepted\r\ncontent-length: 0\r\n\r\n');
      else if (rpc.method === 'tools/call') socket.write(answer(rpc));
      else socket.write(withLength(JSON.stringify({ jsonrpc: '2.0', id: rpc.id, result: resultOf(rpc) })));
    });
    onTestFinished(() => void socket.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void server.close());
  const address = server.address();
  return `http://127.0.0.1:${typeof address === 'object' ? address?.port : 0}/mcp`;
}

const withLength = (body: string, head = '', type = 'application/json') =>
  `HTTP/1.1 200 OK\r\n${head}content-type: ${type}\r\ncontent-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`;
const jsonOf = (rpc: Rpc) => JSON.stringify({ jsonrpc: '2.0', id: rpc.id, result: {} });
const padded = (rpc: Rpc, members: object) => JSON.stringify({ jsonrpc: '2.0', id: rpc.id, result: {}, ...members });
const eventsOf = (text: string) =>
  `HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\nconnection: close\r\n\r\n${text}`;
const hint = 'HTTP/1.1 103 Early Hints\r\nlink: </x>; rel=preload\r\n\r\n';

describe.concurrent('an answer in an unusual form', () => {
  it.each<readonly [string, (rpc: Rpc) => string]>([
    ['after early hints', (rpc) => `${hint}${withLength(jsonOf(rpc))}`],
    ['with its connection closed', (rpc) => withLength(jsonOf(rpc), 'Connection: close\r\n')],
    ['with a short life of its connection', (rpc) => withLength(jsonOf(rpc), 'Keep-Alive: timeout=1\r\n')],
    ['with more after its end', (rpc) => `${withLength(jsonOf(rpc))}and more`],
    ['with a byte order mark', (rpc) => withLength(`\uFEFF${jsonOf(rpc)}`)],
    ['as a batch', (rpc) => withLength(`[${jsonOf(rpc)}]`)],
    ['as an event after a byte order mark', (rpc) => eventsOf(`\uFEFFdata: ${jsonOf(rpc)}\n\n`)],
    ['as an event with lone carriage returns', (rpc) => eventsOf(`: hello\rdata: ${jsonOf(rpc)}\r\r`)],
    ['as an event on two lines', (rpc) => eventsOf(`data: ${jsonOf(rpc).replace(',', ',\ndata: ')}\n\n`)],
    [
      'among comments and other events',
      (rpc) => eventsOf(`: alive\n\nevent: ping\ndata: 1\n\ndata: ${jsonOf(rpc)}\n\n`),
    ],
    [
      'with the members that it has no value for',
      (rpc) => withLength(padded(rpc, { error: null, method: null, params: null })),
    ],
    ['with its error beside a result that is none', (rpc) => withLength(padded(rpc, { result: {}, error: null }))],
    ['under no id', (rpc) => withLength(padded(rpc, { id: null }))],
    ['as an event under no id', (rpc) => eventsOf(`data: ${padded(rpc, { id: null })}\n\n`)],
    ['as an event with a type of its own', (rpc) => eventsOf(`event: response\ndata: ${jsonOf(rpc)}\n\n`)],
    [
      'as an event without the empty line after it',
      (rpc) => withLength(`data: ${jsonOf(rpc)}`, '', 'text/event-stream'),
    ],
    ['after an event that is no message', (rpc) => eventsOf(`data: hm\n\ndata: ${jsonOf(rpc)}\n\n`)],
  ])('is read: %s', async (_, answer) => {
    const { client, ends } = await connect(await serveWords(answer));
    for (let call = 0; call < 3; call += 1) await client.callTool({ name: 'echo' });
    expect(ends).toEqual([]);
  });

  it.each([
    ['JSON', (body: string) => withLength(body)],
    ['an event', (body: string) => eventsOf(`data: ${body}\n\n`)],
  ])('is what its server says, if it is an error under no id or beside an empty result: %s', async (_, framed) => {
    const error = { code: -32_001, message: 'Session not found' };
    const { client } = await connect(
      await serveWords((rpc) =>
        framed(
          padded(
            rpc,
            rpc.params?.name === 'unnamed' ? { id: null, result: undefined, error } : { result: null, error },
          ),
        ),
      ),
    );
    for (const name of ['unnamed', 'beside'])
      expect(await errorOf(client.callTool({ name }))).toMatchObject({
        code: -32_001,
        message: expect.stringContaining('Session not found'),
      });
  });

  it('is told as the answer to something else', async () => {
    const { client, news, told } = await connect(await serveWords((rpc) => withLength(padded(rpc, { id: 4_711 }))));
    void errorOf(client.callTool({ name: 'echo' }));
    await told('doubted');
    expect(news.join()).toContain('its response ended without an answer, but with one under the id 4711');
  });

  it('is the answer, too, if it comes on the event stream', async () => {
    let stream: ServerResponse | null = null;
    const held = new Set<ServerResponse>();
    const web = await serve(
      jsonOnly((rpc, response, request) => {
        if (request.method === 'GET') {
          stream = response.writeHead(200, events);
          stream.flushHeaders();
          return true;
        }
        if (rpc.method !== 'tools/call') return false;
        held.add(response);
        response.once('close', () => held.delete(response));
        if (rpc.params?.name === 'accepted') response.writeHead(202).end();
        else response.writeHead(200, events).flushHeaders();
        stream?.write(answerTo(rpc));
        return true;
      }),
    );
    const { client, told } = await connect(`${web.origin}/mcp`);
    await told('push: true');
    await client.callTool({ name: 'echo' });
    await client.callTool({ name: 'accepted' });
    await vi.waitFor(() => expect(held.size).toBe(0), { timeout: deadlineMs });
  });
});

describe.concurrent('an event stream that ends again and again', () => {
  it('is opened later and later, and raises one doubt', async () => {
    const at: number[] = [];
    const web = await serve(
      jsonOnly((_, response, request) => {
        if (request.method !== 'GET') return false;
        at.push(performance.now());
        return reply(response, 200, { headers: events, body: 'retry: 1\n\n' });
      }),
    );
    const { news } = await connect(`${web.origin}/mcp`);
    await vi.waitFor(() => expect(at).toHaveLength(4), { timeout: 30_000, interval: 20 });
    const waits = at.slice(1).map((time, index) => time - (at[index] ?? 0));
    for (const [index, least] of [950, 1_950, 3_900].entries()) expect(waits[index]).toBeGreaterThan(least);
    expect(news.filter((line) => line.startsWith('doubted'))).toHaveLength(1);
  });
});

describe.concurrent('a notification that a server does not answer', () => {
  it('is given up after 30 s, with its connection', async () => {
    const clock = virtualClock();
    const held = new Set<ServerResponse>();
    const web = await serve(
      jsonOnly((rpc, response) => {
        if (rpc.method !== 'notifications/roots/list_changed') return false;
        held.add(response.once('close', () => held.delete(response)));
        return true;
      }),
    );
    const { link, client, ends } = await connect(`${web.origin}/mcp`, { now: clock.now, timers: clock });
    const notified = errorOf(link.transport.send({ jsonrpc: '2.0', method: 'notifications/roots/list_changed' }));
    await vi.waitFor(() => expect(held.size).toBe(1), { timeout: deadlineMs });
    await clock.advance(29_999);
    await client.ping();
    expect(held.size).toBe(1);
    await clock.advance(1);
    await vi.waitFor(() => expect(held.size).toBe(0), { timeout: deadlineMs });
    await client.ping();
    await notified;
    expect(ends).toEqual([]);
  });

  it('keeps no call, and no other request, from its connection, and a person is told that others wait', async () => {
    const held = new Set<ServerResponse>();
    const web = await serve(
      jsonOnly((rpc, response) => {
        if (rpc.method !== 'notifications/roots/list_changed') return false;
        held.add(response);
        return true;
      }),
    );
    const { link, client, ends, news } = await connect(`${web.origin}/mcp`, { maxConnections: 2 });
    const notified = Array.from({ length: 30 }, () =>
      errorOf(link.transport.send({ jsonrpc: '2.0', method: 'notifications/roots/list_changed' })),
    );
    await vi.waitFor(() => expect(held.size).toBeGreaterThanOrEqual(8), { timeout: deadlineMs });
    await client.callTool({ name: 'echo' }, undefined, { timeout: 5_000 });
    await client.ping({ timeout: 5_000 });
    expect(await Promise.all(notified)).toEqual(notified.map(() => null));
    expect(news.filter((line) => line.startsWith('crowded'))).toEqual(['crowded: server 8']);
    expect(ends).toEqual([]);
  });
});
