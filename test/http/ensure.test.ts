import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createClient } from '../support/doors/client.ts';
import { until } from '../support/processes.ts';
import { type Api, entryOf, openApi, tokenOf } from './open-api.ts';

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
    const { status, json } = await api.client.post('/api/ensure', { servers, retries: false });
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

describe('the tools of servers that are made sure of first', () => {
  it('are listed for those that are connected then', async () => {
    await api.supervisor.send('lazy', { type: 'server.stop' });
    const asleep = await api.client.get('/api/tools?servers=lazy,nobody&stale=false');
    expect(asleep.json).toEqual({ tools: [], unknown: ['nobody'] });
    await api.supervisor.send('lazy', { type: 'server.start' });
    await api.supervisor.send('slow', { type: 'server.restart' });
    const { status, json } = await api.client.get('/api/tools?servers=lazy,slow,broken&ensure&format=openai-responses');
    expect(status).toBe(200);
    const names = (json.tools as readonly { name: string }[]).map(({ name }) => name.split('__')[0]);
    expect(new Set(names)).toEqual(new Set(['lazy', 'slow']));
  });

  it('are not given to a token that may only read', async () => {
    const reader = createClient(api.url, tokenOf('read'));
    const { status, json } = await reader.get('/api/tools?servers=lazy&ensure');
    expect({ status, code: json.code }).toEqual({ status: 403, code: 'FORBIDDEN_SCOPE' });
    expect((await reader.get('/api/tools?servers=lazy')).status).toBe(200);
  });
});
