import type { ServerResponse } from 'node:http';
import { constants, createGzip, gzipSync } from 'node:zlib';
import { describe, expect, it, vi } from 'vitest';
import { connect, deadlineMs, open } from './heard.ts';
import { jsonOnly, type Rpc, reply, resultOf, serve, serveMcp } from './web.ts';

const events = { 'content-type': 'text/event-stream' };

const eventOf = (message: object) => `event: message\ndata: ${JSON.stringify({ jsonrpc: '2.0', ...message })}\n\n`;
const answerOf = (rpc: Rpc) => eventOf({ id: rpc.id, result: resultOf(rpc) });

describe('a proxy that holds the response stream back until it ends', () => {
  it('delays the answer and loses nothing: what came before it is heard first', async () => {
    const held: (() => void)[] = [];
    const web = await serve(
      jsonOnly((rpc, response) => {
        if (rpc.method !== 'tools/call') {
          return false;
        }
        const { progressToken } = (rpc.params?._meta ?? {}) as { readonly progressToken?: number };
        const progress = [1, 2, 3].map((done) =>
          eventOf({ method: 'notifications/progress', params: { progressToken, progress: done } }),
        );
        held.push(() => reply(response, 200, { headers: events, body: `${progress.join('')}${answerOf(rpc)}` }));
        return true;
      }),
    );
    const { link, lost, news } = await connect(`${web.origin}/mcp`);
    const heard: unknown[] = [];
    link.transport.onmessage = (message) => heard.push('method' in message ? message.params?.progress : message.id);
    const params = { name: 'echo', _meta: { progressToken: 7 } };
    const sent = link.transport.send({ jsonrpc: '2.0', id: 7, method: 'tools/call', params });
    await vi.waitFor(() => expect(held).toHaveLength(1), { timeout: deadlineMs });
    held[0]?.();
    await sent;
    await vi.waitFor(() => expect(heard).toEqual([1, 2, 3, 7]), { timeout: deadlineMs });
    expect([lost, news.filter((line) => line.startsWith('doubted'))]).toEqual([[], []]);
  });

  it('keeps the event stream out of sight: the session works without it, and ends in time', async () => {
    const held: ServerResponse[] = [];
    const web = await serve(jsonOnly((_, response, request) => request.method === 'GET' && held.push(response) > 0));
    const { client, link, news, ended } = await connect(`${web.origin}/mcp`, { stop: { closeMs: 60_000 } });
    await vi.waitFor(() => expect(held).toHaveLength(1), { timeout: deadlineMs });
    expect((await client.listTools()).tools).toHaveLength(1);
    expect(news).toEqual(['spawned']);
    link.end('close');
    expect(await ended).toBeNull();
  });

  it('keeps a legacy endpoint out of sight: the start is given up when the link is', async () => {
    const held: ServerResponse[] = [];
    const web = await serve((_, response) => held.push(response));
    const { client, link, ended } = open(`${web.origin}/sse`, { transport: 'sse' });
    const connecting = client.connect(link.transport);
    connecting.catch(() => {});
    await vi.waitFor(() => expect(held).toHaveLength(1), { timeout: deadlineMs });
    link.end('close');
    expect(await ended).toBeNull();
    await expect(connecting).rejects.toThrow();
  });
});

describe('a proxy that compresses', () => {
  it('is read through: JSON', async () => {
    const headers = { 'content-type': 'application/json', 'content-encoding': 'gzip' };
    const web = await serve(
      jsonOnly((rpc, response) => {
        if (rpc.id === undefined) {
          return false;
        }
        response
          .writeHead(200, headers)
          .end(gzipSync(JSON.stringify({ jsonrpc: '2.0', id: rpc.id, result: resultOf(rpc) })));
        return true;
      }),
    );
    const { client } = await connect(`${web.origin}/mcp`);
    expect((await client.listTools()).tools).toHaveLength(1);
  });

  it('is read through: events, each when it is flushed', async () => {
    const web = await serve(
      jsonOnly((rpc, response) => {
        if (rpc.id === undefined) {
          return false;
        }
        const gzip = createGzip();
        gzip.pipe(response.writeHead(200, { ...events, 'content-encoding': 'gzip' }));
        gzip.write(answerOf(rpc));
        // Stays open: the answer must not wait for the end of the stream.
        gzip.flush(constants.Z_SYNC_FLUSH);
        return true;
      }),
    );
    const { client } = await connect(`${web.origin}/mcp`);
    expect((await client.listTools()).tools).toHaveLength(1);
  });

  it('breaks its answer when what it sends is not compressed at all', async () => {
    const headers = { 'content-type': 'application/json', 'content-encoding': 'gzip' };
    const web = await serve(
      jsonOnly(
        (rpc, response) => rpc.method === 'tools/call' && reply(response, 200, { headers, body: '{"jsonrpc":"2.0"}' }),
      ),
    );
    const { client, told } = await connect(`${web.origin}/mcp`);
    await expect(client.callTool({ name: 'echo' })).rejects.toMatchObject({
      name: 'RemoteError',
      refusal: { reached: true },
    });
    await told('doubted: The answer of');
    await client.ping();
  });
});

describe('a proxy whose server is down', () => {
  const page = '<html>502 Bad Gateway</html>';

  it.each([
    [502, '120', 120_000],
    [503, '3', 3_000],
    [504, undefined, null],
  ])(
    'cannot be reached, and the time it asks to wait is carried (HTTP %i, Retry-After %s)',
    async (status, after, retryAfterMs) => {
      const headers = { 'content-type': 'text/html', ...(after !== undefined && { 'retry-after': after }) };
      const web = await serve((_, response) => reply(response, status, { headers, body: page }));
      const { client, link, ended } = open(`${web.origin}/mcp`);
      await expect(client.connect(link.transport)).rejects.toThrow();
      expect(await ended).toMatchObject({ class: 'unreachable', code: status, phase: 'initializing', retryAfterMs });
      // No sign of the other transport.
      expect(web.seen).toEqual(['POST /mcp']);
    },
  );

  it('brings the event stream back when its server is back', async () => {
    let isDown = false;
    const web = await serveMcp({
      intercept: (request, response) =>
        isDown &&
        request.method === 'GET' &&
        reply(response, 502, { headers: { 'content-type': 'text/html' }, body: page }),
    });
    const { told, news, client } = await connect(`${web.origin}/mcp`);
    await told('push: true');
    await vi.waitFor(() => expect(web.streams.size).toBe(1), { timeout: deadlineMs });
    isDown = true;
    for (const stream of web.streams) {
      stream.destroy();
    }
    await told(`push: false GET ${web.origin}/mcp was answered with HTTP 502.`);
    isDown = false;
    await vi.waitFor(() => expect(news.at(-1)).toBe('push: true'), { timeout: deadlineMs });
    await client.ping();
  });
});
