import * as fc from 'fast-check';
import { describe, expect, it, onTestFinished } from 'vitest';
import { createHttpApp } from '../../src/http/app.ts';
import { openSupervisor } from '../../src/supervisor/supervisor.ts';
import { toLightServer } from '../bench/peers.ts';
import { checkAnswer, endpointsOf } from './checked.ts';
import { requestsTo } from './requests.ts';

/** `MCPVISOR_RUNS`, `MCPVISOR_SEED` and `MCPVISOR_PATH` for more, or to replay what a failure printed. */
const { MCPVISOR_RUNS, MCPVISOR_SEED, MCPVISOR_PATH } = process.env;

describe('any request', () => {
  it('is answered as the API says of itself, and never by a bug', { timeout: 300_000 }, async () => {
    const bugs: unknown[] = [];
    const { supervisor } = await openSupervisor({
      env: {},
      config: { mcpServers: { talk: { transport: 'light' }, other: { transport: 'light', lazy: true } } },
      transports: { light: toLightServer },
      // Or the first request that ends everything would be the last one that is answered.
      onShutdown: () => undefined,
    });
    onTestFinished(() => supervisor.close());
    await supervisor.ready();
    const app = createHttpApp({
      supervisor,
      admission: { identity: () => 'fuzz' },
      onError: (bug) => bugs.push(bug),
      now: Date.now,
    });
    const endpoints = endpointsOf(supervisor);
    const isThere = (server: string) => supervisor.status().servers.some(({ name }) => name === server);
    await fc.assert(
      fc.asyncProperty(requestsTo(endpoints), async ({ endpoint, path, body, headers }) => {
        // One of the requests before may have removed it.
        if (!isThere('talk')) await supervisor.add('talk', { transport: 'light' });
        const response = await app.request(path, { method: endpoint.method, headers, ...(body !== null && { body }) });
        const isStream = response.headers.get('content-type')?.startsWith('text/event-stream') === true;
        if (isStream) await response.body?.cancel();
        const text = isStream ? '' : await response.text();
        const json = response.headers.get('content-type')?.includes('json') === true ? JSON.parse(text) : {};
        // A path that was drawn may lead to another route, or nowhere.
        if (json.code !== 'NOT_FOUND' && json.code !== 'METHOD_NOT_ALLOWED') {
          checkAnswer(endpoint, {
            status: response.status,
            headers: { 'content-type': response.headers.get('content-type') ?? '' },
            json,
            text,
          });
        }
        expect(bugs, `${endpoint.method} ${path} ${body}`).toEqual([]);
      }),
      {
        numRuns: Number(MCPVISOR_RUNS ?? 3_000),
        ...(MCPVISOR_SEED === undefined ? {} : { seed: Number(MCPVISOR_SEED) }),
        ...(MCPVISOR_PATH === undefined ? {} : { path: MCPVISOR_PATH }),
      },
    );
    for (const { name, counts } of supervisor.status().servers)
      expect(counts, name).toMatchObject({ inFlight: 0, queued: 0 });
  });
});
