import { Hono } from 'hono';
import { describe, expect, it } from 'vitest';
import type { HttpEnvironment } from '../../src/http/endpoint.ts';
import { createIdempotency } from '../../src/http/idempotency.ts';

interface Scene {
  /** How often something was done. */
  done(): number;
  post(key: string, body?: string): Promise<string>;
}

/** What is done answers with `status` and 100 bytes that begin with how often it was done. */
function openScene({ status = 200, mostBytes = 1_000 } = {}): Scene {
  let done = 0;
  const idempotency = createIdempotency(Date.now, mostBytes);
  const app = new Hono<HttpEnvironment>();
  app.post('/', (c) =>
    idempotency.once(c, async () => {
      done += 1;
      return new Response(String(done).padEnd(100), { status });
    }),
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

  it('is not done again if it was cancelled: it may have been done', async () => {
    const { post } = openScene({ status: 499 });
    expect([await post('a'), await post('a')]).toEqual(['1', '1']);
  });

  it('is remembered as long as there is room, the newest longest', async () => {
    const { post } = openScene({ mostBytes: 250 });
    for (const key of ['a', 'b', 'c']) await post(key);
    expect([await post('b'), await post('c'), await post('a')]).toEqual(['2', '3', '4']);
  });
});
