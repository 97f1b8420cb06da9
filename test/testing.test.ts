import { InMemoryTransport } from '@modelcontextprotocol/sdk/inMemory.js';
import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { createSupervisor, type ServerEntry } from '../src/index.ts';
import { inMemoryServer, virtualClock } from '../src/testing.ts';
import { errorOf } from './support/supervised.ts';

/** A host that tests itself: no process, and no time but its own. */
async function openHost(entry: Partial<ServerEntry> = {}) {
  const clock = virtualClock();
  const server = inMemoryServer({
    echo: ({ text }) => String(text),
    never: (_, signal) => new Promise((resolve) => signal.addEventListener('abort', () => resolve('too late'))),
  });
  const supervisor = await createSupervisor({
    config: { mcpServers: { a: { transport: 'in-memory', ...entry } as ServerEntry } },
    transports: { 'in-memory': server.transport },
    clock,
    random: () => 0.5,
  });
  onTestFinished(() => supervisor.close());
  await supervisor.ready();
  return { clock, server, supervisor };
}

/** The same with a server of the SDK. */
async function openSdkHost() {
  const clock = virtualClock();
  const server = new McpServer({ name: 'sdk', version: '1' }, { capabilities: { logging: {} } });
  server.registerTool('first', {}, () => ({ content: [] }));
  const open = async () => {
    const [near, far] = InMemoryTransport.createLinkedPair();
    await server.connect(far);
    return near;
  };
  const config = { mcpServers: { a: { transport: 'sdk' } } };
  const supervisor = await createSupervisor({ config, transports: { sdk: open }, clock });
  onTestFinished(() => supervisor.close());
  await supervisor.ready();
  return { clock, server, supervisor };
}

/** The lines of our source that have set a timer of Node's from now on. */
function watchRealTimers(): ReadonlySet<string> {
  const setters = new Set<string>();
  for (const name of ['setTimeout', 'setInterval'] as const) {
    const real = globalThis[name] as (...args: readonly unknown[]) => unknown;
    vi.spyOn(globalThis, name).mockImplementation(((...args: readonly unknown[]) => {
      const frames = (new Error('who set it').stack ?? '').split('\n').slice(1);
      const caller = frames.find((frame) => !frame.includes('testing.test.ts') && !frame.includes('@vitest'));
      if (caller?.includes('/src/') === true && !caller.includes('node_modules')) setters.add(caller.trim());
      return real(...args);
    }) as never);
  }
  onTestFinished(() => {
    vi.restoreAllMocks();
  });
  return setters;
}

describe('a host under test, by a virtual clock', () => {
  it('sees a server come back after a crash exactly when it should', async () => {
    const { clock, server, supervisor } = await openHost();
    await server.crash();
    await clock.advance(0);
    const { state, nextRetryAt } = supervisor.status('a');
    expect(state).toBe('backoff');
    // Half of the base, and half of that half by chance.
    expect(Date.parse(nextRetryAt ?? '') - clock.now()).toBe(375);
    await clock.advance(374);
    expect(supervisor.status('a').state).toBe('backoff');
    await clock.advance(1);
    expect(supervisor.status('a')).toMatchObject({ state: 'connected', generation: 2 });
    expect(server.sessions).toBe(2);
  });

  it('sees a call time out', async () => {
    const { clock, supervisor } = await openHost();
    const call = errorOf(supervisor.callTool('a', 'never', {}, { timeoutMs: 90_000 }));
    await clock.advance(89_000);
    expect(supervisor.status('a').counts.inFlight).toBe(1);
    await clock.advance(1_001);
    expect(await call).toMatchObject({ code: 'CALL_TIMED_OUT', details: { timeoutMs: 90_000 } });
    expect(supervisor.status('a').state).toBe('connected');
  });

  it('sees a hung server found, ended and started again', async () => {
    const { clock, server, supervisor } = await openHost();
    server.hang();
    await clock.advance(120_000);
    expect(supervisor.status('a')).toMatchObject({ state: 'connected', generation: 2, lastFailure: { class: 'hung' } });
    const { content } = await supervisor.callTool('a', 'echo', { text: 'again' });
    expect(content).toEqual([{ type: 'text', text: 'again' }]);
  });

  it('sees a list read again once it has changed, and has rested', async () => {
    const { clock, server, supervisor } = await openSdkHost();
    const names = () => supervisor.tools().map(({ name }) => name);
    server.registerTool('second', {}, () => ({ content: [] }));
    await clock.advance(299);
    expect(names()).toEqual(['first']);
    await clock.advance(1);
    expect(names()).toEqual(['first', 'second']);
  });

  it('has an answer over HTTP once `?wait` is over', async () => {
    const clock = virtualClock();
    const supervisor = await createSupervisor({
      config: { mcpServers: { a: { transport: 'silent', startTimeoutMs: 600_000 } } },
      transports: {
        silent: (_, signal) =>
          new Promise((_, reject) => signal.addEventListener('abort', () => reject(new Error('given up')))),
      },
      clock,
    });
    onTestFinished(() => supervisor.close());
    const app = supervisor.httpApp();
    const post = async (path: string, body: object) => {
      const headers = { 'content-type': 'application/json' };
      const answer = await app.request(path, { method: 'POST', headers, body: JSON.stringify(body) });
      return { status: answer.status, body: await answer.json() };
    };
    const one = post('/api/servers/a/events?wait=60000', { type: 'server.start' });
    const many = post('/api/events?wait=60000', { type: 'server.start', servers: ['a'] });
    const isOver = vi.fn<() => void>();
    void Promise.race([one, many]).then(isOver);
    await clock.advance(59_999);
    expect(isOver).not.toHaveBeenCalled();
    await clock.advance(1);
    expect(await one).toMatchObject({ status: 202, body: { server: { state: 'starting' } } });
    expect(await many).toMatchObject({ status: 200, body: { outcomes: [{ outcome: null, state: 'starting' }] } });
  });

  it('sees what is told once a second', async () => {
    const { clock, server, supervisor } = await openSdkHost();
    for (let sent = 0; sent < 15; sent += 1) await server.sendLoggingMessage({ level: 'info', data: sent });
    const told = async () => (await supervisor.journal({ type: 'session.notified' })).facts;
    await clock.advance(999);
    expect(await told()).toHaveLength(10);
    await clock.advance(1);
    expect((await told()).slice(10)).toMatchObject([{ count: 5 }]);
  });

  it('sets no timer that goes by real time, except for how late the event loop is', async () => {
    const setters = watchRealTimers();
    const { clock, server, supervisor } = await openHost();
    const call = errorOf(supervisor.callTool('a', 'never', {}, { timeoutMs: 1_000 }));
    await clock.advance(1_001);
    await call;
    server.hang();
    await clock.advance(120_000);
    await server.crash();
    await clock.advance(10_000);
    const ready = supervisor.ready({ timeoutMs: 30_000 });
    await clock.advance(30_000);
    await ready;
    expect(supervisor.status('a').generation).toBe(3);
    expect([...setters].filter((frame) => !frame.includes('loop-lag.ts'))).toEqual([]);
  });

  it('waits for readiness no longer than it says', async () => {
    const { clock, server, supervisor } = await openHost({ restart: { baseMs: 600_000, capMs: 600_000 } });
    await server.crash();
    await clock.advance(0);
    const ready = supervisor.ready({ timeoutMs: 30_000 });
    const ensured = errorOf(supervisor.ensureConnected(['a'], { timeoutMs: 30_000 }));
    await clock.advance(30_000);
    expect((await ready).notReady.map(({ name }) => name)).toEqual(['a']);
    expect(await ensured).toMatchObject({ code: 'CALL_TIMED_OUT' });
  });
});
