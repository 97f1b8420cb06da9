import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createClient } from '../support/doors/client.ts';
import { until } from '../support/processes.ts';
import { type Api, entryOf, openApi, token } from './open-api.ts';
import { openConnection } from './raw-connection.ts';

const call = '/api/servers/talk/tools/echo/call';
const head = `POST ${call} HTTP/1.1\r\nhost: localhost\r\nauthorization: Bearer ${token}\r\ncontent-type: application/json\r\nconnection: close\r\n`;
const tenMebibytes = 10 * 1024 * 1024;

let api: Api;

beforeAll(async () => {
  api = await openApi({
    servers: { talk: entryOf('speak') },
    limits: { headersTimeoutMs: 300, requestTimeoutMs: 600 },
  });
  await until('talk is connected', () => api.supervisor.status('talk').state === 'connected');
});

afterAll(() => api.close());

const lives = async () => (await createClient(api.url, null).get('/healthz')).status === 200;

/** Sends bytes as the body of a call, its length told, and gives the whole answer. */
async function sendBody(body: Uint8Array): Promise<string> {
  const connection = await openConnection(api.url);
  connection.send(`${head}content-length: ${body.length}\r\n\r\n`);
  connection.send(body);
  return await connection.closed;
}

describe('a client that takes its time', () => {
  it('is cut off when it says nothing at all', async () => {
    const connection = await openConnection(api.url);
    await connection.closed;
    expect(await lives()).toBe(true);
  });

  it.each([
    ['its headers', 'GET /healthz HTTP/1.1\r\nhost: localhost\r\nx-slow: ', 408],
    ['its body', `${head}content-length: 1000000\r\n\r\n{"arguments":`, 408],
    ['pieces of its body', `${head}transfer-encoding: chunked\r\n\r\n`, 408],
  ])('is cut off when it dribbles %s', async (what, beginning, status) => {
    const connection = await openConnection(api.url);
    connection.send(beginning);
    const piece = what.startsWith('pieces') ? '1\r\n \r\n' : ' ';
    await until('it is cut off', () => {
      connection.send(piece);
      return connection.isClosed();
    });
    expect(connection.received()).toMatch(new RegExp(`^HTTP/1.1 ${status} `));
    expect(await lives()).toBe(true);
    expect(api.bugs).toEqual([]);
  });

  it('costs nothing when it vanishes in the middle of its body', async () => {
    const gone = new AbortController();
    const asked = api.client
      .post(call, '{"arguments":', { headers: { 'content-length': '1000000' }, signal: gone.signal })
      .catch(() => null);
    const connection = await openConnection(api.url);
    connection.send('GET /healthz HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n');
    await connection.closed;
    gone.abort();
    expect(await asked).toBeNull();
    expect(await lives()).toBe(true);
    expect(api.bugs).toEqual([]);
  });
});

describe('a body that is not what it should be', () => {
  it.each([
    ['with its length', {}],
    ['in pieces', { 'transfer-encoding': 'chunked' }],
  ])('is refused when it is of 10 MiB and comes %s', async (_, headers) => {
    const { status, json } = await api.client.post(call, 'x'.repeat(tenMebibytes), { headers });
    expect(status).toBe(413);
    expect(json).toMatchObject({ code: 'BODY_TOO_LARGE', maxBytes: 4 * 1024 * 1024 });
    expect(await lives()).toBe(true);
  });

  it.each([
    ['no UTF-8', Buffer.from('{"arguments":{"text":"\xff"}}', 'latin1'), 'UTF-8'],
    ['half a character', Buffer.from('{"arguments":{"text":"ä').subarray(0, -1), 'UTF-8'],
    ['nothing', Buffer.alloc(0), 'JSON'],
    ['a key of every prototype', Buffer.from('{"__proto__":{"admin":true}}'), '__proto__'],
    ['a list', Buffer.from('[]'), 'object'],
  ])('is refused when it is %s', async (_, body, reason) => {
    const answer = await sendBody(body);
    expect(answer).toContain('400 Bad Request');
    expect(answer).toContain('"code":"INVALID_REQUEST"');
    expect(answer).toContain(reason);
  });

  it.each([501, 5_000, 100_000])('is refused when it is %i levels deep, and sent to nobody', async (levels) => {
    const deep = `{"arguments":{"text":${'['.repeat(levels)}${']'.repeat(levels)}}}`;
    for (const [path, body] of [
      [call, deep],
      ['/api/calls', `{"calls":[{"server":"talk","tool":"echo",${deep.slice(1, -1)}}]}`],
      ['/api/servers/talk/requests', `{"method":"ping","params":${deep}}`],
      ['/api/config/plan', `{"config":${deep}}`],
    ] as const) {
      expect((await api.client.post(path, body)).json).toMatchObject({
        code: 'INVALID_REQUEST',
        problems: [{ message: expect.stringContaining('levels') }],
      });
    }
    expect(api.supervisor.status('talk').state).toBe('connected');
  });

  it('may be 400 levels deep', async () => {
    expect((await api.client.post(call, `{"arguments":{"text":${'['.repeat(400)}${']'.repeat(400)}}}`)).status).toBe(
      200,
    );
  });

  const ones = Array.from({ length: 1_900_000 }, () => 1).join(',');

  it.each([
    ['/api/events', `{"type":"server.start","servers":[${ones}]}`],
    ['/api/ensure', `{"servers":[${ones}]}`],
    ['/api/calls', `{"calls":[${ones}]}`],
    ['/api/calls', `{"toolCalls":[${ones}]}`],
    ['/api/events', `{"type":"server.start","servers":["${'x","'.repeat(300_000)}"]}`],
    ['/api/events', `{${Array.from({ length: 300_000 }, (_, index) => `"k${index}":1`).join(',')}}`],
  ])('is refused for its number of elements, with a short answer: %s (%#)', async (path, body) => {
    const { text, json } = await api.client.post(path, body);
    expect(json.code).toBe('INVALID_REQUEST');
    expect(text.length).toBeLessThan(100_000);
  });

  const calls = (count: number) => Array.from({ length: count }, () => ({ server: 'nobody', tool: 'x' }));

  it.each([
    ['257 calls', '/api/calls', { calls: calls(257) }, 'calls'],
    ['257 calls of a model', '/api/calls', { toolCalls: calls(257) }, 'toolCalls'],
    ['a name of 513 characters', '/api/ensure', { servers: ['x'.repeat(513)] }, 'servers.0'],
  ])('is refused for %s', async (_, path, body, field) => {
    const { status, json } = await api.client.post(path, body);
    expect([status, json.code]).toEqual([400, 'INVALID_REQUEST']);
    expect(json.problems).toMatchObject([{ path: field }]);
  });

  it('may have 256 calls', async () => {
    expect((await api.client.post('/api/calls', { calls: calls(256) })).status).toBe(200);
  });

  it('is told a hundred problems at most', async () => {
    const { json } = await api.client.post('/api/calls', { calls: Array.from({ length: 256 }, () => ({})) });
    expect(json.problems).toHaveLength(100);
  });

  it('counts with the last of two equal keys, as JSON.parse does', async () => {
    expect((await api.client.post(call, '{"arguments":{"text":"a"},"arguments":{"text":"b"}}')).json).toMatchObject({
      result: { content: [{ text: 'b' }] },
    });
  });

  it.each([
    ['/api/servers/talk/events', { type: 'server.explode' }, 'type'],
    ['/api/servers/talk/events', { type: 'server.stop', force: true }, 'force'],
    ['/api/events', { type: 'server.stop', servers: 'talk' }, 'servers'],
    [call, { arguments: [1] }, 'arguments'],
    [call, { timeoutMs: '5' }, 'timeoutMs'],
  ])('names what is wrong in %s %j', async (path, body, field) => {
    const { status, json, headers } = await api.client.post(path, body);
    expect([status, headers['content-type']]).toEqual([400, 'application/problem+json']);
    expect(json).toMatchObject({ code: 'INVALID_REQUEST', problems: [{ path: field }] });
  });
});

describe('bytes that are no request', () => {
  it.each([
    '\r\n\r\n\r\n',
    'GET\r\n\r\n',
    '\x16\x03\x01\x02\x00\x01\x00\x01\xfc',
    `GET /healthz HTTP/1.1\r\nx: ${'y'.repeat(100_000)}\r\n\r\n`,
    'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n',
  ])('are answered with a refusal, or not at all: %j', async (bytes) => {
    const connection = await openConnection(api.url);
    connection.send(Buffer.from(bytes, 'latin1'));
    expect(await connection.closed).toMatch(/^$|^HTTP\/1\.1 4\d\d /);
    expect(await lives()).toBe(true);
    expect(api.bugs).toEqual([]);
  });
});
