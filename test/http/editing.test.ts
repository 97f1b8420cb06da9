import { describe, expect, it, onTestFinished } from 'vitest';
import { createClient } from '../support/doors/client.ts';
import { createCheckedClient, endpointsOf } from './checked.ts';
import { type ApiOptions, openApi, token, tokenOf } from './open-api.ts';

async function openChecked(options: ApiOptions = {}) {
  const api = await openApi(options);
  onTestFinished(() => api.close());
  const as = (value: string) => createCheckedClient(createClient(api.url, value), endpointsOf(api.supervisor));
  return { ...api, client: as(token), as };
}

const off = { command: 'no-such-program', disabled: true };

describe('an edit over HTTP', () => {
  it('replaces, patches and removes a server where it lives, and tells the plan and the version', async () => {
    const { client } = await openChecked({ servers: { a: { ...off, env: { TOKEN: 'do-not-show' } }, b: off } });
    const before = (await client.get('/api/status')).json.configVersion as number;
    const patched = await client.send('PATCH', '/api/servers/a', {
      body: { callTimeoutMs: 7, disabled: null },
      headers: { 'content-type': 'application/merge-patch+json' },
    });
    expect(patched).toMatchObject({ status: 200, headers: { etag: `"${before + 1}"` } });
    expect(patched.json).toMatchObject({ version: before + 1, start: ['a'] });
    const replaced = await client.send('PUT', '/api/servers/a', {
      body: { ...off, env: { TOKEN: { $kept: 'env.TOKEN' } }, args: ['--more'] },
    });
    expect(replaced.json).toMatchObject({ version: before + 2, stop: ['a'] });
    const { json, text } = await client.get('/api/config');
    expect(json.mcpServers).toEqual({
      a: { ...off, env: { TOKEN: { $kept: 'env.TOKEN' } }, args: ['--more'] },
      b: off,
    });
    expect((await client.send('DELETE', '/api/servers/b')).json).toMatchObject({ disabled: { remove: ['b'] } });
    const gone = await client.send('DELETE', '/api/servers', { body: { names: ['a', 'b'] } });
    expect(gone.json).toMatchObject({ code: 'SERVER_NOT_FOUND', server: 'b' });
    expect((await client.send('DELETE', '/api/servers', { body: { names: ['a'] } })).status).toBe(200);
    expect((await client.get('/api/config')).json.mcpServers).toEqual({});
    const versions = await client.get('/api/config/versions?limit=2');
    expect(versions.json).toMatchObject({
      versions: [
        { version: before + 4, by: 'tests', changes: [{ server: 'a', after: null }] },
        { version: before + 3, by: 'tests', changes: [{ server: 'b', after: null }] },
      ],
      next: before + 3,
    });
    const all = await client.get('/api/config/versions');
    expect(`${text}${versions.text}${all.text}`).not.toContain('do-not-show');
  });

  it('replaces the servers of the store by what was read and edited', async () => {
    const { client } = await openChecked({ servers: { own: off } });
    const read = await client.get('/api/config');
    const edited = {
      ...read.json,
      mcpServers: { ...(read.json.mcpServers as object), more: { ...off, env: { A: 'secret-a' } } },
    };
    const put = await client.send('PUT', '/api/config', {
      body: edited,
      headers: { 'if-match': read.headers.etag ?? '' },
    });
    expect(put.json).toMatchObject({ disabled: { add: ['more'] }, keep: ['own'] });
    const again = await client.get('/api/config');
    expect([again.headers.etag, again.text]).toEqual([put.headers.etag, expect.not.stringContaining('secret-a')]);
    const same = await client.send('PUT', '/api/config', { body: again.json });
    expect(same.json).toMatchObject({ version: put.json.version, keep: ['own', 'more'] });
    const changed = { mcpServers: { own: { ...off, args: ['x'] } } };
    expect((await client.send('PUT', '/api/config', { body: changed })).json.code).toBe('CONFIG_INVALID');
    const planned = await client.post('/api/config/plan?to=store', { mcpServers: {} });
    expect(planned.json).toMatchObject({ keep: ['own'], disabled: { remove: ['more'] } });
    expect((await client.get('/api/config')).text).toBe(again.text);
  });

  it('is for the version that it names, in whichever way', async () => {
    const { client } = await openChecked({ servers: { a: off } });
    let size = 0;
    const edit = async (query: string, headers: Record<string, string> = {}) => {
      size += 1;
      const answer = await client.send('PATCH', `/api/servers/a${query}`, { body: { callTimeoutMs: size }, headers });
      return answer.json.code ?? 'done';
    };
    const now = async () => (await client.get('/api/status')).json.configVersion as number;
    expect(await edit('')).toBe('done');
    const version = await now();
    expect(await edit('', { 'if-match': `"${version}"` })).toBe('done');
    for (const headers of [{ 'if-match': `"${version}"` }, { 'if-match': `W/"${version}", "${version - 1}"` }])
      expect(await edit('', headers)).toBe('VERSION_CONFLICT');
    expect(await edit(`?version=${version}`)).toBe('VERSION_CONFLICT');
    expect(await edit('', { 'if-match': `"7000", W/"${await now()}"` })).toBe('done');
    expect(await edit('', { 'if-match': '*' })).toBe('done');
    expect(await edit(`?version=${await now()}`)).toBe('done');
    for (const tag of ['12', '"abc"', '""', '"1" "2"'])
      expect(await edit('', { 'if-match': tag })).toBe('INVALID_REQUEST');
    expect(await edit('?version=1', { 'if-match': '"2"' })).toBe('INVALID_REQUEST');
    const body = { names: ['a'], version: 7_000 };
    expect((await client.send('DELETE', '/api/servers', { body })).json).toMatchObject({
      code: 'VERSION_CONFLICT',
      expected: 7_000,
      current: await now(),
    });
    const config = { config: { mcpServers: {} }, version: 7_000 };
    expect((await client.send('PUT', '/api/config', { body: config })).json.code).toBe('VERSION_CONFLICT');
  });

  it('of two for the same version one is made', async () => {
    const { client } = await openChecked({ servers: { a: off } });
    const { etag = '' } = (await client.get('/api/config')).headers;
    const answers = await Promise.all(
      Array.from({ length: 8 }, (_, index) =>
        client.send('PATCH', '/api/servers/a', { body: { callTimeoutMs: index + 1 }, headers: { 'if-match': etag } }),
      ),
    );
    expect(answers.map(({ status }) => status).toSorted((one, other) => one - other)).toEqual([
      200,
      ...Array(7).fill(409),
    ]);
  });

  it('is for a wide token only, and done once under its key', async () => {
    const { client, as } = await openChecked({ servers: { a: off } });
    const operate = as(tokenOf('operate'));
    expect((await operate.send('DELETE', '/api/servers/a')).json.code).toBe('FORBIDDEN_SCOPE');
    expect((await operate.get('/api/config/versions')).json.code).toBe('FORBIDDEN_SCOPE');
    const headers = { 'idempotency-key': 'once' };
    const first = await client.send('DELETE', '/api/servers/a', { headers });
    expect([first.status, (await client.send('DELETE', '/api/servers/a', { headers })).text]).toEqual([
      200,
      first.text,
    ]);
    expect((await client.send('PUT', '/api/servers/a', { headers, body: off })).json.code).toBe('IDEMPOTENCY_MISMATCH');
    expect((await client.send('DELETE', '/api/servers/a')).json.code).toBe('SERVER_NOT_FOUND');
  });
});
