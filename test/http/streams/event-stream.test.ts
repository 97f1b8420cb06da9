import { Hono } from 'hono';
import { describe, expect, it, vi } from 'vitest';
import type { HttpEnvironment } from '../../../src/http/endpoint.ts';
import { type StreamedEvent, streamEvents } from '../../../src/http/streams/event-stream.ts';

function appOf(events: (signal: AbortSignal) => AsyncIterable<StreamedEvent>) {
  const bugs: unknown[] = [];
  const app = new Hono<HttpEnvironment>();
  app.get('/', (c) => streamEvents(c, { heartbeatMs: 60_000, onError: (bug) => void bugs.push(bug) }, events));
  return { app, bugs };
}

describe('a stream of events', () => {
  it('ends where its source broke, which is reported and not printed', async () => {
    const printed = vi.spyOn(console, 'error').mockImplementation(() => undefined);
    const broken = new Error('a bug');
    const { app, bugs } = appOf(async function* () {
      yield { event: 'first', json: '1' };
      throw broken;
    });
    const text = await (await app.request('/')).text();
    expect(text).toContain('event: first\ndata: 1\n\n');
    expect(text).not.toContain('a bug');
    expect(bugs).toEqual([broken]);
    expect(printed).not.toHaveBeenCalled();
    printed.mockRestore();
  });

  it('is not read for a HEAD, to which nothing of it is sent', async () => {
    let opened = 0;
    const one = async function* () {
      yield { event: 'first', json: '1' };
    };
    const { app } = appOf(() => {
      opened += 1;
      return one();
    });
    const answer = await app.request('/', { method: 'HEAD' });
    expect([answer.status, answer.headers.get('content-type'), await answer.text()]).toEqual([
      200,
      'text/event-stream',
      '',
    ]);
    expect(opened).toBe(0);
  });
});
