import type { AddressInfo } from 'node:net';
import { serve } from '@hono/node-server';
import { Hono } from 'hono';
import { HTTPException } from 'hono/http-exception';
import { describe, expect, it, onTestFinished } from 'vitest';
import { createSupervisor, type Supervisor } from '../../src/index.ts';
import { type Client, createClient } from '../support/doors/client.ts';
import { until } from '../support/processes.ts';
import { entryOf } from './open-api.ts';
import { openReader } from './streams/event-reader.ts';

interface Host {
  readonly url: string;
  readonly bugs: readonly unknown[];
  readonly supervisor: Supervisor;
  /** A client that the host's login knows by this name; null: nobody. */
  as(user: string | null): Client;
}

/** A host's own app with its own login and its own pages, and the API below `/mcpvisor`. */
async function openHost(): Promise<Host> {
  const supervisor = await createSupervisor({ config: { mcpServers: { talk: entryOf('speak') } } });
  const bugs: unknown[] = [];
  const host = new Hono();
  host.use('/mcpvisor/*', async (c, next) =>
    c.req.header('x-user') === undefined ? c.text('who are you?', 401) : await next(),
  );
  const identity = (c: { req: { header(name: string): string | undefined } }) => {
    const user = c.req.header('x-user') ?? '';
    if (user === 'guest') return { name: user, scope: 'read' as const };
    if (user === 'mallory') throw new HTTPException(402, { message: 'pay first' });
    return user;
  };
  host.route('/mcpvisor', supervisor.httpApp({ identity, onError: (bug) => bugs.push(bug) }));
  host.get('/', (c) => c.text('the host'));
  host.notFound((c) => c.text('the host has no such page', 404));
  const server = serve({ fetch: host.fetch, port: 0, hostname: '127.0.0.1' });
  onTestFinished(async () => {
    await supervisor.close();
    await new Promise((resolve) => server.close(resolve));
  });
  await until('it listens', () => server.address() !== null);
  await until('talk is connected', () => supervisor.status('talk').state === 'connected');
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const as: Host['as'] = (user) => {
    const client = createClient(`${url}/mcpvisor`, null);
    const send: Client['send'] = (method, path, options) =>
      client.send(method, path, {
        ...options,
        headers: { ...(user !== null && { 'x-user': user }), ...options?.headers },
      });
    return {
      send,
      get: (path, options) => send('GET', path, options),
      post: (path, body, options) => send('POST', path, { ...options, body }),
    };
  };
  return { url, bugs, supervisor, as };
}

describe('the API mounted in a host’s app', () => {
  it('lets a user do what the host says this one may', async () => {
    const { as } = await openHost();
    expect((await as('guest').get('/api/servers')).status).toBe(200);
    const refused = await as('guest').post('/api/servers/talk/events', { type: 'server.restart' });
    expect(refused).toMatchObject({ status: 403, json: { code: 'FORBIDDEN_SCOPE', needed: 'operate' } });
    expect((await as('ann').post('/api/servers/talk/events', { type: 'server.restart' })).status).toBe(202);
  });

  it('leaves it to the host from where its users come, and lets those without a scope do everything', async () => {
    const { as } = await openHost();
    const headers = { host: 'evil.example', origin: 'https://evil.example' };
    expect((await as('ann').get('/api/servers', { headers })).status).toBe(200);
    expect((await as('ann').get('/api/config', { headers })).status).toBe(200);
    expect((await as('guest').get('/api/config', { headers })).json.code).toBe('FORBIDDEN_SCOPE');
  });

  it('leads from a problem to the page that explains it, for those whom the host lets in', async () => {
    const { url, as } = await openHost();
    const { json } = await as('ann').get('/api/servers/nobody');
    expect(json.type).toBe('/mcpvisor/docs/problems#server_not_found');
    const page = await fetch(new URL(String(json.type), url), { headers: { 'x-user': 'ann' } });
    expect([page.status, await page.text()]).toEqual([200, expect.stringContaining('id="server_not_found"')]);
  });

  it('is not reached without the host’s login', async () => {
    const { as } = await openHost();
    for (const path of ['/api/servers', '/healthz', '/docs', '/openapi.json', '/nothing', '/api/events']) {
      expect((await as(null).get(path)).text).toBe('who are you?');
    }
    expect((await as(null).post('/api/servers/talk/events', { type: 'server.stop' })).status).toBe(401);
  });

  it('answers with routes, problems and documents of its own, and leaves the rest to the host', async () => {
    const { url, bugs, as } = await openHost();
    const ann = as('ann');
    expect((await ann.post('/api/servers/talk/tools/add/call', { arguments: { a: 1, b: 2 } })).json).toMatchObject({
      result: { content: [{ text: '3' }] },
    });
    expect((await ann.get('/api/servers/nobody')).json).toMatchObject({ code: 'SERVER_NOT_FOUND', status: 404 });
    expect((await ann.get('/api/nothing')).json).toMatchObject({ code: 'NOT_FOUND', path: '/mcpvisor/api/nothing' });
    expect((await ann.send('PUT', '/api/config/plan')).json).toMatchObject({ code: 'METHOD_NOT_ALLOWED' });
    const { servers, paths, security } = (await ann.get('/openapi.json')).json;
    // The host has its own login, of which we know nothing.
    expect({ servers, security }).toEqual({ servers: [{ url: '/mcpvisor' }], security: [] });
    expect(paths).toHaveProperty('/api/servers/{name}');
    // Its link leads to the document beside it.
    expect((await ann.get('/docs')).text).toContain('href="openapi.json"');
    const host = createClient(url, null);
    expect([(await host.get('/')).text, (await host.get('/nothing')).text]).toEqual([
      'the host',
      'the host has no such page',
    ]);
    expect(bugs).toEqual([]);
  });

  it('has the figures, counted from the first fact on, however often it is mounted', async () => {
    const { as } = await openHost();
    const { status, headers, text } = await as('ann').get('/metrics');
    expect([status, headers['content-type']]).toEqual([200, expect.stringContaining('text/plain')]);
    expect(text).toContain('mcpvisor_servers{state="connected"} 1');
    expect(text).toMatch(/^mcpvisor_server_transitions_total\{from="starting",to="connected"\} 1$/m);
    expect(text).toContain('mcpvisor_log_lines_dropped_total{log="mcpvisor"} 0');
  });

  it('takes the word of the host for who sends a command, and streams the facts that say so', async () => {
    const { url, as } = await openHost();
    const reader = await openReader(`${url}/mcpvisor/api/events?type=command.accepted`, {
      headers: { 'x-user': 'bob' },
    });
    onTestFinished(() => reader.vanish());
    expect(
      (await as('ann').post('/api/servers/talk/events?wait=60000', { type: 'server.restart' })).json,
    ).toMatchObject({ outcome: 'done' });
    await reader.until('the command is told', (events) => events.length > 0);
    expect(reader.events[0]?.data).toMatchObject({ command: 'server.restart', by: 'ann' });
  });

  it.each([
    ['/api/actors/supervisor/events', { type: 'supervisor.shutdown' }],
    ['/api/shutdown', undefined],
  ])('ends the servers for %s, and leaves the host alone', async (path, body) => {
    const { url, as, supervisor } = await openHost();
    expect((await as('ann').get('/api/actors/supervisor/snapshot')).json.allowed).toEqual(['supervisor.shutdown']);
    expect((await as('ann').send('POST', path, { body })).status).toBe(202);
    await until('it is closed', () => supervisor.status().state === 'closed');
    const told = await supervisor.journal({ actor: 'supervisor', type: ['command.accepted', 'command.settled'] });
    expect(told.facts).toMatchObject([
      { type: 'command.accepted', command: 'supervisor.shutdown', by: 'ann' },
      { type: 'command.settled', command: 'supervisor.shutdown', outcome: 'done' },
    ]);
    expect((await as('ann').send('POST', path, { body })).json.code).toBe('SHUTTING_DOWN');
    expect((await createClient(url, null).get('/')).text).toBe('the host');
  });

  it('answers what the host’s identity throws as the host means it', async () => {
    const { bugs, as } = await openHost();
    const { status, text } = await as('mallory').get('/api/servers');
    expect([status, text]).toEqual([402, 'pay first']);
    expect((await as('mallory').get('/readyz')).json).toEqual({ ready: true });
    expect(bugs).toEqual([]);
  });
});
