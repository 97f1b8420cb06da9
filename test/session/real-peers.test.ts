import { createServer, type Server } from 'node:http';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js';
import { StreamableHTTPServerTransport } from '@modelcontextprotocol/sdk/server/streamableHttp.js';
import { afterEach, describe, expect, it } from 'vitest';
import type { SessionTarget } from '../../src/session/request.ts';
import { outcomeOf, type RecordedSession, sessionsVia, ways } from './sessions.ts';

const cleanups: (() => Promise<unknown>)[] = [];

function track(opened: RecordedSession): RecordedSession {
  cleanups.push(opened.close);
  return opened;
}

afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

/** A server of the SDK on a port of its own; `wait` answers never. */
async function listen(): Promise<string> {
  const { randomUUID } = await import('node:crypto');
  const transport = new StreamableHTTPServerTransport({ sessionIdGenerator: randomUUID });
  const mcp = new McpServer({ name: 'over-http', version: '1.0.0' });
  mcp.registerTool('greet', {}, async ({ sendNotification, _meta }) => {
    const progressToken = _meta?.progressToken;
    if (progressToken !== undefined)
      await sendNotification({ method: 'notifications/progress', params: { progressToken, progress: 1 } });
    return { content: [{ type: 'text', text: 'hello' }] };
  });
  mcp.registerTool('wait', {}, () => new Promise(() => {}));
  await mcp.connect(transport as Parameters<typeof mcp.connect>[0]);
  const server: Server = createServer((request, response) => void transport.handleRequest(request, response));
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  cleanups.push(async () => {
    await mcp.close();
    server.closeAllConnections();
    server.close();
  });
  const address = server.address();
  return `http://127.0.0.1:${typeof address === 'object' && address !== null ? address.port : 0}/mcp`;
}

function remote(url: string): SessionTarget {
  return {
    kind: 'remote',
    transport: 'streamable-http',
    url,
    headers: {},
    ca: null,
    proxy: null,
    fetch: 'own',
    authProvider: null,
  };
}

describe.each(ways)('a session %s', (_way, via) => {
  const { openTarget } = sessionsVia(via);
  describe('a session over Streamable HTTP', () => {
    it('is opened, called with progress, probed and ended', async () => {
      const url = await listen();
      const { session, heard } = track(openTarget(remote(url)));
      expect((await heard('initialized')).peer).toMatchObject({
        transport: 'streamable-http',
        serverInfo: { name: 'over-http' },
      });
      expect((await heard('ready')).lists.tools.map(({ name }) => name)).toEqual(['greet', 'wait']);
      const progress: number[] = [];
      const result = await session.request(
        'tools/call',
        { name: 'greet' },
        { onProgress: (heardNow) => progress.push(heardNow.progress) },
      );
      expect(result).toEqual({ content: [{ type: 'text', text: 'hello' }] });
      expect(progress).toEqual([1]);
      expect(await session.probe('ping')).toBeGreaterThan(0);
      expect(await outcomeOf(session.request('tools/call', { name: 'wait' }, { timeoutMs: 200 }))).toBe(
        'CALL_TIMED_OUT',
      );
      const inFlight = outcomeOf(session.request('tools/call', { name: 'wait' }));
      session.end('close');
      expect(await heard('ended')).toEqual({ type: 'ended', failure: null });
      expect(await inFlight).toBe('OUTCOME_UNKNOWN');
    });

    it('is told as unreachable, once, when nobody listens', async () => {
      const url = await listen();
      await cleanups.pop()?.();
      const { heard, types } = openTarget(remote(url));
      expect((await heard('ended')).failure).toMatchObject({ class: 'unreachable' });
      expect(types().filter((type) => type === 'failed' || type === 'ended').length).toBeLessThanOrEqual(2);
    });
  });

  describe('the everything server', () => {
    it('is listed whole and called', async () => {
      const program = createRequire(import.meta.url).resolve('@modelcontextprotocol/server-everything/dist/index.js');
      const { session, heard } = track(
        openTarget(
          {
            kind: 'stdio',
            command: process.execPath,
            args: [program],
            env: { PATH: process.env.PATH ?? '' },
            cwd: tmpdir(),
          },
          { capabilities: { sampling: {}, elicitation: {}, roots: {} } },
        ),
      );
      const { lists } = await heard('ready');
      expect(lists.problems).toEqual([]);
      expect(lists.tools.length).toBeGreaterThan(10);
      expect(lists.resources.length).toBeGreaterThan(0);
      expect(lists.resourceTemplates.length).toBeGreaterThan(0);
      expect(lists.prompts.length).toBeGreaterThan(0);
      expect(await session.request('tools/call', { name: 'echo', arguments: { message: 'hello' } })).toMatchObject({
        content: [{ type: 'text', text: expect.stringContaining('hello') }],
      });
      const asked = await heard('asked');
      expect(asked.method).toBe('roots/list');
      session.answer(asked.id, { result: { roots: [] } });
    });
  });
});
