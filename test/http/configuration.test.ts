import { InMemoryTransport } from '@modelcontextprotocol/sdk/inMemory.js';
import { describe, expect, it, onTestFinished } from 'vitest';
import { createSupervisor } from '../../src/index.ts';
import { createClient } from '../support/doors/client.ts';
import { createCheckedClient, endpointsOf } from './checked.ts';
import { type ApiOptions, openApi, token } from './open-api.ts';

async function openChecked(options: ApiOptions) {
  const api = await openApi(options);
  onTestFinished(() => api.close());
  return { ...api, client: createCheckedClient(createClient(api.url, token), endpointsOf(api.supervisor)) };
}

const off = { command: 'no-such-program', disabled: true };

describe('the configuration over HTTP', () => {
  it('is what was written, with a placeholder for each value that may be a secret', async () => {
    const { client } = await openChecked({
      servers: {
        files: { ...off, args: ['--all'], env: { TOKEN: 'do-not-show' }, note: 'an unknown key' },
        far: { url: 'http://127.0.0.1:1/mcp', headers: { Authorization: 'do-not-show' }, disabled: true },
        constructor: off,
      },
      settings: { secrets: { GITHUB: 'do-not-show' }, shutdownMs: 9_000 },
    });
    const { status, text, json } = await client.get('/api/config');
    expect([status, text]).toEqual([200, expect.not.stringContaining('do-not-show')]);
    expect(json).toEqual({
      mcpServers: {
        files: { ...off, args: ['--all'], env: { TOKEN: { $kept: 'env.TOKEN' } }, note: 'an unknown key' },
        far: {
          url: 'http://127.0.0.1:1/mcp',
          headers: { Authorization: { $kept: 'headers.Authorization' } },
          disabled: true,
        },
        constructor: off,
      },
      mcpvisor: { secrets: { GITHUB: { $kept: 'secrets.GITHUB' } }, shutdownMs: 9_000 },
    });
    const plan = await client.post('/api/config/plan', json);
    expect(plan.json).toMatchObject({ keep: ['files', 'far', 'constructor'], settings: [] });
  });

  it('has the key of the servers even where there are none', async () => {
    const { client } = await openChecked({});
    expect((await client.get('/api/config')).json).toMatchObject({ mcpServers: {} });
  });

  it('is sent again only when it has changed', async () => {
    const { client, supervisor } = await openChecked({ servers: { a: off } });
    const tag = (await client.get('/api/config')).headers.etag ?? '';
    expect(tag).toMatch(/^"[0-9a-f]+"$/);
    const again = () => client.get('/api/config', { headers: { 'if-none-match': tag } });
    const unchanged = await again();
    expect([unchanged.status, unchanged.text, unchanged.headers.etag]).toEqual([304, '', tag]);
    await supervisor.update('a', { callTimeoutMs: 7 });
    const changed = await again();
    expect(changed.status).toBe(200);
    expect(changed.headers.etag).not.toBe(tag);
    expect(changed.json).toMatchObject({ mcpServers: { a: { callTimeoutMs: 7 } } });
  });

  it('leaves out the live objects that a host put into an entry', async () => {
    const live: { self?: unknown } & object = new (class Live {
      readonly self = this;
    })();
    const supervisor = await createSupervisor({
      config: { mcpServers: { inside: { transport: 'inside', disabled: true, live, big: 10n, size: 1 } } },
      transports: { inside: () => InMemoryTransport.createLinkedPair()[0] },
    });
    onTestFinished(() => supervisor.close());
    const answer = await supervisor.httpApp().request('/api/config');
    expect(answer.status).toBe(200);
    expect(await answer.json()).toEqual({
      mcpServers: { inside: { transport: 'inside', disabled: true, size: 1 } },
    });
    const { disabled } = await supervisor.update('inside', { big: 11n });
    expect(disabled.change).toEqual(['inside']);
    expect((await supervisor.update('inside', { big: 11n })).keep).toEqual(['inside']);
  });
});
