import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { until } from '../support/processes.ts';
import { type Api, entryOf, openApi } from './open-api.ts';

let api: Api;

const stateOf = (server: string) => api.supervisor.status(server).state;

beforeAll(async () => {
  api = await openApi({
    servers: {
      talk: entryOf('speak'),
      other: entryOf('speak'),
      broken: { command: '/nowhere/at-all' },
      waiting: { ...entryOf('exits-at-once'), restart: { baseMs: 600_000, capMs: 600_000, maxConsecutive: 0 } },
    },
  });
  await until('two are connected', () => stateOf('talk') === 'connected' && stateOf('other') === 'connected');
  await until('broken failed', () => stateOf('broken') === 'failed');
  await until('waiting waits', () => stateOf('waiting') === 'backoff');
});

afterAll(() => api.close());

describe('reading servers', () => {
  it('lists them all, as status has them', async () => {
    const answer = await api.client.get('/api/servers');
    expect(answer.status).toBe(200);
    expect(answer.json).toMatchObject({
      servers: [{ name: 'talk' }, { name: 'other' }, { name: 'broken' }, { name: 'waiting' }],
    });
  });

  it('gives one with every field, absent ones as null', async () => {
    const answer = await api.client.get('/api/servers/talk');
    expect(answer.json).toEqual(JSON.parse(JSON.stringify(api.supervisor.status('talk'))));
    expect(answer.json).toMatchObject({
      name: 'talk',
      state: 'connected',
      wanted: 'up',
      nextRetryAt: null,
      lastFailure: null,
      transport: 'stdio',
    });
  });

  it('tells why one failed', async () => {
    const answer = await api.client.get('/api/servers/broken');
    expect(answer.json).toMatchObject({
      state: 'failed',
      lastFailure: { class: 'spawnFailed', code: 'ENOENT' },
      pid: null,
    });
  });

  it('knows no other names', async () => {
    const answer = await api.client.get('/api/servers/talc');
    expect(answer.status).toBe(404);
    expect(answer.json).toMatchObject({
      code: 'SERVER_NOT_FOUND',
      server: 'talc',
      status: 404,
      type: '/docs/problems#server_not_found',
    });
  });
});

describe('sending an event', () => {
  const send = (server: string, type: string, query = '') =>
    api.client.post(`/api/servers/${server}/events${query}`, { type });

  it('is answered at once with the id of the command and the server as it is', async () => {
    const answer = await send('other', 'server.restart');
    expect(answer.status).toBe(202);
    expect(answer.json).toEqual({
      commandId: expect.any(String),
      server: expect.objectContaining({ state: expect.any(String) }),
    });
  });

  it('is answered with the outcome and the server when that is waited for', async () => {
    const before = api.supervisor.status('talk').generation;
    const answer = await send('talk', 'server.restart', '?wait=20000');
    expect(answer.status).toBe(200);
    expect(answer.json).toMatchObject({ outcome: 'done', server: { name: 'talk', state: 'connected' } });
    expect(api.supervisor.status('talk').generation).toBeGreaterThan(before);
  });

  it('stops and starts', async () => {
    expect((await send('talk', 'server.stop', '?wait=20000')).json).toMatchObject({
      outcome: 'done',
      server: { state: 'idle', wanted: 'down', pid: null },
    });
    expect((await send('talk', 'server.start', '?wait=20000')).json).toMatchObject({
      outcome: 'done',
      server: { state: 'connected', wanted: 'up' },
    });
  });

  it('is answered like one that is not waited for when the wait runs out', async () => {
    const answer = await send('waiting', 'server.retry', '?wait=1');
    expect(answer.status).toBe(202);
    expect(answer.json).toEqual({
      commandId: expect.any(String),
      server: expect.objectContaining({ state: expect.any(String) }),
    });
    await until('waiting waits again', () => stateOf('waiting') === 'backoff');
  });

  it('tells the last failure when the command was rejected', async () => {
    const answer = await send('broken', 'server.start', '?wait=20000');
    expect(answer.status).toBe(409);
    expect(answer.json).toMatchObject({
      code: 'COMMAND_REJECTED',
      server: 'broken',
      lastFailure: { class: 'spawnFailed' },
    });
  });

  it('survives a rejection nobody waits for', async () => {
    expect((await send('broken', 'server.start')).status).toBe(202);
    await until('broken failed again', () => stateOf('broken') === 'failed');
    expect(api.bugs).toEqual([]);
  });

  it('names the events that are allowed when this one is not', async () => {
    const answer = await send('talk', 'server.retry');
    expect(answer.status).toBe(409);
    expect(answer.json).toMatchObject({
      code: 'EVENT_NOT_ALLOWED',
      allowed: expect.arrayContaining(['server.start', 'server.stop', 'server.restart', 'server.reset']),
    });
  });

  it('knows no server it was not told of', async () => {
    expect((await send('talc', 'server.start')).status).toBe(404);
  });
});

describe('a body that is not what it must be', () => {
  const path = '/api/servers/talk/events';
  const problemsOf = async (body: unknown, at = path) => {
    const answer = await api.client.post(at, body);
    expect(answer.status).toBe(400);
    expect(answer.json).toMatchObject({ code: 'INVALID_REQUEST' });
    return answer.json.problems;
  };

  it('is answered with every problem at once', async () => {
    expect(await problemsOf({ type: 'server.explode', by: 'me', wait: 1 })).toMatchObject([
      { path: 'type' },
      { path: 'by' },
      { path: 'wait' },
    ]);
    expect(
      await problemsOf({ arguments: [], timeoutMs: 0.5, timeout: 1 }, '/api/servers/talk/tools/echo/call'),
    ).toMatchObject([{ path: 'arguments' }, { path: 'timeoutMs' }, { path: 'timeout' }]);
  });

  it('is a problem of the query there', async () => {
    expect(await problemsOf({ type: 'server.reset' }, `${path}?wait=soon&loud=1`)).toMatchObject([
      { path: '?wait' },
      { path: '?loud' },
    ]);
  });

  it.each(['', '{', '[]', 'null', '"server.start"'])('is refused: %j', async (body) => {
    expect(await problemsOf(body)).toHaveLength(1);
  });

  it('is refused when it is not called JSON', async () => {
    const answer = await api.client.post(path, '{"type":"server.reset"}', {
      headers: { 'content-type': 'text/plain' },
    });
    expect(answer.status).toBe(415);
    expect(answer.json).toMatchObject({ code: 'UNSUPPORTED_MEDIA_TYPE' });
  });

  it.each([{}, { 'transfer-encoding': 'chunked' }])(
    'is refused beyond 4 MiB, however it is sent: %j',
    async (headers: Readonly<Record<string, string>>) => {
      const answer = await api.client.post(path, `{"type":"${'x'.repeat(4 * 1024 * 1024)}"}`, { headers });
      expect(answer.status).toBe(413);
      expect(answer.json).toMatchObject({ code: 'BODY_TOO_LARGE', maxBytes: 4 * 1024 * 1024 });
    },
  );
});

describe('a way that leads nowhere', () => {
  it.each(['/', '/api', '/api/nothing', '/api/servers/talk/nothing'])('is a problem: %s', async (path) => {
    const answer = await api.client.get(path);
    expect(answer.status).toBe(404);
    expect(answer.json).toMatchObject({ code: 'NOT_FOUND', path });
  });

  it.each([
    ['DELETE', '/api/config/versions', 'GET'],
    ['PUT', '/api/config/plan', 'POST'],
    ['GET', '/api/servers/talk/events', 'POST'],
    ['GET', '/api/servers/talk/tools/echo/call', 'POST'],
    ['POST', '/healthz', 'GET'],
  ])('names the methods that do lead somewhere: %s %s', async (method, path, allowed) => {
    const answer = await api.client.send(method, path);
    expect(answer.status).toBe(405);
    expect(answer.headers.allow).toBe(allowed);
    expect(answer.json).toMatchObject({ code: 'METHOD_NOT_ALLOWED', allowed: [allowed] });
  });
});
