import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { until } from '../support/processes.ts';
import { type Api, entryOf, openApi } from './open-api.ts';

let api: Api;

beforeAll(async () => {
  const patient = { restart: { baseMs: 60_000, capMs: 60_000 } };
  api = await openApi({
    servers: {
      talk: entryOf('speak'),
      broken: { command: '/nowhere/at-all' },
      waiting: { ...entryOf('exits-at-once'), ...patient },
    },
  });
  await until('talk is connected', () => api.supervisor.status('talk').state === 'connected');
  await until('broken failed', () => api.supervisor.status('broken').state === 'failed');
});

afterAll(() => api.close());

const call = (tool: string, body: unknown, server = 'talk') =>
  api.client.post(`/api/servers/${server}/tools/${encodeURIComponent(tool)}/call`, body);

describe('calling a tool', () => {
  it('answers with the result as the server sent it, the time taken and the generation', async () => {
    const answer = await call('add', { arguments: { a: 19, b: 23 } });
    expect(answer.status).toBe(200);
    expect(answer.json).toEqual({
      result: { content: [{ type: 'text', text: '42' }] },
      durationMs: expect.any(Number),
      generation: api.supervisor.status('talk').generation,
    });
  });

  it('needs no arguments where the tool needs none', async () => {
    const answer = await call('pid', {});
    expect(answer.json).toMatchObject({ result: { content: [{ text: String(api.supervisor.status('talk').pid) }] } });
  });

  it('passes arguments on as they are', async () => {
    const text = 'ä\u0000"\\\u2028 😀';
    expect((await call('echo', { arguments: { text } })).json).toMatchObject({ result: { content: [{ text }] } });
  });

  it('knows no tool the server does not have', async () => {
    const answer = await call('no/such tool%', {});
    expect(answer.status).toBe(404);
    expect(answer.json).toMatchObject({ code: 'TOOL_NOT_FOUND', server: 'talk', tool: 'no/such tool%' });
  });

  it('gives up after the time that was given', async () => {
    const answer = await call('sleep', { arguments: { ms: 60_000 }, timeoutMs: 50 });
    expect(answer.status).toBe(504);
    expect(answer.json).toMatchObject({ code: 'CALL_TIMED_OUT', timeoutMs: 50 });
  });

  it('is cancelled when its client is gone', async () => {
    const impatience = new AbortController();
    const answer = api.client.post(
      '/api/servers/talk/tools/sleep/call',
      { arguments: { ms: 60_000 } },
      { signal: impatience.signal },
    );
    const refusal = answer.then(
      () => null,
      (error: unknown) => error,
    );
    await until('the call is in flight', () => api.supervisor.status('talk').counts.inFlight === 1);
    impatience.abort();
    expect(await refusal).toBeInstanceOf(Error);
    await until('the call is over', () => api.supervisor.status('talk').counts.inFlight === 0);
    expect(api.bugs).toEqual([]);
  });

  it('is cancelled, however many there were in its batch, when the client of that is gone', async () => {
    const impatience = new AbortController();
    const sleep = { server: 'talk', tool: 'sleep', arguments: { ms: 60_000 } };
    const answer = api.client
      .post('/api/calls', { calls: [sleep, sleep] }, { signal: impatience.signal })
      .catch(() => null);
    await until('the calls are in flight', () => api.supervisor.status('talk').counts.inFlight === 2);
    impatience.abort();
    expect(await answer).toBeNull();
    await until('the calls are over', () => api.supervisor.status('talk').counts.inFlight === 0);
    expect(api.bugs).toEqual([]);
  });

  it('says that its outcome is unknown when the server went down at work', async () => {
    const answer = await call('exit', { arguments: { code: 3 } });
    expect(answer.status).toBe(502);
    expect(answer.json).toMatchObject({ code: 'OUTCOME_UNKNOWN', server: 'talk' });
    await until('talk is back', () => api.supervisor.status('talk').state === 'connected');
  });
});

describe('calling a tool of a server that is not connected', () => {
  it('says in which state it is', async () => {
    const answer = await call('echo', { arguments: { text: 'x' } }, 'broken');
    expect(answer.status).toBe(503);
    expect(answer.json).toMatchObject({ code: 'SERVER_NOT_CONNECTED', state: 'failed', nextRetryAt: null });
    expect(answer.headers['retry-after']).toBeUndefined();
  });

  it('says when to come again', async () => {
    await until('waiting waits', () => api.supervisor.status('waiting').state === 'backoff');
    const answer = await call('echo', { arguments: { text: 'x' } }, 'waiting');
    expect(answer.status).toBe(503);
    expect(answer.json).toMatchObject({
      code: 'SERVER_NOT_CONNECTED',
      state: 'backoff',
      nextRetryAt: expect.any(String),
    });
    const seconds = Number(answer.headers['retry-after']);
    expect(seconds).toBeGreaterThanOrEqual(1);
    expect(seconds).toBeLessThanOrEqual(60);
  });
});
