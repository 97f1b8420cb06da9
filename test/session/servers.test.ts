import { afterEach, describe, expect, it } from 'vitest';
import { until } from '../support/processes.ts';
import { outcomeOf, type RecordedSession, type SessionOptions, sessionsVia, ways } from './sessions.ts';

describe.each(ways)('a session %s', (_way, via) => {
  const { openProgram } = sessionsVia(via);
  const open: RecordedSession[] = [];

  async function start(program: string, args: readonly string[] = [], options?: SessionOptions) {
    const opened = openProgram(program, args, options);
    open.push(opened);
    await opened.heard('ready');
    const call = async (
      name: string,
      args: Readonly<Record<string, unknown>> = {},
      options?: Parameters<typeof opened.session.request>[2],
    ): Promise<string> => textOf(await opened.session.request('tools/call', { name, arguments: args }, options));
    return { ...opened, call };
  }

  function textOf(result: unknown): string {
    return (result as { readonly content: readonly { readonly text: string }[] }).content[0]?.text ?? '';
  }

  afterEach(async () => {
    await Promise.all(open.splice(0).map(({ close }) => close()));
  });

  describe('a well-behaved server', () => {
    it('is called, probed both ways, and ends politely', async () => {
      const { call, session, heard, types, news } = await start('speak');
      expect(news[0]).toMatchObject({ type: 'spawned', pid: Number(await call('pid')) });
      expect(await call('add', { a: 1, b: 2 })).toBe('3');
      for (const kind of ['ping', 'list'] as const) expect(await session.probe(kind)).toBeGreaterThan(0);
      session.end('close');
      expect(await heard('ended')).toEqual({
        type: 'ended',
        failure: null,
        last: { exitCode: 0, signal: null, stderrTail: [] },
      });
      expect(types().slice(0, 3)).toEqual(['spawned', 'initialized', 'ready']);
      expect(types().at(-1)).toBe('ended');
    });

    it('fails calls in flight with an unknown outcome when it dies', async () => {
      const { call, heard } = await start('speak');
      const results = [outcomeOf(call('sleep', { ms: 60_000 })), outcomeOf(call('exit', { code: 3 }))];
      expect(await Promise.all(results)).toEqual(['OUTCOME_UNKNOWN', 'OUTCOME_UNKNOWN']);
      expect((await heard('ended')).failure).toMatchObject({ class: 'exited', exitCode: 3, phase: 'connected' });
    });
  });

  describe('a server whose child outlives it', () => {
    it('has its calls settled soon after its exit, though the session has not ended', async () => {
      const { call, heard, session, types } = await start('forks-a-grandchild');
      const results = [outcomeOf(call('sleep', { ms: 60_000 })), outcomeOf(call('exit', { code: 0 }))];
      expect((await heard('exited')).failure).toMatchObject({ class: 'exited', exitCode: 0, phase: 'connected' });
      expect(await outcomeOf(call('pid'))).toBe('SERVER_NOT_CONNECTED');
      expect(await Promise.all(results)).toEqual(['OUTCOME_UNKNOWN', 'OUTCOME_UNKNOWN']);
      expect(types()).not.toContain('ended');
      session.end('terminate');
      await heard('ended');
      expect(types().filter((type) => type === 'failed' || type === 'exited' || type === 'ended')).toEqual([
        'exited',
        'ended',
      ]);
    });

    it('has the answers heard that it gave before its exit', async () => {
      const { call } = await start('exits-after-n-calls', ['2']);
      const results = await Promise.all(['a', 'b', 'c'].map((text) => outcomeOf(call('echo', { text }))));
      expect(results).toEqual(['done', 'done', 'OUTCOME_UNKNOWN']);
    });
  });

  describe('a server that does not end with its input', () => {
    it('may still answer what is in flight', async () => {
      const { call, session } = await start('ignores-eof');
      const result = call('sleep', { ms: 100 });
      session.end('close');
      expect(await result).toBe('slept');
    });

    it('answers no more once it is being terminated', async () => {
      const { call, session } = await start('ignores-eof');
      const result = outcomeOf(call('sleep', { ms: 60_000 }));
      session.end('close');
      session.end('terminate');
      expect(await result).toBe('OUTCOME_UNKNOWN');
    });
  });

  describe('a server that dies before it is ready', () => {
    it('is told by its exit, once', async () => {
      const opened = openProgram('exits-at-once');
      open.push(opened);
      expect((await opened.heard('ended')).failure).toMatchObject({ class: 'exited' });
      expect(opened.types().filter((type) => type === 'failed' || type === 'ended')).toEqual(['ended']);
    });
  });

  describe('a server whose list is partly bad', () => {
    it('keeps the good tools and names the others', async () => {
      const { heard } = await start('sends-one-invalid-tool');
      const { lists } = await heard('ready');
      expect(lists.tools.map(({ name }) => name)).toEqual(['good', 'odd-output']);
      expect(lists.tools[0]).toEqual({ name: 'good', inputSchema: { type: 'object' }, unknownField: 'kept' });
      expect(lists.problems).toEqual([
        { list: 'tools', index: 1, name: 'without-schema', message: 'Its inputSchema is not an object.' },
        { list: 'tools', index: 2, name: null, message: 'Its name is missing, empty or not a string.' },
        { list: 'tools', index: 3, name: 'good', message: 'An earlier one has the same name.' },
        { list: 'tools', index: 5, name: null, message: 'It is not an object.' },
      ]);
    });
  });

  describe('a server with pages', () => {
    it('is listed to the end, unless the end never comes', async () => {
      const { heard } = await start('pages-its-lists');
      const { lists } = await heard('ready');
      expect(lists.tools.map(({ name }) => name)).toEqual(['a', 'b', 'c', 'd', 'e']);
      expect(lists.resources).toEqual([
        { name: 'file:///start', uri: 'file:///start', size: 3 },
        { name: 'file:///round', uri: 'file:///round', size: 3 },
      ]);
      expect(lists.prompts).toHaveLength(10_000);
      expect(lists.resourceTemplates).toEqual([]);
      expect(lists.problems.map(({ list, message }) => `${list}: ${message}`).toSorted()).toEqual([
        'prompts: prompts/list goes on after 10000 items; the rest is left out.',
        'resources: resources/list gave the cursor "round" a second time; the rest is left out.',
      ]);
    });
  });

  describe('a server that changes its tools', () => {
    it('is listed again once per burst, and only what is different is told', async () => {
      const { call, heard, types } = await start('changes-its-tools');
      await call('fidget');
      await until('it was listed again', async () => (await call('listings')) === '2');
      expect(types()).not.toContain('listed');
      await call('grow');
      expect((await heard('listed')).lists.tools.map(({ name }) => name)).toEqual([
        'grow',
        'fidget',
        'listings',
        'break',
        'grown-4',
      ]);
      expect(await call('listings')).toBe('3');
      expect(types()).not.toContain('notified');
    });

    it('lives on when listing again fails, with the lists it had', async () => {
      const { call, heard, types } = await start('changes-its-tools');
      await call('break');
      const { lists } = await heard('unread');
      expect(lists).toEqual([{ list: 'tools', reason: 'tools/list was answered with error -32603: broken' }]);
      expect(await call('listings')).toBe('2');
      expect(types()).not.toContain('listed');
    });
  });

  describe('a server without ping', () => {
    it('is alive all the same', async () => {
      const { session } = await start('answers-ping-with-an-error');
      expect(await session.probe('ping')).toBeGreaterThan(0);
    });
  });

  describe('a server with a blocked loop', () => {
    it('leaves a probe open, and the session says how quiet it is', async () => {
      const { session, report } = await start('never-reads-stdin');
      let answered = false;
      void session.probe('ping').then(() => {
        answered = true;
      });
      await until('another message than an answer came', async () => (await report()).quietForMs > 50);
      await until('it is heard again', async () => (await report()).quietForMs < 50);
      expect(answered).toBe(false);
    });

    it('has calls held back when its input is full, and they fail in time', async () => {
      const { session, call, heard, queued, report } = await start('never-reads-stdin');
      const text = 'x'.repeat(1024 * 1024);
      const results = Array.from({ length: 20 }, () => outcomeOf(call('unheard', { text }, { timeoutMs: 300 })));
      await until('some of them wait, and the others have been sent', async () => {
        const { inFlight } = await report();
        return queued() > 0 && inFlight + queued() === 20;
      });
      expect(new Set(await Promise.all(results))).toEqual(new Set(['CALL_TIMED_OUT']));
      session.end('kill');
      await heard('ended');
    });
  });

  describe('a server that says too much', () => {
    it('gives one answer, the first', async () => {
      const { call } = await start('answers-twice');
      expect(await call('twice')).toBe('first');
      expect(await call('echo', { text: 'still here' })).toBe('still here');
    });

    it('may answer what nobody asked', async () => {
      const { call } = await start('answers-an-unknown-id');
      expect(await call('confused')).toBe('answered');
    });

    it('may answer with 20 MiB', async () => {
      const { call } = await start('sends-20-mib');
      expect(await call('large')).toHaveLength(20 * 1024 * 1024);
    });

    it('fails the session with a message over the limit, and the call with it', async () => {
      const { call, heard } = await start('sends-20-mib', [], { settings: { maxMessageBytes: 1024 * 1024 } });
      expect(await outcomeOf(call('large'))).toBe('OUTCOME_UNKNOWN');
      expect((await heard('failed')).failure).toMatchObject({ class: 'messageTooLarge', phase: 'connected' });
    });
  });

  describe('a server that reports progress', () => {
    it('has all of it heard before a result in the same chunk', async () => {
      const { call } = await start('sends-progress');
      for (let round = 0; round < 20; round += 1) {
        const heard: number[] = [];
        await call('burst', { times: 30 }, { onProgress: ({ progress }) => heard.push(progress) });
        expect(heard).toHaveLength(30);
      }
      expect(await call('burst', { times: 1 })).toBe('null');
    });

    it('may take longer than its time', async () => {
      const { call } = await start('sends-progress');
      expect(await call('steady', { times: 8, everyMs: 100 }, { timeoutMs: 600, onProgress: () => {} })).toBe('done');
    });

    it('has progress for nobody dropped, and other news told', async () => {
      const { call, heard, types } = await start('sends-progress');
      await call('unasked');
      expect(await heard('notified')).toEqual({
        type: 'notified',
        method: 'notifications/message',
        params: { level: 'info', data: 'a word' },
      });
      expect(types().filter((type) => type === 'notified')).toHaveLength(1);
    });
  });

  describe('a server that asks back', () => {
    const questions = [
      ['sampling/createMessage', { messages: [], maxTokens: 1, unheardOf: true }],
      ['elicitation/create', { message: 'Name?', requestedSchema: { type: 'object', properties: {} } }],
      ['roots/list', {}],
    ] as const;

    it.each(questions)('gets the answer to %s, an odd one too', async (method, params) => {
      const { call, heard, session } = await start('asks-back', [], {
        capabilities: { sampling: {}, elicitation: {}, roots: {} },
      });
      const result = call('ask', { method, params });
      const asked = await heard('asked');
      expect(asked).toMatchObject({ method, params });
      session.answer(asked.id, { result: { unheardOf: 1 } });
      session.answer(asked.id, { result: { second: true } });
      expect(JSON.parse(await result)).toEqual({ result: { unheardOf: 1 } });
    });

    it('gets an error answer as it was given', async () => {
      const { call, heard, session } = await start('asks-back', [], { capabilities: { roots: {} } });
      const result = call('ask', { method: 'roots/list', params: {} });
      session.answer((await heard('asked')).id, { error: { code: -1, message: 'the user said no', data: [1] } });
      expect(JSON.parse(await result)).toEqual({ error: { code: -1, message: 'the user said no', data: [1] } });
    });

    it.each([...questions.map(([method]) => method), 'tasks/list'])(
      'is refused %s if that was not declared',
      async (method) => {
        const { call, types } = await start('asks-back');
        expect(JSON.parse(await call('ask', { method, params: {} }))).toMatchObject({ error: { code: -32601 } });
        expect(types()).not.toContain('asked');
      },
    );

    it('gets its pings answered', async () => {
      const { call } = await start('asks-back');
      expect(JSON.parse(await call('ask', { method: 'ping' }))).toEqual({ result: {} });
    });

    it('is not answered what it took back', async () => {
      const { call, session } = await start('asks-back', [], { capabilities: { sampling: {} } });
      await call('ask-and-cancel');
      session.answer('question', { result: {} });
      expect(JSON.parse(await call('heard'))).not.toContain('question');
    });
  });

  describe('a server of another time', () => {
    it('is understood in an old version', async () => {
      const { heard } = await start('speaks-an-old-protocol');
      expect((await heard('initialized')).peer).toMatchObject({
        protocolVersion: '2024-10-07',
        serverInfo: { name: 'old', version: 'unknown' },
      });
    });

    it('is refused in an unknown one', async () => {
      const opened = openProgram('speaks-an-old-protocol', ['1999-12-31']);
      open.push(opened);
      expect((await opened.heard('failed')).failure).toMatchObject({ class: 'protocolUnsupported' });
    });
  });
});
