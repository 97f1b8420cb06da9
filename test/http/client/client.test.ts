import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { describe, expect, it, onTestFinished } from 'vitest';
import { createApiClient } from '../../../src/http/client/client.ts';
import { until } from '../../support/processes.ts';

/** A server whose only answer is a stream with one event, without an end. */
async function openEndless(): Promise<{ readonly url: string; isLeft(): boolean }> {
  let isLeft = false;
  const server = createServer((_, response) => {
    response.writeHead(200, { 'content-type': 'text/event-stream' }).write('event: one\ndata: 1\n\n');
    response.on('close', () => {
      isLeft = true;
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, isLeft: () => isLeft };
}

describe('a stream that is read', () => {
  it('ends when its signal aborts, also after the garbage of its request was collected', async () => {
    setFlagsFromString('--expose-gc');
    const collect: () => void = runInNewContext('gc');
    const { url, isLeft } = await openEndless();
    const ending = new AbortController();
    const stream = createApiClient({ url, token: null }).stream('/', { signal: ending.signal })[Symbol.asyncIterator]();
    expect((await stream.next()).value).toEqual({ id: null, event: 'one', data: 1 });
    const end = stream.next().then(
      () => 'an event',
      (error: unknown) => (error instanceof Error ? error.name : error),
    );
    // What is held weakly is let go only between two turns of the event loop.
    for (let turn = 0; turn < 5; turn += 1) {
      collect();
      await new Promise(setImmediate);
    }
    ending.abort();
    expect(await end).toBe('AbortError');
    await until('the connection is closed', isLeft);
  });
});
