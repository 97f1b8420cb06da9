import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createMachine } from 'xstate';
import { toDefinition } from '../../machines/chart/definition.ts';
import type { Endpoint } from '../../src/http/endpoint.ts';
import { scopes } from '../../src/http/endpoint.ts';
import { problemsOf } from '../../src/http/openapi.ts';
import { type Client, createClient } from '../support/doors/client.ts';
import { until } from '../support/processes.ts';
import { createCheckedClient, endpointsOf, type Seen } from './checked.ts';
import { type Example, examples } from './examples.ts';
import { type Api, entryOf, openApi, tokenOf } from './open-api.ts';

const seen: Seen = new Set();
let api: Api;
let limited: Api;
let endpoints: readonly Endpoint[];
let client: Client;

const exampleOf = ({ id }: Endpoint): Example => {
  const example = examples[id];
  if (example === undefined) throw new Error(`no example of ${id}`);
  return example;
};

const clientOf = (token: string | null, url = api.url) =>
  createCheckedClient(createClient(url, token), endpoints, seen);

/** Servers that examples edit and remove. */
const edited = ['edited', 'removed', 'removed-too'];

async function prepare(): Promise<void> {
  const known = api.supervisor.status().servers.map(({ name }) => name);
  // At the end it is not there any more, and not added either.
  for (const name of edited.filter((one) => !known.includes(one)))
    await api.supervisor.add(name, { command: '/nowhere/at-all', disabled: true }).catch(() => undefined);
}

async function ask(
  endpoint: Endpoint,
  {
    by = client,
    ...options
  }: { by?: Client; path?: string; body?: unknown; headers?: Record<string, string>; signal?: AbortSignal } = {},
) {
  const { path, body } = exampleOf(endpoint);
  if (endpoint.problems.includes('VERSION_CONFLICT')) await prepare();
  return await by.send(endpoint.method, options.path ?? path, { ...(body !== undefined && { body }), ...options });
}

/** An endpoint by its name. */
const one = (id: string): Endpoint => {
  const found = endpoints.find((endpoint) => endpoint.id === id);
  if (found === undefined) throw new Error(`no endpoint ${id}`);
  return found;
};

beforeAll(async () => {
  const patient = { restart: { baseMs: 600_000, capMs: 600_000, maxConsecutive: 0 } };
  api = await openApi({
    servers: {
      talk: { ...entryOf('speak'), ...patient },
      narrow: { ...entryOf('speak'), maxConcurrentCalls: 1, maxQueuedCalls: 0, ...patient },
      secretive: entryOf('tells-its-secrets'),
      broken: { command: '/nowhere/at-all' },
      down: { ...entryOf('speak'), lazy: true },
    },
    maxBodyBytes: 2_000,
    metrics: () => ({
      text: () => Promise.resolve('# nothing\n'),
      contentType: 'text/plain; version=0.0.4; charset=utf-8',
    }),
    onShutdown: () => undefined,
  });
  limited = await openApi({ requestsPerSecond: 1 });
  endpoints = endpointsOf(api.supervisor);
  client = clientOf(tokenOf('admin'));
  await until('two are connected', () =>
    ['talk', 'narrow', 'secretive'].every((name) => api.supervisor.status(name).state === 'connected'),
  );
  await until('broken failed', () => api.supervisor.status('broken').state === 'failed');
  await api.supervisor.send('down', { type: 'server.stop' });
});

afterAll(async () => {
  await api.close();
  await limited.close();
});

const guarded = () => endpoints.filter(({ access }) => access !== 'open');
const withBody = () => endpoints.filter(({ body }) => body !== null);
const streams = new Set(['streamFacts']);

describe('every route', () => {
  it('answers a good request as it says', async () => {
    for (const endpoint of endpoints.filter(({ id }) => !streams.has(id))) {
      const { status, text } = await ask(endpoint);
      expect(status, `${endpoint.id}: ${text}`).toBeLessThan(300);
    }
  });

  it('refuses what comes without a token, from another host, or from a foreign page', async () => {
    for (const endpoint of guarded()) {
      expect((await ask(endpoint, { by: clientOf(null) })).status, endpoint.id).toBe(401);
      expect((await ask(endpoint, { headers: { host: 'evil.example' } })).json.code, endpoint.id).toBe(
        'FORBIDDEN_HOST',
      );
      expect((await ask(endpoint, { headers: { origin: 'https://evil.example' } })).json.code, endpoint.id).toBe(
        'FORBIDDEN_ORIGIN',
      );
    }
  });

  it('takes a token of its scope and of every wider one, and refuses every narrower one', async () => {
    for (const endpoint of guarded().filter(({ id }) => !streams.has(id))) {
      for (const scope of scopes) {
        const isEnough = scopes.indexOf(scope) >= scopes.indexOf(endpoint.access as 'read');
        const { json } = await ask(endpoint, { by: clientOf(tokenOf(scope)) });
        expect(json.code === 'FORBIDDEN_SCOPE', `${endpoint.id} with ${scope}`).toBe(!isEnough);
      }
    }
    expect((await ask(one('streamFacts'), { by: clientOf(tokenOf('mcp')) })).json.code).toBe('FORBIDDEN_SCOPE');
  });

  it('names a field of the query or of the body that it does not know', async () => {
    for (const endpoint of endpoints) {
      const { path } = exampleOf(endpoint);
      const { json } = await ask(endpoint, { path: `${path}${path.includes('?') ? '&' : '?'}nonsense=1` });
      expect(json, endpoint.id).toMatchObject({
        code: 'INVALID_REQUEST',
        problems: [{ path: '?nonsense', message: 'unknown field' }],
      });
    }
    // What an entry says is the configuration's business: there, unknown fields are warnings.
    for (const endpoint of withBody().filter(
      ({ id }) => !['addServers', 'replaceServer', 'patchServer'].includes(id),
    )) {
      const { json } = await ask(endpoint, { body: { nonsense: 1 } });
      expect(json, endpoint.id).toMatchObject({ code: 'INVALID_REQUEST' });
      expect(JSON.stringify(json.problems), endpoint.id).toContain('nonsense');
    }
  });

  it('refuses a body that is too long, or not JSON', async () => {
    for (const endpoint of withBody()) {
      expect((await ask(endpoint, { body: { long: 'x'.repeat(3_000) } })).json.code, endpoint.id).toBe(
        'BODY_TOO_LARGE',
      );
      expect((await ask(endpoint, { headers: { 'content-type': 'text/plain' } })).json.code, endpoint.id).toBe(
        'UNSUPPORTED_MEDIA_TYPE',
      );
      expect((await ask(endpoint, { body: '{' })).json.code, endpoint.id).toBe('INVALID_REQUEST');
    }
  });

  it('does what comes twice under one key once, and refuses something else under it', async () => {
    for (const endpoint of withBody()) {
      const headers = { 'idempotency-key': `key of ${endpoint.id}` };
      const first = await ask(endpoint, { headers });
      expect((await ask(endpoint, { headers })).text, endpoint.id).toBe(first.text);
      const other = { ...(exampleOf(endpoint).body as object), more: 1 };
      expect((await ask(endpoint, { headers, body: other })).json.code, endpoint.id).toBe('IDEMPOTENCY_MISMATCH');
    }
  });

  it('slows down who asks too often', async () => {
    const by = clientOf(tokenOf('admin'), limited.url);
    await by.get('/api/status');
    for (const endpoint of guarded()) {
      const { json, headers } = await ask(endpoint, { by });
      expect(json.code, endpoint.id).toBe('RATE_LIMITED');
      expect(Number(headers['retry-after']), endpoint.id).toBeGreaterThanOrEqual(1);
    }
    expect((await by.get('/healthz')).status).toBe(200);
  });

  it('answers other methods with those it takes', async () => {
    for (const { path } of new Set(endpoints)) {
      const { status, headers } = await client.send('PROPFIND', path.replaceAll(/\{\w+\}/g, 'x'));
      expect(
        [
          status,
          headers.allow?.split(', ').every((method) => ['GET', 'POST', 'PUT', 'PATCH', 'DELETE'].includes(method)),
        ],
        path,
      ).toEqual([405, true]);
    }
  });

  it.each(['supervisor', 'group', 'server'])(
    'gives the chart of the %s as XState loads it, and as a diagram',
    async (id) => {
      const { status, json } = await ask(one('getMachine'), { path: `/api/machines/${id}?format=xstate` });
      expect(status).toBe(200);
      const loaded = createMachine(json as Parameters<typeof createMachine>[0]);
      const { json: chart } = await ask(one('getMachine'), { path: `/api/machines/${id}` });
      const paths = (chart.states as readonly { readonly path: string }[]).map(({ path }) => path);
      expect(toDefinition(loaded).states.map(({ path }) => path)).toEqual(paths);
      expect(chart).not.toHaveProperty('xstate');
      const { text } = await ask(one('getMachine'), { path: `/api/machines/${id}?format=mermaid` });
      expect(text).toMatch(/^stateDiagram-v2\n/);
      expect((await ask(one('getMachine'), { path: `/api/machines/${id}?format=scxml` })).json.code).toBe(
        'INVALID_REQUEST',
      );
    },
  );

  it('knows no server, tool, actor or chart that is not there', async () => {
    const named = endpoints.filter(
      ({ problems, path }) => problems.includes('SERVER_NOT_FOUND') && path.includes('{name}'),
    );
    for (const endpoint of named) {
      expect(
        (await ask(endpoint, { path: exampleOf(endpoint).path.replace(/\/(?:talk|edited|removed)\b/, '/nobody') })).json
          .code,
        endpoint.id,
      ).toBe('SERVER_NOT_FOUND');
    }
    const { json: unknown } = await ask(one('removeServers'), { body: { names: ['removed', 'nobody'] } });
    expect(unknown).toMatchObject({ code: 'SERVER_NOT_FOUND', server: 'nobody' });
    const { status, json } = await ask(one('listTools'), { path: '/api/tools?servers=talk,nobody,constructor' });
    expect({ status, unknown: json.unknown }).toEqual({ status: 200, unknown: ['nobody', 'constructor'] });
    expect((await ask(one('callTool'), { path: '/api/servers/talk/tools/nothing/call' })).json.code).toBe(
      'TOOL_NOT_FOUND',
    );
    expect((await ask(one('getActorSnapshot'), { path: '/api/actors/group:nobody/snapshot' })).json.code).toBe(
      'ACTOR_NOT_FOUND',
    );
    expect((await ask(one('sendActorEvent'), { path: '/api/actors/nobody/events' })).json.code).toBe('ACTOR_NOT_FOUND');
    expect((await ask(one('getMachine'), { path: '/api/machines/nobody' })).json.code).toBe('NOT_FOUND');
    {
      const bare = await openApi();
      try {
        expect((await ask(one('getMetrics'), { by: clientOf(tokenOf('admin'), bare.url) })).json.code).toBe(
          'NOT_FOUND',
        );
      } finally {
        await bare.close();
      }
    }
  });
});

describe('what may become of a call', () => {
  const call = (server: string, tool: string, body: object = {}) =>
    ask(one('callTool'), { path: `/api/servers/${server}/tools/${tool}/call`, body });
  const request = (server: string, body: object) =>
    ask(one('sendRequest'), { path: `/api/servers/${server}/requests`, body });
  const sleeping = (ms: number) => ({ method: 'tools/call', params: { name: 'sleep', arguments: { ms } } });

  it('is told as a problem: not connected, busy, too late, an error of the server, and unknown', async () => {
    expect((await call('down', 'echo')).json.code).toBe('SERVER_NOT_CONNECTED');
    expect((await request('down', { method: 'ping' })).json.code).toBe('SERVER_NOT_CONNECTED');
    expect((await call('talk', 'sleep', { arguments: { ms: 60_000 }, timeoutMs: 50 })).json.code).toBe(
      'CALL_TIMED_OUT',
    );
    expect((await request('talk', { ...sleeping(60_000), timeoutMs: 50 })).json.code).toBe('CALL_TIMED_OUT');
    expect((await request('talk', { method: 'no/such' })).json.code).toBe('INVALID_REQUEST');
    expect((await request('talk', { method: 'tasks/list' })).json.code).toBe('UPSTREAM_ERROR');
    expect((await call('secretive', 'fail')).json.code).toBe('UPSTREAM_ERROR');
    const busy = call('narrow', 'sleep', { arguments: { ms: 60_000 } });
    await until('narrow works', () => api.supervisor.status('narrow').counts.inFlight === 1);
    expect((await call('narrow', 'echo')).json.code).toBe('SERVER_BUSY');
    expect((await request('narrow', { method: 'ping' })).json.code).toBe('SERVER_BUSY');
    process.kill(api.supervisor.status('narrow').pid ?? 0, 'SIGKILL');
    expect((await busy).json.code).toBe('OUTCOME_UNKNOWN');
    const lost = request('talk', sleeping(60_000));
    await until('talk works', () => api.supervisor.status('talk').counts.inFlight === 1);
    process.kill(api.supervisor.status('talk').pid ?? 0, 'SIGKILL');
    expect((await lost).json.code).toBe('OUTCOME_UNKNOWN');
    await api.supervisor.send('talk', { type: 'server.start' });
  });

  it('may only be checked', async () => {
    const { json } = await call('talk', 'add', { arguments: { a: 'one' }, dryRun: true });
    expect(json).toMatchObject({ valid: false });
  });

  it('is told to the client that waits for progress', async () => {
    const { headers, text } = await ask(one('callTool'), { headers: { accept: 'text/event-stream' } });
    expect(headers['content-type']).toContain('text/event-stream');
    expect(text).toMatch(/event: result\ndata: \{"result":/);
    const refused = await ask(one('callTool'), {
      headers: { accept: 'text/event-stream' },
      path: '/api/servers/talk/tools/nothing/call',
    });
    expect(refused.text).toMatch(/event: problem\ndata: \{.*"code":"TOOL_NOT_FOUND"/);
  });
});

describe('what may become of an event', () => {
  it('is told: not allowed, rejected, settled', async () => {
    const send = (server: string, type: string, query = '') =>
      ask(one('sendServerEvent'), { path: `/api/servers/${server}/events${query}`, body: { type } });
    expect((await send('talk', 'server.retry')).json).toMatchObject({
      code: 'EVENT_NOT_ALLOWED',
      allowed: expect.arrayContaining(['server.stop']),
    });
    expect((await send('broken', 'server.start', '?wait=60000')).json.code).toBe('COMMAND_REJECTED');
    expect((await send('talk', 'server.restart', '?wait=60000')).json).toMatchObject({
      outcome: 'done',
      server: { state: 'connected' },
    });
    expect(
      (await ask(one('sendActorEvent'), { path: '/api/actors/server:talk/events', body: { type: 'server.retry' } }))
        .json.code,
    ).toBe('EVENT_NOT_ALLOWED');
  });

  it('ends everything only by its one name, for a caller who may do that, and says who did', async () => {
    const end = (actor: string, by = client) =>
      ask(one('sendActorEvent'), {
        by,
        path: `/api/actors/${actor}/events`,
        body: { type: 'supervisor.shutdown' },
      });
    expect((await end('nobody')).json).toMatchObject({ code: 'ACTOR_NOT_FOUND', actor: 'nobody' });
    expect((await end('group:default')).json).toMatchObject({
      code: 'EVENT_NOT_ALLOWED',
      actor: 'group:default',
      allowed: expect.arrayContaining(['group.reset']),
    });
    expect((await end('supervisor', clientOf(tokenOf('operate')))).json.code).toBe('FORBIDDEN_SCOPE');
    const { json } = await end('supervisor');
    const accepted = (await api.supervisor.journal({ actor: 'supervisor', type: 'command.accepted' })).facts.at(-1);
    expect(accepted).toMatchObject({ command: 'supervisor.shutdown', by: 'tests' });
    expect(json).toEqual({
      commands: [{ actor: 'supervisor', commandId: (accepted as { commandId: string }).commandId }],
    });
  });

  it('refuses a configuration with mistakes, all of them named', async () => {
    const { json } = await ask(one('planConfiguration'), {
      body: { config: { mcpServers: { a: {}, b: { command: 1 } } } },
    });
    expect(json.code).toBe('CONFIG_INVALID');
    expect((json.problems as unknown[]).length).toBeGreaterThan(1);
  });
});

describe('what may become of an edit', () => {
  const edits = () => endpoints.filter(({ problems }) => problems.includes('VERSION_CONFLICT'));

  it('is told: made for another version', async () => {
    const { json: status } = await client.get('/api/status');
    for (const endpoint of edits()) {
      const { json } = await ask(endpoint, { headers: { 'if-match': '"999999"' } });
      expect(json, endpoint.id).toMatchObject({ code: 'VERSION_CONFLICT', expected: 999_999 });
      expect(json.current, endpoint.id).toBeGreaterThanOrEqual(Number(status.configVersion));
    }
  });

  it('is told: no such version', async () => {
    expect((await ask(one('rollBackConfiguration'), { body: { version: 999_999 } })).json.code).toBe('NOT_FOUND');
  });

  it('is told: not valid', async () => {
    await prepare();
    for (const name of ['removed', 'removed-too'])
      await api.supervisor.add(`needs ${name}`, { command: '/nowhere/at-all', disabled: true, dependsOn: [name] });
    const config = { config: { mcpServers: { a: { command: 1 } } } };
    const mistakes: Readonly<Record<string, object>> = {
      replaceConfiguration: { body: config },
      addServers: { body: { name: 'wrong', command: 1 } },
      replaceServer: { body: {} },
      patchServer: { body: { command: null } },
    };
    for (const endpoint of edits().filter(({ id }) => id !== 'rollBackConfiguration'))
      expect((await ask(endpoint, mistakes[endpoint.id] ?? {})).json.code, endpoint.id).toBe('CONFIG_INVALID');
    await api.supervisor.remove(['needs removed', 'needs removed-too']);
  });
});

describe('facts as they come', () => {
  it('stream until the reader goes', async () => {
    const response = await fetch(`${api.url}/api/events?since=0`, {
      headers: { authorization: `Bearer ${tokenOf('read')}` },
    });
    expect(response.headers.get('content-type')).toContain('text/event-stream');
    const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader();
    let text = '';
    while (!text.includes('event: server.added')) text += (await reader?.read())?.value ?? '';
    await reader?.cancel();
    seen.add('streamFacts 200');
  });
});

/** Problems that no request can bring about at will, and why. */
const unseen: Readonly<Record<string, string>> = {
  INTERNAL: 'a bug of ours',
  CALL_CANCELLED: 'its client has gone',
  'getProblems NOT_FOUND': 'only without our documents',
  'rollBackConfiguration CONFIG_INVALID': 'needs a secret that is not kept any more',
  CONFIG_READ_ONLY: 'needs a file, and is seen in test/http/editing.test.ts',
  STORE_UNAVAILABLE: 'needs a store that is away, and is seen in test/http/editing.test.ts',
  ANSWER_NOT_KEPT: 'needs 64 MiB of remembered answers',
  ANSWERS_UNREAD: 'needs callers that do not read, and is seen in test/doors/unread-answers.test.ts',
  ANSWER_DROPPED: 'needs more answers at once than memory holds',
  'sendServerEvent SERVER_NOT_CONNECTED': 'its actor died of a bug and has no successor yet',
};

describe('at the end', () => {
  it('says so on the way down, and every documented answer has been seen', async () => {
    await api.supervisor.close();
    for (const endpoint of endpoints.filter(({ problems }) => problems.includes('SHUTTING_DOWN'))) {
      expect((await ask(endpoint)).json.code, endpoint.id).toBe('SHUTTING_DOWN');
    }
    const documented = endpoints.flatMap((endpoint) => problemsOf(endpoint).map((code) => `${endpoint.id} ${code}`));
    const missing = documented.filter(
      (pair) => !seen.has(pair) && unseen[pair] === undefined && unseen[pair.split(' ')[1] ?? ''] === undefined,
    );
    expect(missing).toEqual([]);
  });
});
