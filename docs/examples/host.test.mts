/**
 * The tests of a host: what it does when a server crashes, hangs or is slow, in milliseconds of a clock that the test
 * moves. No process is started, and no time passes.
 *
 *   npm install --save-dev vitest && npx vitest run host.test.mts
 */

import { createSupervisor, isMcpvisorError } from 'mcpvisor';
import { inMemoryServer, virtualClock } from 'mcpvisor/testing';
import { expect, onTestFinished, test } from 'vitest';

async function openHost() {
  const clock = virtualClock();
  const server = inMemoryServer({
    echo: ({ text }) => String(text),
    never: () => new Promise<string>(() => {}),
  });
  const supervisor = await createSupervisor({
    config: { mcpServers: { notes: { transport: 'in-memory' } } },
    transports: { 'in-memory': server.transport },
    clock,
    random: () => 0.5,
  });
  onTestFinished(() => supervisor.close());
  await supervisor.ready();
  return { clock, server, supervisor };
}

/** What a promise is rejected with. */
async function errorOf(promise: Promise<unknown>): Promise<unknown> {
  return promise.then(
    () => expect.unreachable(),
    (error: unknown) => error,
  );
}

test('a server that crashed is started again to the millisecond', async () => {
  const { clock, server, supervisor } = await openHost();
  await server.crash();
  await clock.advance(374);
  expect(supervisor.status('notes').state).toBe('backoff');
  await clock.advance(1);
  expect(supervisor.status('notes')).toMatchObject({ state: 'connected', generation: 2 });
});

test('each crash waits longer, until the server has failed for good', async () => {
  const { clock, server, supervisor } = await openHost();
  const delays: number[] = [];
  while (supervisor.status('notes').state !== 'failed') {
    await server.crash();
    await clock.advance(0);
    const { nextRetryAt } = supervisor.status('notes');
    if (nextRetryAt === null) continue;
    delays.push(Date.parse(nextRetryAt) - clock.now());
    await clock.advance(delays.at(-1) ?? 0);
  }
  expect(delays).toEqual([375, 750, 1_500, 3_000, 6_000, 12_000, 22_500]);
  expect(await errorOf(supervisor.callTool('notes', 'echo'))).toMatchObject({ code: 'SERVER_NOT_CONNECTED' });

  // A person has mended it.
  await supervisor.send('notes', { type: 'server.start' });
  expect(supervisor.status('notes')).toMatchObject({ state: 'connected', attempt: 0 });
});

test('a server that hangs is found, ended and replaced', async () => {
  const { clock, server, supervisor } = await openHost();
  server.hang();
  await clock.advance(120_000);
  expect(supervisor.status('notes')).toMatchObject({ state: 'connected', lastFailure: { class: 'hung' } });
  expect(server.sessions).toBe(2);
});

test('a call that takes too long is given up, and the server goes on', async () => {
  const { clock, supervisor } = await openHost();
  const call = errorOf(supervisor.callTool('notes', 'never', {}, { timeoutMs: 90_000 }));
  await clock.advance(90_000);
  expect(isMcpvisorError(await call, 'CALL_TIMED_OUT')).toBe(true);
  expect(await supervisor.callTool('notes', 'echo', { text: 'still there' })).toMatchObject({
    content: [{ type: 'text', text: 'still there' }],
  });
});
