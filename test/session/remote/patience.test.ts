/** What a supervisor makes of remote servers that say nothing, or not yet: time budgets, retries, probes. */

import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { describe, expect, it, onTestFinished } from 'vitest';
import { errorOf, openStage, quickRestart, untilFact, untilState } from '../../support/supervised.ts';
import { deadlineMs } from './heard.ts';
import { jsonOnly, reply, serve } from './web.ts';

/** Accepts connections and never says a word. */
async function serveSilence(): Promise<{ readonly origin: string; readonly sockets: Set<Socket> }> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => {}).once('close', () => sockets.delete(socket));
    socket.resume();
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    for (const socket of sockets) {
      socket.destroy();
    }
    server.close();
  });
  return { origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, sockets };
}

const slowRestart = { baseMs: 60_000, capMs: 60_000 };

describe('a server that accepts connections and never answers', () => {
  it.each([
    ['http', 'initializing'],
    ['sse', 'spawning'],
  ])('is given up when the time of the phase is over, and nothing stays open (%s)', async (transport, phase) => {
    const { origin, sockets } = await serveSilence();
    // The first remote link loads its code, too, which takes a busy machine some hundred milliseconds.
    const supervisor = await openStage().open({
      a: { url: `${origin}/mcp`, transport, startTimeoutMs: 1_500, restart: slowRestart },
    });
    await untilState(supervisor, 'a', 'backoff', { since: 0 });
    expect(supervisor.status('a')).toMatchObject({ attempt: 1, lastFailure: { class: 'timedOut', phase } });
    await expect.poll(() => sockets.size, { timeout: deadlineMs }).toBe(0);
  });

  it('does not hold up a stop, nor the end of the supervisor', async () => {
    const { origin, sockets } = await serveSilence();
    const entry = { url: `${origin}/mcp`, startTimeoutMs: 600_000, stop: { closeMs: 600_000 } };
    const supervisor = await openStage().open({ a: entry, b: entry });
    await expect.poll(() => sockets.size, { timeout: deadlineMs }).toBe(2);
    expect(await supervisor.send('a', { type: 'server.stop' })).toMatchObject({ outcome: 'done' });
    await expect.poll(() => sockets.size, { timeout: deadlineMs }).toBe(1);
    await supervisor.close();
    await expect.poll(() => sockets.size, { timeout: deadlineMs }).toBe(0);
  });
});

describe('a proxy that answers for a server that is away', () => {
  const page = {
    headers: { 'content-type': 'text/html', 'retry-after': '3600' },
    body: '<html>502 Bad Gateway</html>',
  };

  it('is asked again no sooner than it says, though no later than capMs', async () => {
    const web = await serve((_, response) => reply(response, 502, page));
    const supervisor = await openStage().open({
      a: { url: `${web.origin}/mcp`, restart: { baseMs: 1, capMs: 50_000 } },
    });
    const down = await untilState(supervisor, 'a', 'backoff', { since: 0 });
    const { nextRetryAt, lastFailure, attempt } = supervisor.status('a');
    expect({ lastFailure, attempt }).toMatchObject({
      lastFailure: { class: 'unreachable', code: 502, phase: 'initializing' },
      attempt: 0,
    });
    const waitMs = Date.parse(nextRetryAt ?? '') - Date.parse(down.at);
    expect(waitMs).toBeGreaterThan(45_000);
    expect(waitMs).toBeLessThan(55_000);
  });

  it('fails the call, and the session goes on if its server is back for the probe', async () => {
    let isAway = false;
    const web = await serve(
      jsonOnly((rpc, response) => isAway && rpc.method === 'tools/call' && reply(response, 502, page)),
    );
    const supervisor = await openStage().open({ a: { url: `${web.origin}/mcp` } });
    await supervisor.ready();
    const probed = untilFact(supervisor, 'probe.answered');
    isAway = true;
    expect(await errorOf(supervisor.callTool('a', 'echo'))).toMatchObject({ code: 'OUTCOME_UNKNOWN' });
    await probed;
    expect(supervisor.status('a')).toMatchObject({ state: 'connected', generation: 1 });
  });

  it('is no life: a session whose probes it answers ends, and is opened again when its server is back', async () => {
    let isAway = false;
    const web = await serve(jsonOnly((_, response) => isAway && reply(response, 502, { ...page, headers: {} })));
    const heartbeat = { timeoutMs: 50, misses: 1 };
    const supervisor = await openStage().open({ a: { url: `${web.origin}/mcp`, heartbeat, restart: quickRestart } });
    await supervisor.ready();
    const unreachable = untilFact(supervisor, 'server.failed', ({ failure }) => failure.class === 'unreachable');
    isAway = true;
    await errorOf(supervisor.callTool('a', 'echo'));
    await unreachable;
    expect(supervisor.status('a').lastFailure).toMatchObject({ class: 'unreachable', code: 502 });
    const back = untilState(supervisor, 'a', 'connected');
    isAway = false;
    await back;
  });
});
