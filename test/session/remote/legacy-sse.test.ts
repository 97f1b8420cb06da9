import type { ServerResponse } from 'node:http';
import { describe, expect, it, vi } from 'vitest';
import { connect, deadlineMs, errorOf, open } from './heard.ts';
import { bodyOf, jsonOnly, resultOf, serve, type Web } from './web.ts';

interface Legacy extends Web {
  readonly streams: Set<ServerResponse>;
}

/** A server of the old kind: one event stream at `path`, messages to `/messages`. */
async function serveLegacy(
  path = '/legacy',
  endpoint: string | null = '/messages?sessionId=hidden',
  isForgotten = () => false,
): Promise<Legacy> {
  const streams = new Set<ServerResponse>();
  const web = await serve((request, response) => {
    if (request.method === 'GET' && request.url === path) {
      streams.add(response);
      response.once('close', () => streams.delete(response));
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      response.write(endpoint === null ? ': wait\n\n' : `event: endpoint\ndata: ${endpoint}\n\n`);
      return;
    }
    if (request.method !== 'POST' || !request.url?.startsWith('/messages') || isForgotten()) {
      response.writeHead(404).end();
      return;
    }
    void bodyOf(request).then((rpc) => {
      if (rpc.method === 'resources/list') {
        response.writeHead(400).end();
        return;
      }
      response.writeHead(202).end();
      if (rpc.id !== undefined && rpc.method !== 'tools/call') {
        for (const stream of streams) {
          stream.write(
            `event: message\ndata: ${JSON.stringify({ jsonrpc: '2.0', id: rpc.id, result: resultOf(rpc) })}\n\n`,
          );
        }
      }
    });
  });
  return { ...web, streams };
}

describe.concurrent('a server that speaks legacy SSE only', () => {
  it('is found after Streamable HTTP was refused', async () => {
    const web = await serveLegacy();
    const { client, link, news } = await connect(`${web.origin}/legacy`);
    expect((await client.listTools()).tools).toHaveLength(1);
    expect(link.kind).toBe('sse');
    expect(news).toEqual(['spawned', 'push: true']);
    expect(web.seen.slice(0, 2)).toEqual(['POST /legacy', 'GET /legacy']);
  });

  it('is asked over SSE first when its path ends in /sse', async () => {
    const web = await serveLegacy('/sse');
    const { client, link } = await connect(`${web.origin}/sse`);
    await client.ping();
    expect(link.kind).toBe('sse');
    expect(web.seen[0]).toBe('GET /sse');
  });

  it('is asked over SSE alone when the specification says so', async () => {
    const web = await serveLegacy();
    const { link } = await connect(`${web.origin}/legacy`, { transport: 'sse' });
    expect(link.kind).toBe('sse');
    expect(web.seen[0]).toBe('GET /legacy');
  });

  it('is misconfigured when the specification names Streamable HTTP', async () => {
    const web = await serveLegacy();
    const { client, link, ended } = open(`${web.origin}/legacy`, { transport: 'streamable-http' });
    await expect(client.connect(link.transport)).rejects.toThrow();
    expect(await ended).toMatchObject({ class: 'misconfigured', code: 404 });
  });
});

describe.concurrent('a server of the old kind that never answers what is posted', () => {
  /** Everything comes over the stream, or, to calls of the tool `silent`, nothing at all. */
  async function serveMute() {
    let stream: ServerResponse | null = null;
    const posts = new Set<ServerResponse>();
    const web = await serve((request, response) => {
      if (request.method === 'GET') {
        stream = response.writeHead(200, { 'content-type': 'text/event-stream' });
        response.write('event: endpoint\ndata: /messages\n\n');
        return;
      }
      posts.add(response.once('close', () => posts.delete(response)));
      void bodyOf(request).then((rpc) => {
        if (rpc.id === undefined || rpc.params?.name === 'silent') return;
        stream?.write(`data: ${JSON.stringify({ jsonrpc: '2.0', id: rpc.id, result: resultOf(rpc) })}\n\n`);
      });
    });
    return { ...web, posts };
  }

  it('is called again and again, over a few connections', async () => {
    const web = await serveMute();
    const { client, ends } = await connect(`${web.origin}/sse`, { maxConnections: 6 });
    for (let call = 0; call < 20; call += 1)
      await client.callTool({ name: 'echo' }, undefined, { timeout: deadlineMs });
    expect(web.posts.size).toBeLessThan(12);
    expect(ends).toEqual([]);
  }, 60_000);

  it('holds no connection for a call that is given up', async () => {
    const web = await serveMute();
    const { client } = await connect(`${web.origin}/sse`, { maxConnections: 6 });
    for (let call = 0; call < 3; call += 1)
      await errorOf(client.callTool({ name: 'silent' }, undefined, { timeout: 200 }));
    const answer = client.callTool({ name: 'echo' }, undefined, { timeout: deadlineMs });
    expect(await errorOf(answer)).toBeNull();
  });
});

describe.concurrent('a server whose path ends in /sse and that speaks Streamable HTTP', () => {
  it('is found after SSE was refused', async () => {
    const web = await serve(jsonOnly());
    const { client, link } = await connect(`${web.origin}/sse`);
    expect((await client.listTools()).tools).toHaveLength(1);
    expect(link.kind).toBe('streamable-http');
  });
});

describe.concurrent('an address where nobody speaks MCP', () => {
  it('is misconfigured, and both refusals are named', async () => {
    const web = await serve((_, response) => {
      response.writeHead(404).end();
    });
    const { client, link, ended, ends } = open(`${web.origin}/nothing`);
    await expect(client.connect(link.transport)).rejects.toThrow();
    const failure = await ended;
    expect(failure).toMatchObject({ class: 'misconfigured', code: 404 });
    expect(failure?.message).toContain('POST');
    expect(failure?.message).toContain('GET');
    expect(ends).toHaveLength(1);
  });

  it('wants a person when the other transport is forbidden', async () => {
    const web = await serve((request, response) => {
      response.writeHead(request.method === 'POST' ? 405 : 401).end();
    });
    const { client, link, ended } = open(`${web.origin}/mcp`);
    await expect(client.connect(link.transport)).rejects.toThrow();
    expect(await ended).toMatchObject({ class: 'unauthorized', code: 401 });
  });

  it('is a failed handshake when a page is all that an SSE address has', async () => {
    const web = await serve((_, response) => {
      response.writeHead(200, { 'content-type': 'text/html' }).end('<html></html>');
    });
    const { link, ended } = open(`${web.origin}/sse`, { transport: 'sse' });
    await expect(link.transport.start()).rejects.toThrow();
    expect(await ended).toMatchObject({ class: 'handshakeFailed', code: 200 });
  });
});

describe.concurrent('a legacy stream that goes', () => {
  it('ends the link as disconnected, once, and is not opened again', async () => {
    const web = await serveLegacy();
    const { client, ended, ends } = await connect(`${web.origin}/legacy`, { transport: 'sse' });
    const failed = errorOf(client.callTool({ name: 'never' }));
    await vi.waitFor(() => expect(web.seen).toHaveLength(4), { timeout: deadlineMs });
    for (const stream of web.streams) {
      stream.end();
    }
    expect(await ended).toMatchObject({ class: 'disconnected' });
    expect(await failed).toBeInstanceOf(Error);
    expect(ends).toHaveLength(1);
    expect(web.seen.filter((line) => line.startsWith('GET'))).toHaveLength(1);
  });

  it('ends the link when the connection breaks', async () => {
    const web = await serveLegacy();
    const { ended } = await connect(`${web.origin}/legacy`, { transport: 'sse' });
    for (const stream of web.streams) {
      stream.destroy();
    }
    expect(await ended).toMatchObject({ class: 'disconnected' });
  });

  it('rejects the start when it ends before it names its endpoint', async () => {
    const web = await serveLegacy('/legacy', null);
    const { link, ended } = open(`${web.origin}/legacy`, { transport: 'sse' });
    const rejected = errorOf(link.transport.start());
    await vi.waitFor(() => expect(web.streams.size).toBe(1), { timeout: deadlineMs });
    for (const stream of web.streams) {
      stream.end();
    }
    expect(await rejected).toBeInstanceOf(Error);
    expect(await ended).toMatchObject({
      class: 'handshakeFailed',
      phase: 'spawning',
      message: expect.stringContaining('endpoint'),
    });
  });
});

describe.concurrent('a legacy server that never names its endpoint', () => {
  it('lets go when the link is ended', async () => {
    const web = await serveLegacy('/legacy', null);
    const { link, ended, news } = open(`${web.origin}/legacy`, { transport: 'sse' });
    const rejected = errorOf(link.transport.start());
    await vi.waitFor(() => expect(web.streams.size).toBe(1), { timeout: deadlineMs });
    link.end('close');
    expect(await rejected).toBeInstanceOf(Error);
    expect(await ended).toBeNull();
    expect(news).toEqual(['ended: asked for']);
    await vi.waitFor(() => expect(web.streams.size).toBe(0), { timeout: deadlineMs });
  });
});

describe.concurrent('a legacy endpoint on another origin', () => {
  it('is refused', async () => {
    const other = await serve(jsonOnly());
    const web = await serveLegacy('/legacy', `${other.origin}/messages`);
    const { link, ended } = open(`${web.origin}/legacy`, { transport: 'sse' });
    await expect(link.transport.start()).rejects.toThrow();
    expect(await ended).toMatchObject({
      class: 'handshakeFailed',
      message: expect.stringContaining(`${other.origin}/messages, which is at another origin`),
    });
    expect(other.seen).toEqual([]);
  });
});

describe.concurrent('a legacy endpoint that is not there', () => {
  it.each(['auto', 'sse'] as const)('is named, and nothing is said of what was not tried (%s)', async (transport) => {
    const web = await serveLegacy('/prefix/sse', '/elsewhere?sessionId=hidden');
    const { link, client, ended } = open(`${web.origin}/prefix/sse`, { transport });
    await expect(client.connect(link.transport)).rejects.toThrow();
    expect(await ended).toMatchObject({
      class: 'misconfigured',
      code: 404,
      message: expect.stringMatching(
        /prefix\/sse speaks SSE, and names an endpoint .* POST .*\/elsewhere \(initialize\) was answered with HTTP 404\./,
      ),
    });
  });
});

describe.concurrent('a legacy endpoint that is no address', () => {
  it('is no handshake', async () => {
    const web = await serveLegacy('/legacy', 'http://our-inner-words:no-port/');
    const { link, ended } = open(`${web.origin}/legacy`, { transport: 'sse' });
    await expect(link.transport.start()).rejects.toThrow();
    const failure = await ended;
    expect(failure).toMatchObject({ class: 'handshakeFailed', phase: 'spawning' });
    expect(failure?.message).not.toContain('inner-words');
  });
});

describe.concurrent('a legacy server that has forgotten the session', () => {
  it('ends the link as a session that is lost, although the stream is open', async () => {
    let isForgotten = false;
    const legacy = await serveLegacy('/legacy', '/messages', () => isForgotten);
    const { client, ended, ends } = await connect(`${legacy.origin}/legacy`, { transport: 'sse' });
    isForgotten = true;
    await expect(client.ping()).rejects.toThrow();
    expect(await ended).toMatchObject({ class: 'sessionLost', code: 404, phase: null });
    expect(ends).toHaveLength(1);
    await vi.waitFor(() => expect(legacy.streams.size).toBe(0), { timeout: deadlineMs });
  });
});

describe.concurrent('a legacy server that refuses a message', () => {
  it('fails that call alone, and its session stays out of what is told', async () => {
    const web = await serveLegacy();
    const { link, told, news, client } = await connect(`${web.origin}/legacy`, { transport: 'sse' });
    await expect(link.transport.send({ jsonrpc: '2.0', id: 99, method: 'resources/list' })).rejects.toMatchObject({
      refusal: { status: 400 },
    });
    await told('doubted');
    expect(news.join()).not.toContain('hidden');
    await client.ping();
  });
});
