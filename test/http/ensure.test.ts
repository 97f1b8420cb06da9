import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { until } from '../support/processes.ts';
import { type Api, entryOf, openApi } from './open-api.ts';

let api: Api;

beforeAll(async () => {
  api = await openApi({
    servers: {
      lazy: { ...entryOf('speak'), lazy: true },
      slow: entryOf('slow-start', '300'),
      broken: { command: '/nowhere/at-all' },
      waiting: { ...entryOf('exits-at-once'), restart: { baseMs: 600_000, capMs: 600_000, maxConsecutive: 0 } },
    },
  });
  await until('waiting waits', () => api.supervisor.status('waiting').state === 'backoff');
});

afterAll(() => api.close());

describe('making sure that servers are connected', () => {
  it('answers for each name when it is connected, or will not be', async () => {
    const servers = ['lazy', 'slow', 'slow', 'broken', 'waiting', 'nobody'];
    const { status, json } = await api.client.post('/api/ensure', { servers });
    expect(status).toBe(200);
    expect(json).toEqual({
      servers: {
        lazy: { connected: true, error: null },
        slow: { connected: true, error: null },
        broken: { connected: false, error: expect.objectContaining({ code: 'SERVER_NOT_CONNECTED', state: 'failed' }) },
        waiting: {
          connected: false,
          error: expect.objectContaining({
            code: 'SERVER_NOT_CONNECTED',
            nextRetryAt: api.supervisor.status('waiting').nextRetryAt,
          }),
        },
        nobody: { connected: false, error: expect.objectContaining({ code: 'SERVER_NOT_FOUND', server: 'nobody' }) },
      },
    });
    expect(api.supervisor.status('lazy').counts).toMatchObject({ calls: 0, restarts: 0 });
  });

  it('waits for the next try as long as it is told to', async () => {
    const { json } = await api.client.post('/api/ensure', { servers: ['waiting'], timeoutMs: 50 });
    expect(json.servers).toMatchObject({ waiting: { connected: false, error: { code: 'CALL_TIMED_OUT' } } });
    expect(api.supervisor.status('waiting')).toMatchObject({ generation: 1, attempt: 1 });
  });

  it('wants to know whose', async () => {
    expect((await api.client.post('/api/ensure', { servers: [] })).json.code).toBe('INVALID_REQUEST');
    expect(api.bugs).toEqual([]);
  });
});
