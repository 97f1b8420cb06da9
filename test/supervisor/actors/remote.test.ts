import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js';
import { SSEServerTransport } from '@modelcontextprotocol/sdk/server/sse.js';
import { describe, expect, it } from 'vitest';
import { jsonOnly, reply, serve, serveMcp } from '../../session/remote/web.ts';
import { createScratchFolder } from '../../support/scratch-folder.ts';
import {
  errorOf,
  factsSoFar,
  openStage,
  quickRestart,
  textOf,
  untilFact,
  untilState,
} from '../../support/supervised.ts';

describe('a Streamable HTTP server that forgets its sessions', () => {
  it('is connected again at once, uncounted, if it had been stable', async () => {
    const web = await serveMcp();
    const supervisor = await openStage().open({
      a: { url: `${web.origin}/mcp`, restart: { stableAfterMs: 50, baseMs: 60_000, capMs: 60_000 } },
    });
    await supervisor.ready();
    expect(supervisor.status('a')).toMatchObject({
      state: 'connected',
      transport: 'streamable-http',
      pid: null,
      push: true,
      serverInfo: { name: 'real' },
    });
    await expect.poll(() => supervisor.snapshot('a').context.stable).toBe(true);
    const back = untilState(supervisor, 'a', 'connected');
    web.forget();
    // A refusal: nothing was done, and the call may be made again.
    expect(await errorOf(supervisor.callTool('a', 'echo'))).toMatchObject({
      code: 'UPSTREAM_ERROR',
      details: { httpStatus: 404 },
    });
    await back;
    expect(supervisor.status('a')).toMatchObject({
      attempt: 0,
      generation: 2,
      lastFailure: { class: 'sessionLost', code: 404 },
    });
    expect(textOf(await supervisor.callTool('a', 'echo'))).toBe('hello');
  });

  it('is counted and waits, if it had not', async () => {
    const web = await serveMcp();
    const supervisor = await openStage().open({
      a: { url: `${web.origin}/mcp`, restart: { baseMs: 60_000, capMs: 60_000 } },
    });
    await supervisor.ready();
    const down = untilState(supervisor, 'a', 'backoff');
    web.forget();
    await errorOf(supervisor.callTool('a', 'echo'));
    await down;
    expect(supervisor.status('a')).toMatchObject({
      state: 'backoff',
      attempt: 1,
      push: null,
      lastFailure: { class: 'sessionLost' },
    });
  });
});

describe('a server that asks who we are', () => {
  it('needs a person; after the header changed, a retry connects it', async () => {
    const folder = createScratchFolder();
    const file = join(folder, 'token');
    writeFileSync(file, 'the-old-token');
    const web = await serve(
      jsonOnly(
        (_rpc, response, request) =>
          request.headers.authorization !== 'Bearer the-new-token' &&
          reply(response, 401, { headers: { 'www-authenticate': 'Bearer' } }),
      ),
    );
    const entry = {
      url: `${web.origin}/mcp`,
      headers: { authorization: `Bearer \${file:${file}}` },
      restart: quickRestart,
    };
    const supervisor = await openStage().open({ a: entry });
    expect(await supervisor.ready()).toMatchObject({ settled: true, notReady: [{ name: 'a', state: 'needs-auth' }] });
    expect(supervisor.status('a')).toMatchObject({
      state: 'needs-auth',
      nextRetryAt: null,
      lastFailure: { class: 'unauthorized', code: 401 },
    });
    expect(supervisor.snapshot('a')).toMatchObject({
      timers: [{ name: 'look.due' }],
      allowed: expect.arrayContaining(['server.retry']),
    });
    expect(await errorOf(supervisor.send('a', { type: 'server.retry' }))).toMatchObject({
      code: 'COMMAND_REJECTED',
      details: { lastFailure: { class: 'unauthorized' } },
    });
    await expect(supervisor.callTool('a', 'echo')).rejects.toMatchObject({
      code: 'SERVER_NOT_CONNECTED',
      details: { state: 'needs-auth' },
    });
    writeFileSync(file, 'the-new-token\n');
    expect(await supervisor.send('a', { type: 'server.retry' })).toMatchObject({ outcome: 'done' });
    expect(supervisor.status('a').state).toBe('connected');
  });
});

describe('a server without an event stream', () => {
  it('is marked as one that cannot tell us things unasked', async () => {
    const web = await serve(jsonOnly());
    const supervisor = await openStage().open({ a: { url: `${web.origin}/mcp` } });
    await supervisor.ready();
    await expect.poll(() => supervisor.status('a').push).toBe(false);
    expect(await untilFact(supervisor, 'session.push', undefined, { since: 0 })).toMatchObject({
      actor: 'server:a',
      available: false,
    });
  });
});

describe('a server that speaks legacy SSE only', () => {
  it('is connected by the fallback, and called', async () => {
    const transports = new Map<string, SSEServerTransport>();
    const web = await serve((request, response) => {
      const url = new URL(request.url ?? '/', 'http://here');
      if (request.method === 'GET' && url.pathname === '/mcp') {
        const transport = new SSEServerTransport('/messages', response);
        const mcp = new McpServer({ name: 'old', version: '1' });
        mcp.registerTool('echo', {}, () => ({ content: [{ type: 'text', text: 'from far' }] }));
        transports.set(transport.sessionId, transport);
        void mcp.connect(transport);
      } else if (url.pathname === '/messages')
        void transports.get(url.searchParams.get('sessionId') ?? '')?.handlePostMessage(request, response);
      else response.writeHead(405).end();
    });
    const supervisor = await openStage().open({ a: { url: `${web.origin}/mcp` } });
    await supervisor.ready();
    expect(supervisor.status('a')).toMatchObject({ state: 'connected', transport: 'sse', push: true });
    expect(textOf(await supervisor.callTool('a', 'echo'))).toBe('from far');
  });
});

describe('a server that cannot be reached', () => {
  it('is tried again until it can, without spending the budget', async () => {
    let isDown = true;
    const web = await serve(jsonOnly((_rpc, response) => isDown && reply(response, 503)));
    const supervisor = await openStage().open({
      a: { url: `${web.origin}/mcp`, restart: { baseMs: 10, capMs: 20, maxConsecutive: 2, intensity: 2 } },
    });
    const raised = await untilFact(supervisor, 'alarm.raised', undefined, { since: 0 });
    expect(raised).toMatchObject({ actor: 'server:a', alarm: 'unreachable' });
    expect(supervisor.status('a')).toMatchObject({ attempt: 0, alarms: [{ alarm: 'unreachable', since: raised.at }] });
    const connected = untilState(supervisor, 'a', 'connected');
    isDown = false;
    await connected;
    expect((await factsSoFar(supervisor)).filter(({ type }) => type === 'alarm.raised')).toHaveLength(1);
  });

  it.each([404, 400, 405, 410])(
    'because a router answers %i in its place is tried again until it can',
    async (status) => {
      let isAway = false;
      const web = await serve(jsonOnly((_rpc, response) => isAway && reply(response, status)));
      const supervisor = await openStage().open({
        a: { url: `${web.origin}/mcp`, restart: { baseMs: 10, capMs: 20, maxConsecutive: 2, intensity: 2 } },
      });
      await supervisor.ready();
      const raised = untilFact(supervisor, 'alarm.raised');
      isAway = true;
      await errorOf(supervisor.callTool('a', 'echo'));
      expect(await raised).toMatchObject({ actor: 'server:a', alarm: 'unreachable' });
      const connected = untilState(supervisor, 'a', 'connected');
      isAway = false;
      await connected;
    },
  );

  it('is noticed within 100 ms of the end of an open stream', async () => {
    const web = await serveMcp();
    const supervisor = await openStage().open({
      a: {
        url: `${web.origin}/mcp`,
        restart: { baseMs: 60_000, capMs: 60_000 },
        heartbeat: { timeoutMs: 200, misses: 1 },
      },
    });
    await supervisor.ready();
    await expect.poll(() => web.streams.size).toBe(1);
    const probed = untilFact(supervisor, 'probe.sent');
    const down = untilState(supervisor, 'a', 'backoff');
    const closedAt = Date.now();
    await web.close();
    expect(Date.parse((await probed).at) - closedAt).toBeLessThan(500);
    await down;
    expect(supervisor.status('a')).toMatchObject({
      state: 'backoff',
      lastFailure: { class: expect.stringMatching(/unreachable|disconnected|hung/) },
    });
  });
});
