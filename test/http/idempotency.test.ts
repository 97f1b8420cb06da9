import { Hono } from 'hono';
import { describe, expect, it } from 'vitest';
import { isMcpvisorError } from '../../src/errors.ts';
import type { HttpEnvironment } from '../../src/http/endpoint.ts';
import { createIdempotency } from '../../src/http/idempotency.ts';
import { until } from '../support/processes.ts';
import { entryOf, openApi } from './open-api.ts';

interface Scene {
  /** How often something was done. */
  done(): number;
  post(key: string, body?: string): Promise<string>;
}

/** What is done answers with `status` and 100 bytes that begin with how often it was done. */
function openScene({ status = 200, mostBytes = 1_000, now = Date.now } = {}): Scene {
  let done = 0;
  const idempotency = createIdempotency(now, mostBytes);
  const app = new Hono<HttpEnvironment>();
  app.onError((error, c) => c.text(isMcpvisorError(error) ? error.code : String(error), 500));
  app.post('/', (c) =>
    idempotency.once(
      c,
      async () => {
        done += 1;
        return new Response(String(done).padEnd(100), { status });
      },
      ({ body, ...head }) => new Response(body, head),
    ),
  );
  return {
    done: () => done,
    async post(key, body = 'a body') {
      const answer = await app.request('/', { method: 'POST', body, headers: { 'idempotency-key': key } });
      return (await answer.text()).trim();
    },
  };
}

describe('a POST that is sent again under its key', () => {
  it('is done once, also when both come at the same time', async () => {
    const { done, post } = openScene();
    expect(await Promise.all([post('a'), post('a')])).toEqual(['1', '1']);
    expect(await post('a')).toBe('1');
    expect(done()).toBe(1);
  });

  it('is done again if nothing was done', async () => {
    const { post } = openScene({ status: 503 });
    expect([await post('a'), await post('a')]).toEqual(['1', '2']);
  });

  it('is not done again when there was no room for its answer, and that is said', async () => {
    const { done, post } = openScene({ mostBytes: 250 });
    for (const key of ['a', 'b', 'c']) await post(key);
    expect([await post('b'), await post('c'), await post('a')]).toEqual(['2', '3', 'ANSWER_NOT_KEPT']);
    expect(done()).toBe(3);
  });

  it('is done again after ten minutes, when it is forgotten', async () => {
    let nowMs = 0;
    const { post } = openScene({ now: () => nowMs });
    await post('a');
    nowMs = 599_999;
    expect(await post('a')).toBe('1');
    nowMs = 600_000;
    expect(await post('a')).toBe('2');
  });

  it('is remembered as one of ten thousand, though its answer is not', async () => {
    const { post } = openScene();
    for (let count = 0; count <= 10_000; count += 1) await post(String(count));
    expect([await post('1'), await post('0')]).toEqual(['ANSWER_NOT_KEPT', '10002']);
  });

  it('has a key of 1 to 255 characters', async () => {
    const { done, post } = openScene();
    expect([await post(''), await post('x'.repeat(256)), await post('x'.repeat(255))]).toEqual([
      'INVALID_REQUEST',
      'INVALID_REQUEST',
      '1',
    ]);
    expect(done()).toBe(1);
  });
});

describe('a call with a key whose client goes away', () => {
  it('goes on, and the repetition gets its result', async () => {
    const api = await openApi({ servers: { talk: entryOf('speak') } });
    try {
      await api.supervisor.ensureConnected(['talk']);
      const path = '/api/servers/talk/tools/sleep/call';
      const options = { body: { arguments: { ms: 300 } }, headers: { 'idempotency-key': 'once' } };
      const left = new AbortController();
      const first = api.client.send('POST', path, { ...options, signal: left.signal });
      await until('the call is in flight', () => api.supervisor.status('talk').counts.inFlight === 1);
      left.abort();
      await expect(first).rejects.toThrow();
      const again = await api.client.send('POST', path, options);
      expect([again.status, api.supervisor.status('talk').counts.calls]).toEqual([200, 1]);
    } finally {
      await api.close();
    }
  });
});
