import { describe, expect, it, onTestFinished } from 'vitest';
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
