import { describe, expect, it } from 'vitest';
import type { Progress, ServerMessage } from '../../../src/index.ts';
import { errorOf, openStage, textOf, untilFact } from '../../support/supervised.ts';

describe('what a server asks back', () => {
  it('is answered by the host, and only capabilities with an answer are declared', async () => {
    const stage = openStage();
    const asked: ServerMessage[] = [];
    const answers = {
      sampling: (message: ServerMessage) => {
        asked.push(message);
        return { role: 'assistant', content: { type: 'text', text: 'four' }, model: 'none' };
      },
      roots: async () => ({ roots: [{ uri: 'file:///here', name: 'here' }] }),
      elicitation: () => {
        throw new Error('nobody is there');
      },
    };
    const supervisor = await stage.open(
      { a: stage.program('asks-back'), b: stage.program('asks-back') },
      {},
      { answers },
    );
    await supervisor.ready();
    const ask = async (server: string, method: string, params = {}) =>
      JSON.parse(textOf(await supervisor.callTool(server, 'ask', { method, params })));
    const sampling = { messages: [{ role: 'user', content: { type: 'text', text: 'two and two' } }], maxTokens: 10 };
    expect(await ask('b', 'sampling/createMessage', sampling)).toMatchObject({
      result: { content: { text: 'four' }, model: 'none' },
    });
    expect(asked).toMatchObject([{ server: 'b', method: 'sampling/createMessage', params: sampling }]);
    expect(await ask('a', 'roots/list')).toEqual({ result: { roots: [{ uri: 'file:///here', name: 'here' }] } });
    const elicitation = {
      message: 'your name?',
      requestedSchema: { type: 'object', properties: { name: { type: 'string' } } },
    };
    expect(await ask('a', 'elicitation/create', elicitation)).toMatchObject({ error: { message: 'nobody is there' } });
    expect(await ask('a', 'ping')).toEqual({ result: {} });
    expect(await ask('a', 'something/else')).toMatchObject({ error: { code: -32_601 } });
    expect(
      await untilFact(supervisor, 'session.asked', ({ method }) => method === 'elicitation/create', { since: 0 }),
    ).toMatchObject({
      actor: 'server:a',
      answered: false,
    });
  });

  it('is declined when the host gave no answer', async () => {
    const stage = openStage();
    const supervisor = await stage.open({ a: stage.program('asks-back') });
    await supervisor.ready();
    const text = textOf(await supervisor.callTool('a', 'ask', { method: 'roots/list', params: {} }));
    expect(JSON.parse(text)).toMatchObject({ error: { code: -32_601 } });
  });
});

describe('what a server tells unasked', () => {
  it('reaches the host, whatever the host does with it', async () => {
    const stage = openStage();
    const messages: ServerMessage[] = [];
    const onNotification = (message: ServerMessage) => {
      messages.push(message);
      throw new Error('a bug of the host');
    };
    const supervisor = await stage.open({ a: stage.program('updates-its-resources') }, {}, { onNotification });
    await supervisor.ready();
    const told = untilFact(supervisor, 'session.notified', ({ method }) => method === 'notifications/message');
    await supervisor.request('a', 'resources/subscribe', { uri: 'count:///reads' });
    await told;
    expect(messages).toEqual([
      { server: 'a', method: 'notifications/resources/updated', params: { uri: 'count:///reads' } },
      {
        server: 'a',
        method: 'notifications/message',
        params: { level: 'info', logger: 'counter', data: 'subscribed' },
      },
    ]);
    expect(supervisor.status('a').state).toBe('connected');
  });

  it('of changed lists changes the catalog', async () => {
    const stage = openStage();
    const supervisor = await stage.open({ a: stage.program('changes-its-tools') });
    await supervisor.ready();
    const changed = untilFact(supervisor, 'catalog.changed');
    await supervisor.callTool('a', 'grow');
    expect(await changed).toMatchObject({ actor: 'server:a', tools: 5 });
    expect(supervisor.tools().map(({ name }) => name)).toContain('grown-4');
    expect(supervisor.status('a').counts.tools).toBe(5);
    await supervisor.callTool('a', 'grown-4').catch(() => null); // Listed, but no tool of the program: the server says so.
  });
});

describe('requests', () => {
  it('of any kind reach the server and come back as they are', async () => {
    const stage = openStage();
    const supervisor = await stage.open({ a: stage.program('updates-its-resources') });
    await supervisor.ready();
    expect(
      await supervisor.request('a', 'resources/read', { uri: 'count:///reads' }, { meta: { trace: 7 } }),
    ).toMatchObject({
      contents: [{ uri: 'count:///reads', text: '1' }],
      _meta: { trace: 7 },
    });
    expect(await supervisor.request('a', 'prompts/get', { name: 'greet', arguments: { who: 'you' } })).toMatchObject({
      messages: [{ content: { text: 'Hello you' } }],
    });
    expect(await errorOf(supervisor.request('a', 'resources/read', { uri: 'nowhere' }))).toMatchObject({
      code: 'UPSTREAM_ERROR',
      details: {
        server: 'a',
        method: 'resources/read',
        rpcCode: -32_002,
        rpcMessage: 'Resource not found',
        data: { uri: 'nowhere' },
      },
    });
    expect(supervisor.resources()).toEqual([
      { uri: 'count:///reads', name: 'reads', annotations: { priority: 1 }, server: 'a', stale: false },
    ]);
    expect(supervisor.resourceTemplates({ servers: ['a'] })).toEqual([
      { uriTemplate: 'count:///{name}', name: 'any', server: 'a', stale: false },
    ]);
    expect(supervisor.instructions('a')).toBe('Read it to count.');
    expect(supervisor.prompts({ servers: ['a'] })).toMatchObject([{ name: 'greet', server: 'a' }]);
    expect(supervisor.prompts({ servers: ['b'] })).toEqual([]);
    await expect(supervisor.request('b', 'ping')).rejects.toMatchObject({ code: 'SERVER_NOT_FOUND' });
    expect(() => supervisor.instructions('b')).toThrow(expect.objectContaining({ code: 'SERVER_NOT_FOUND' }));
    await supervisor.send('a', { type: 'server.stop' });
    expect(supervisor.resourceTemplates()).toMatchObject([{ name: 'any', stale: true }]);
    expect(supervisor.instructions('a')).toBe('Read it to count.');
  });

  it('tell their progress, and may be taken back', async () => {
    const stage = openStage();
    const supervisor = await stage.open({ a: stage.program('sends-progress') });
    await supervisor.ready();
    const heard: Progress[] = [];
    await supervisor.callTool(
      'a',
      'steady',
      { times: 3, everyMs: 5 },
      { onProgress: (progress) => void heard.push(progress) },
    );
    expect(heard.map(({ progress, total }) => [progress, total])).toEqual([
      [1, 3],
      [2, 3],
      [3, 3],
    ]);
    const taking = new AbortController();
    const call = errorOf(
      supervisor.callTool(
        'a',
        'steady',
        { times: 1_000_000, everyMs: 5 },
        { signal: taking.signal, onProgress: () => taking.abort() },
      ),
    );
    expect(await call).toMatchObject({ code: 'CALL_CANCELLED', details: { server: 'a', method: 'tools/call' } });
    const late = errorOf(supervisor.callTool('a', 'sleep', { ms: 60_000 }, { timeoutMs: 30 }));
    expect(await late).toMatchObject({ code: 'CALL_TIMED_OUT', details: { timeoutMs: 30 } });
    // Progress keeps a call alive beyond its own time.
    expect(
      textOf(
        await supervisor.callTool('a', 'steady', { times: 20, everyMs: 50 }, { timeoutMs: 800, onProgress: () => {} }),
      ),
    ).toBe('done');
  });

  it('beyond what may wait are refused at once', async () => {
    const stage = openStage();
    const supervisor = await stage.open({ a: stage.program('speak', { maxConcurrentCalls: 1, maxQueuedCalls: 1 }) });
    await supervisor.ready();
    const taking = new AbortController();
    const waiting = [1, 2].map(() =>
      errorOf(supervisor.callTool('a', 'sleep', { ms: 60_000 }, { signal: taking.signal })),
    );
    await expect(supervisor.callTool('a', 'echo', { text: 'hi' })).rejects.toMatchObject({
      code: 'SERVER_BUSY',
      details: { queued: 1 },
    });
    taking.abort();
    expect(await Promise.all(waiting)).toMatchObject([{ code: 'CALL_CANCELLED' }, { code: 'CALL_CANCELLED' }]);
    expect(textOf(await supervisor.callTool('a', 'echo', { text: 'hi' }))).toBe('hi');
  });
});

describe('a batch of calls', () => {
  it('has one outcome each, in the order asked, and never rejects', async () => {
    const stage = openStage();
    const supervisor = await stage.open({
      a: stage.program('speak'),
      'b.c': stage.program('speak'),
      gone: stage.program('exits-at-once', {}, ['78']),
    });
    await supervisor.ready();
    const exposed = supervisor.tools({ servers: ['b.c'] }).find(({ name }) => name === 'add')?.exposedName ?? '';
    expect(exposed).toMatch(/^[a-zA-Z0-9_-]{1,64}$/);
    const outcomes = await supervisor.callTools([
      { server: 'a', tool: 'echo', arguments: { text: 'hi' } },
      { tool: exposed, arguments: { a: 1, b: 2 } },
      { server: 'b.c', tool: exposed, arguments: { a: 2, b: 2 } },
      { server: 'a', tool: 'sleep', arguments: { ms: 60_000 }, timeoutMs: 20 },
      { server: 'a', tool: 'no-such-tool' },
      { server: 'nobody', tool: 'echo' },
      { tool: 'nobody__echo' },
      { server: 'gone', tool: 'echo' },
    ]);
    expect(outcomes).toMatchObject([
      { status: 'ok', result: { content: [{ text: 'hi' }] }, generation: 1, durationMs: expect.any(Number) },
      { status: 'ok', result: { content: [{ text: '3' }] } },
      { status: 'ok', result: { content: [{ text: '4' }] } },
      { status: 'failed', error: { code: 'CALL_TIMED_OUT', server: 'a', timeoutMs: 20 } },
      { status: 'failed', error: { code: 'TOOL_NOT_FOUND', server: 'a', tool: 'no-such-tool' } },
      { status: 'failed', error: { code: 'SERVER_NOT_FOUND', server: 'nobody', known: ['a', 'b.c', 'gone'] } },
      { status: 'failed', error: { code: 'TOOL_NOT_FOUND', server: null } },
      { status: 'failed', error: { code: 'SERVER_NOT_CONNECTED', server: 'gone', state: 'failed' } },
    ]);
    expect(await supervisor.callTools([])).toEqual([]);
  });
});

describe('the catalog', () => {
  it('shows only the tools the filter lets through, under names every model takes, and calls no others', async () => {
    const stage = openStage();
    const supervisor = await stage.open({
      a: stage.program('speak', { tools: { include: ['e*', 'add'], exclude: ['e*t'] } }),
      two: stage.program('speak', { tools: { include: ['add'] } }),
    });
    await supervisor.ready();
    expect(supervisor.tools({ servers: ['a'] }).map(({ name }) => name)).toEqual(['echo', 'add']);
    expect(supervisor.tools().map(({ exposedName }) => exposedName)).toEqual(['a__echo', 'a__add', 'two__add']);
    expect(supervisor.tools()[0]).toMatchObject({
      server: 'a',
      stale: false,
      description: 'Gives back its text',
      inputSchema: { type: 'object' },
    });
    await expect(supervisor.callTool('a', 'exit', { code: 1 })).rejects.toMatchObject({ code: 'TOOL_NOT_FOUND' });
    expect(textOf(await supervisor.callTool('a', 'a__echo', { text: 'hi' }))).toBe('hi');
    await supervisor.send('two', { type: 'server.stop' });
    expect(supervisor.tools({ servers: ['two'] })).toMatchObject([{ name: 'add', stale: true }]);
  });

  it('leaves bad items out and says which', async () => {
    const stage = openStage();
    const supervisor = await stage.open({ a: stage.program('sends-one-invalid-tool') });
    await supervisor.ready();
    expect(supervisor.tools().map(({ name, unknownField }) => [name, unknownField])).toEqual([
      ['good', 'kept'],
      ['odd-output', undefined],
    ]);
    const { problems } = await untilFact(supervisor, 'catalog.changed', undefined, { since: 0 });
    expect(problems).toHaveLength(4);
    expect(problems[0]).toContain('without-schema');
  });
});
