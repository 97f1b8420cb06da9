import type { ServerResponse } from 'node:http';
import { describe, expect, it } from 'vitest';
import { remoteFailureOf } from '../../../src/session/remote/failure.ts';
import { RemoteError } from '../../../src/session/remote/http/error.ts';
import { retryAfterMsOf } from '../../../src/session/remote/http/refused.ts';
import { virtualClock } from '../../../src/testing.ts';
import { connect, errorOf, type Heard, open } from './heard.ts';
import { answer, jsonOnly, type Rpc, reply, serve, serveMcp, type Web } from './web.ts';

/** A server that answers `method` with `status`, and everything else well. */
function refusing(method: string, status: number, { headers = {}, body = '<html>no</html>' } = {}): Promise<Web> {
  return serve(jsonOnly((rpc: Rpc, response) => rpc.method === method && reply(response, status, { headers, body })));
}

async function refused(url: string, options: Parameters<typeof open>[1] = {}): Promise<Heard> {
  const heard = open(url, { transport: 'streamable-http', ...options });
  await expect(heard.client.connect(heard.link.transport)).rejects.toThrow();
  await heard.ended;
  expect(heard.ends).toHaveLength(1);
  return heard;
}

describe('an answer to initialize that is none', () => {
  it.each([
    [400, 'misconfigured'],
    [404, 'misconfigured'],
    [405, 'misconfigured'],
    [410, 'misconfigured'],
    [401, 'unauthorized'],
    [403, 'unauthorized'],
    [406, 'handshakeFailed'],
    [408, 'unreachable'],
    [429, 'unreachable'],
    [500, 'unreachable'],
    [502, 'unreachable'],
    [503, 'unreachable'],
  ])('with HTTP %i ends the link as %s', async (status, failureClass) => {
    const web = await refusing('initialize', status);
    const { ends } = await refused(`${web.origin}/mcp?key=hidden`);
    expect(ends[0]).toMatchObject({ class: failureClass, code: status, phase: 'initializing' });
    expect(ends[0]?.message).toContain(`${web.origin}/mcp `);
    expect(ends[0]?.message).not.toContain('hidden');
  });

  it('carries what the server asks to wait', async () => {
    const web = await refusing('initialize', 429, { headers: { 'retry-after': '7' } });
    const { ends } = await refused(`${web.origin}/mcp`);
    expect(ends[0]?.retryAfterMs).toBe(7_000);
  });

  it('names the versions of a server that speaks none of ours', async () => {
    const body = JSON.stringify({
      jsonrpc: '2.0',
      id: null,
      error: { code: -32_022, message: 'no', data: { supported: ['2026-07-28'] } },
    });
    const web = await refusing('initialize', 400, { headers: { 'content-type': 'application/json' }, body });
    const { ends } = await refused(`${web.origin}/mcp`, { transport: 'auto' });
    expect(ends[0]).toMatchObject({ class: 'protocolUnsupported' });
    expect(ends[0]?.message).toContain('2026-07-28');
    expect(web.seen).toEqual(['POST /mcp']);
  });

  it('is no handshake when a page comes instead', async () => {
    const web = await refusing('initialize', 200, { headers: { 'content-type': 'text/html' } });
    expect((await refused(`${web.origin}/mcp`)).ends[0]?.class).toBe('handshakeFailed');
  });

  it('is no handshake when the answer is not JSON', async () => {
    const web = await refusing('initialize', 200, { headers: { 'content-type': 'application/json' } });
    expect((await refused(`${web.origin}/mcp`)).ends[0]?.class).toBe('handshakeFailed');
  });

  it('says that nobody listens', async () => {
    const web = await serve(() => {});
    await web.close();
    expect((await refused(`${web.origin}/mcp`)).ends[0]).toMatchObject({ class: 'unreachable', code: 'ECONNREFUSED' });
  });

  it('says that the host is unknown', async () => {
    expect((await refused('http://no-such-host.invalid/mcp')).ends[0]?.class).toBe('unreachable');
  });
});

describe('a target that is none', () => {
  it.each(['not a url', 'ws://127.0.0.1/', 'file:///etc/passwd'])('is misconfigured: %s', async (url) => {
    expect((await refused(url)).ends[0]).toMatchObject({ class: 'misconfigured', code: 'INVALID_URL' });
  });

  it('is misconfigured when a header cannot be sent, and its value is not told', async () => {
    const { ends } = await refused('http://127.0.0.1:9/', { headers: { 'X-Key': 'top\nsecret' } });
    expect(ends[0]).toMatchObject({ class: 'misconfigured', code: 'INVALID_HEADER' });
    expect(ends[0]?.message).not.toContain('secret');
  });
});

describe('an answer to a later request that is none', () => {
  it('ends the link when the server has forgotten the session', async () => {
    const web = await serveMcp();
    const { client, ended, ends } = await connect(`${web.origin}/mcp`);
    web.forget();
    await expect(client.ping()).rejects.toThrow();
    expect(await ended).toMatchObject({ class: 'sessionLost', code: 404, phase: null });
    expect(ends).toHaveLength(1);
  });

  it('ends the link once when many calls find the session gone', async () => {
    const web = await serveMcp();
    const { client, ended, ends } = await connect(`${web.origin}/mcp`);
    web.forget();
    const outcomes = await Promise.allSettled(Array.from({ length: 20 }, () => client.ping()));
    expect(outcomes.every(({ status }) => status === 'rejected')).toBe(true);
    expect(await ended).toMatchObject({ class: 'sessionLost' });
    expect(ends).toHaveLength(1);
  });

  it.each([400, 500, 502, 503])('fails its call alone and raises a doubt with %i', async (status) => {
    const web = await refusing('tools/list', status);
    const { client, told, ends } = await connect(`${web.origin}/mcp`);
    await expect(client.listTools()).rejects.toMatchObject({
      name: 'RemoteError',
      code: status,
      refusal: { reached: status >= 500 },
    });
    await told('doubted: POST');
    await client.ping();
    expect(ends).toEqual([]);
  });

  it('fails its call alone and raises no doubt with 429', async () => {
    const web = await refusing('tools/list', 429);
    const { client, news } = await connect(`${web.origin}/mcp`);
    await expect(client.listTools()).rejects.toThrow();
    expect(news.filter((line) => line.startsWith('doubted'))).toEqual([]);
  });

  it('ends the session when nobody listens any more: its holder is gone', async () => {
    const web = await serve(jsonOnly());
    const { client, ended } = await connect(`${web.origin}/mcp`);
    await web.close();
    await expect(client.ping()).rejects.toBeInstanceOf(RemoteError);
    expect(await ended).toMatchObject({ class: 'unreachable', code: 'ECONNREFUSED' });
  });

  it('names another session after a restart on the same port', async () => {
    const first = await serveMcp();
    const { client, ended, told } = await connect(`${first.origin}/mcp`);
    await told('push: true');
    const port = Number(new URL(first.origin).port);
    await first.close();
    await told('doubted: The event stream broke.');
    await serveMcp({ port });
    await expect(client.ping()).rejects.toThrow();
    expect(await ended).toMatchObject({ class: 'sessionLost' });
  });
});

/** Refuses the methods for lack of access, and answers everything else well. */
function guarding(...methods: readonly string[]): (status: number) => Promise<Web> {
  const refusal = { headers: { 'www-authenticate': 'Bearer' } };
  return (status) =>
    serve(jsonOnly(({ method = '' }, response) => methods.includes(method) && reply(response, status, refusal)));
}

describe.each([401, 403])('a request that is refused for lack of access (HTTP %i)', (status) => {
  it.each(['tools/call', 'tools/list', 'prompts/get', 'ping'])('fails alone: %s', async (method) => {
    const web = await guarding(method)(status);
    const { link, client, ends } = await connect(`${web.origin}/mcp`);
    const refused = link.transport.send({ jsonrpc: '2.0', id: 99, method, params: { name: 'secret' } });
    await expect(refused).rejects.toMatchObject({ refusal: { status, method, challenge: 'Bearer' } });
    // A second request of another kind is made because of it, and granted.
    await expect.poll(() => web.seen.filter((line) => line.startsWith('POST'))).toHaveLength(4);
    await (method === 'ping' ? client.listTools() : client.ping());
    expect(ends).toEqual([]);
  });

  it('concerns the session if a harmless request is refused, too', async () => {
    const web = await guarding('tools/call', 'tools/list')(status);
    const { client, ended } = await connect(`${web.origin}/mcp`);
    await expect(client.callTool({ name: 'secret' })).rejects.toThrow();
    expect(await ended).toMatchObject({
      class: 'unauthorized',
      code: status,
      message: expect.stringContaining('tools/list'),
    });
  });

  it('is checked again when the check before was never answered, and that one holds no connection', async () => {
    const clock = virtualClock();
    const held = new Set<ServerResponse>();
    let isSilent = true;
    const web = await serve(
      jsonOnly(({ method }, response) => {
        if (method === 'tools/list' && isSilent) {
          held.add(response.once('close', () => held.delete(response)));
          return true;
        }
        return (method === 'tools/call' || method === 'tools/list') && reply(response, status);
      }),
    );
    const { client, ended } = await connect(`${web.origin}/mcp`, { now: clock.now, timers: clock });
    await expect(client.callTool({ name: 'secret' })).rejects.toThrow();
    await expect.poll(() => held.size).toBe(1);
    await clock.advance(30_000);
    await expect.poll(() => held.size).toBe(0);
    isSilent = false;
    await expect(client.callTool({ name: 'secret' })).rejects.toThrow();
    expect(await ended).toMatchObject({ class: 'unauthorized', code: status });
  });

  it('concerns the session if even notifications/initialized is refused, and that is named', async () => {
    const web = await guarding('notifications/initialized', 'tools/list')(status);
    const { client, link } = open(`${web.origin}/mcp`);
    const error = await errorOf(client.connect(link.transport));
    expect(link.failureOf(error, 'initializing')).toMatchObject({
      class: 'unauthorized',
      message: expect.stringContaining('(notifications/initialized) was answered with HTTP'),
    });
  });
});

describe.each([401, 403])('a session that is refused for lack of access after it has worked (HTTP %i)', (status) => {
  it('is taken for lost: the next handshake shows whether it was', async () => {
    let isKnown = true;
    const web = await serve(
      jsonOnly(
        (rpc, response) => !isKnown && rpc.id !== undefined && reply(response, status, { body: 'Session not found' }),
      ),
    );
    const { client, ended } = await connect(`${web.origin}/mcp`);
    await client.listTools();
    isKnown = false;
    await expect(client.callTool({ name: 'echo' })).rejects.toThrow();
    expect(await ended).toMatchObject({ class: 'sessionLost', code: status });
  });
});

describe('a notification that a server cannot take', () => {
  const deaf = (take: (response: ServerResponse) => boolean) =>
    serve(
      jsonOnly((rpc, response) => {
        if (rpc.method !== undefined && rpc.id === undefined) return take(response);
        if (rpc.id === undefined) return false;
        answer(response, rpc);
        return true;
      }),
    );

  it.each([400, 404, 405, 422, 500, 501])('is its own affair when it is refused with HTTP %i', async (status) => {
    const web = await deaf((response) => reply(response, status, { body: '{"error":"id is missing"}' }));
    const { client, ends } = await connect(`${web.origin}/mcp`);
    expect((await client.listTools()).tools).toHaveLength(1);
    expect(ends).toEqual([]);
  });

  it('holds nothing up when it is never answered', async () => {
    const web = await deaf(() => true);
    const { client, ends } = await connect(`${web.origin}/mcp`);
    expect((await client.listTools()).tools).toHaveLength(1);
    expect(ends).toEqual([]);
  });
});

describe('the time a server asks to wait', () => {
  it('is read from seconds and from dates', () => {
    const now = Date.parse('2026-01-01T00:00:00Z');
    expect(retryAfterMsOf('3', now)).toBe(3_000);
    expect(retryAfterMsOf('Thu, 01 Jan 2026 00:00:10 GMT', now)).toBe(10_000);
    expect(retryAfterMsOf('Wed, 31 Dec 2025 00:00:00 GMT', now)).toBe(0);
    expect(retryAfterMsOf('soon', now)).toBeNull();
    expect(retryAfterMsOf(null, now)).toBeNull();
  });
});

describe('an error of something else', () => {
  it('is a failed handshake before, and a broken connection after', () => {
    expect(remoteFailureOf(new Error('odd'), 'initializing').class).toBe('handshakeFailed');
    expect(remoteFailureOf(new Error('odd'), 'connected').class).toBe('disconnected');
  });
});
