import { describe, expect, it, vi } from 'vitest';
import { virtualClock } from '../../../src/testing.ts';
import { hasIpv6 } from './certificates.ts';
import { connect, deadlineMs, open } from './heard.ts';
import { answer, bodyOf, jsonOnly, reply, replyEvents, resultOf, serve, serveMcp } from './web.ts';

describe('a well-behaved Streamable HTTP server', () => {
  it('connects, answers, and tells that it can speak unasked', async () => {
    const web = await serveMcp();
    const { client, link, news, told } = await connect(`${web.origin}/mcp`);
    expect((await client.callTool({ name: 'echo' })).content).toEqual([{ type: 'text', text: 'hello' }]);
    await told('push: true');
    expect(news).toEqual(['spawned', 'push: true']);
    expect(link.kind).toBe('streamable-http');
  });

  it('ends once, however often it is told to', async () => {
    const web = await serveMcp();
    const { link, ended, ends } = await connect(`${web.origin}/mcp`);
    link.end('close');
    link.end('close');
    link.end('kill');
    expect(await ended).toBeNull();
    expect(ends).toHaveLength(1);
  });

  it('is told goodbye by DELETE when the link is closed', async () => {
    const web = await serveMcp();
    const { link, ended } = await connect(`${web.origin}/mcp`);
    expect(web.sessions.size).toBe(1);
    link.end('close');
    expect(await ended).toBeNull();
    expect(web.sessions.size).toBe(0);
  });

  it('ends, once, with the client that closes its transport', async () => {
    const web = await serveMcp();
    const { client, ended, ends } = await connect(`${web.origin}/mcp`);
    await client.close();
    expect(await ended).toBeNull();
    expect(ends).toHaveLength(1);
  });

  it('gets the configured headers with every request, userinfo as Authorization', async () => {
    const headers: (string | undefined)[] = [];
    const web = await serveMcp({
      intercept: (request) => {
        headers.push(`${request.method} ${request.headers['x-key']} ${request.headers.authorization}`);
        return false;
      },
    });
    const url = new URL(`${web.origin}/mcp`);
    url.username = 'me';
    url.password = 'p%40ss';
    const { link, told, ended } = await connect(url.href, { headers: { 'X-Key': 'k1' } });
    await told('push: true');
    link.end('close');
    await ended;
    const basic = `k1 Basic ${Buffer.from('me:p@ss').toString('base64')}`;
    expect(headers).toEqual([`POST ${basic}`, `POST ${basic}`, `GET ${basic}`, `DELETE ${basic}`]);
  });

  it.skipIf(!hasIpv6)('is reached on the IPv6 loopback', async () => {
    const web = await serve(jsonOnly(), { host: '::1' });
    const { client } = await connect(`${web.origin}/mcp`);
    expect((await client.listTools()).tools).toHaveLength(1);
  });

  it('is reached through the fetch a host brings', async () => {
    const web = await serveMcp();
    const used: string[] = [];
    const { client } = await connect(`${web.origin}/mcp`, {
      fetch: (url, init) => {
        used.push(init?.method ?? 'GET');
        return fetch(url, init);
      },
    });
    await client.ping();
    expect(used.slice(0, 2)).toEqual(['POST', 'POST']);
  });
});

describe('a server without event streams', () => {
  it('is known to be silent when GET is answered 405', async () => {
    const web = await serve(jsonOnly());
    const { client, told } = await connect(`${web.origin}/mcp`);
    await told('push: false The server offers no event stream.');
    expect((await client.listTools()).tools).toHaveLength(1);
  });

  it('keeps its session when its router answers GET with 404', async () => {
    const web = await serve(jsonOnly((_, response, request) => request.method === 'GET' && reply(response, 404)));
    const { client, told, ends } = await connect(`${web.origin}/mcp`);
    await told('push: false');
    await told('doubted');
    expect((await client.listTools()).tools).toHaveLength(1);
    expect(ends).toEqual([]);
  });

  it('gets its stream opened although it answers notifications with 200', async () => {
    const web = await serve(
      jsonOnly((rpc, response) => rpc.method === 'notifications/initialized' && reply(response, 200, { body: '{}' })),
    );
    const { told } = await connect(`${web.origin}/mcp`);
    await told('push: false');
    expect(web.seen).toContain('GET /mcp');
  });
});

describe('an event stream that goes', () => {
  it('raises a doubt within 100 ms and comes back', async () => {
    const web = await serveMcp();
    const { client, news, told } = await connect(`${web.origin}/mcp`);
    await told('push: true');
    await vi.waitFor(() => expect(web.streams.size).toBe(1), { timeout: deadlineMs });
    const brokenAt = performance.now();
    for (const stream of web.streams) {
      stream.destroy();
    }
    await told('doubted: The event stream broke.');
    expect(performance.now() - brokenAt).toBeLessThan(100);
    await vi.waitFor(() => expect(web.seen.filter((line) => line === 'GET /mcp')).toHaveLength(2), {
      timeout: deadlineMs,
    });
    await vi.waitFor(() => expect(web.streams.size).toBe(1), { timeout: deadlineMs });
    await client.ping();
    expect(news).toEqual(['spawned', 'push: true', 'doubted: The event stream broke.']);
  });

  it('is tried again when it could not be opened at first, and is missing until then', async () => {
    let refusals = 0;
    const web = await serveMcp({
      intercept: (request, response) => {
        if (request.method !== 'GET' || refusals === 2) {
          return false;
        }
        refusals += 1;
        response.writeHead(503).end();
        return true;
      },
    });
    const { told, news } = await connect(`${web.origin}/mcp`);
    await told('push: true');
    expect(refusals).toBe(2);
    expect(news.filter((line) => line.startsWith('push'))).toEqual([
      `push: false GET ${web.origin}/mcp was answered with HTTP 503.`,
      'push: true',
    ]);
  });

  it('is opened again by the clock of the host', async () => {
    const clock = virtualClock();
    const web = await serve(
      jsonOnly((_, response, request) => request.method === 'GET' && replyEvents(response, 'retry: 600000\n\n')),
    );
    const { told } = await connect(`${web.origin}/mcp`, { now: clock.now, timers: clock });
    const opened = () => web.seen.filter((line) => line === 'GET /mcp').length;
    await told('doubted: The event stream ended');
    await clock.advance(599_999);
    expect(opened()).toBe(1);
    await clock.advance(1);
    await vi.waitFor(() => expect(opened()).toBe(2), { timeout: deadlineMs });
  });

  it('is not opened again once the link has ended', async () => {
    const web = await serve(
      jsonOnly((_, response, request) => request.method === 'GET' && replyEvents(response, 'retry: 10\n\n')),
    );
    const opened = (path: string) => web.seen.filter((line) => line === `GET ${path}`).length;
    const ending = await connect(`${web.origin}/ending`);
    await vi.waitFor(() => expect(opened('/ending')).toBeGreaterThan(1), { timeout: deadlineMs });
    ending.link.end('kill');
    await ending.ended;
    const before = opened('/ending');
    await connect(`${web.origin}/going-on`);
    await vi.waitFor(() => expect(opened('/going-on')).toBeGreaterThan(2), { timeout: deadlineMs });
    expect(opened('/ending')).toBe(before);
  });
});

describe('a server that loses a request', () => {
  it('has it reported as lost when the response stream ends without an answer', async () => {
    const web = await serve(
      jsonOnly((rpc, response) => rpc.method === 'tools/call' && replyEvents(response, ': nothing\n\n')),
    );
    const { client, lost, told, ends } = await connect(`${web.origin}/mcp`);
    const call = client.callTool({ name: 'echo' });
    call.catch(() => {});
    await told('doubted: A request got no answer');
    expect(lost).toHaveLength(1);
    expect((await client.listTools()).tools).toHaveLength(1);
    expect(ends).toEqual([]);
  });

  it('has it reported as lost when the response stream breaks', async () => {
    const web = await serve(
      jsonOnly((rpc, response) => {
        if (rpc.method !== 'tools/call') {
          return false;
        }
        response.writeHead(200, { 'content-type': 'text/event-stream' }).write(': soon\n\n', () => response.destroy());
        return true;
      }),
    );
    const { client, lost, told } = await connect(`${web.origin}/mcp`);
    client.callTool({ name: 'echo' }).catch(() => {});
    await told('doubted: A request got no answer');
    expect(lost).toHaveLength(1);
  });

  it('keeps its answer when that comes with the last bytes', async () => {
    const web = await serve(
      jsonOnly((rpc, response) => {
        if (rpc.method !== 'tools/list') {
          return false;
        }
        return replyEvents(
          response,
          `event: message\ndata: ${JSON.stringify({ jsonrpc: '2.0', id: rpc.id, result: resultOf(rpc) })}\n\n`,
        );
      }),
    );
    const { client, lost } = await connect(`${web.origin}/mcp`);
    for (let round = 0; round < 50; round += 1) {
      expect((await client.listTools()).tools).toHaveLength(1);
    }
    expect(lost).toEqual([]);
  });

  it('may resume the answer over GET when its stream has event ids', async () => {
    let asked: string | number | undefined;
    const web = await serve(
      jsonOnly((rpc, response, request) => {
        if (rpc.method === 'tools/list') {
          asked = rpc.id;
          return replyEvents(response, 'id: e1\nretry: 10\ndata:\n\n');
        }
        if (request.method === 'GET' && request.headers['last-event-id'] === 'e1') {
          return replyEvents(
            response,
            `id: e2\ndata: ${JSON.stringify({ jsonrpc: '2.0', id: asked, result: resultOf({ method: 'tools/list' }) })}\n\n`,
          );
        }
        return false;
      }),
    );
    const { client, lost } = await connect(`${web.origin}/mcp`);
    expect((await client.listTools()).tools).toHaveLength(1);
    expect(lost).toEqual([]);
  });

  it('has it reported as lost when the answer cannot be resumed', async () => {
    const web = await serve(
      jsonOnly((rpc, response) => rpc.method === 'tools/call' && replyEvents(response, 'id: e1\nretry: 10\ndata:\n\n')),
    );
    const { client, lost, told } = await connect(`${web.origin}/mcp`);
    client.callTool({ name: 'echo' }).catch(() => {});
    await told('doubted: A request got no answer');
    expect(lost).toHaveLength(1);
  });

  it('ends the link when the lost request is initialize', async () => {
    const web = await serve(jsonOnly((rpc, response) => rpc.method === 'initialize' && replyEvents(response, '')));
    const { client, link, ended } = open(`${web.origin}/mcp`);
    await expect(client.connect(link.transport)).rejects.toThrow();
    expect(await ended).toMatchObject({ class: 'disconnected', phase: 'initializing' });
  });
});

describe('a link that is ended while its server is silent', () => {
  it('ends although the handshake got no answer', async () => {
    const web = await serve((request) => request.resume());
    const { client, link, ended, ends } = open(`${web.origin}/mcp`);
    const connecting = client.connect(link.transport);
    connecting.catch(() => {});
    await vi.waitFor(() => expect(web.seen).toHaveLength(1), { timeout: deadlineMs });
    link.end('close');
    expect(await ended).toBeNull();
    await expect(connecting).rejects.toThrow();
    expect(ends).toHaveLength(1);
  });

  it('does not wait longer than closeMs for DELETE', async () => {
    const web = await serve(jsonOnly((_, __, request) => request.method === 'DELETE'));
    const { link, ended } = await connect(`${web.origin}/mcp`, { stop: { closeMs: 200 } });
    const askedAt = performance.now();
    link.end('close');
    expect(await ended).toBeNull();
    expect(performance.now() - askedAt).toBeGreaterThanOrEqual(190);
    expect(performance.now() - askedAt).toBeLessThan(2_000);
  });

  it('ends at once when told to terminate while DELETE is on its way', async () => {
    const web = await serve(jsonOnly((_, __, request) => request.method === 'DELETE'));
    const { link, ended, ends } = await connect(`${web.origin}/mcp`, { stop: { closeMs: 60_000 } });
    link.end('close');
    await vi.waitFor(() => expect(web.seen.at(-1)).toBe('DELETE /mcp'), { timeout: deadlineMs });
    link.end('terminate');
    expect(await ended).toBeNull();
    expect(ends).toHaveLength(1);
  });

  it('ends before it was started', async () => {
    const { link, ended } = open('http://127.0.0.1:9/mcp');
    link.end('close');
    expect(await ended).toBeNull();
    await expect(link.transport.start()).rejects.toThrow();
  });

  it('leaves no connection behind', async () => {
    const web = await serve((request, response) => {
      void bodyOf(request).then((rpc) =>
        request.method === 'POST'
          ? answer(response, rpc)
          : response.writeHead(200, { 'content-type': 'text/event-stream' }).flushHeaders(),
      );
    });
    const { link, ended, told } = await connect(`${web.origin}/mcp`);
    await told('push: true');
    link.end('terminate');
    await ended;
    await vi.waitFor(
      async () =>
        expect(await new Promise((resolve) => web.server.getConnections((_, count) => resolve(count)))).toBe(0),
      {
        timeout: deadlineMs,
      },
    );
  });
});
