import { getEventListeners } from 'node:events';
import { describe, expect, it } from 'vitest';
import { errorOf, openStage, untilState } from '../../support/supervised.ts';

/** A server that nobody listens for: it is tried for ever. */
const unreachable = { url: 'http://127.0.0.1:1/mcp', restart: { baseMs: 600_000, capMs: 600_000 } };

describe('a command whose sender has limited time', () => {
  it('is given up with the status of the server, and goes on', async () => {
    const supervisor = await openStage().open({ a: unreachable });
    // The code for remote servers is loaded at the first start.
    await untilState(supervisor, 'a', 'backoff', { since: 0 });
    const startedAt = performance.now();
    const error = await errorOf(supervisor.send('a', { type: 'server.start' }, { timeoutMs: 500 }));
    expect(performance.now() - startedAt).toBeLessThan(3_000);
    expect(error).toMatchObject({
      code: 'COMMAND_TIMED_OUT',
      details: { server: 'a', command: 'server.start', timeoutMs: 500, serverStatus: supervisor.status('a') },
      message: expect.stringContaining('it is in "backoff"'),
    });
    expect(supervisor.status('a')).toMatchObject({ state: 'backoff', wanted: 'up' });
  });

  it('is given up when the signal aborts, and not sent if it has', async () => {
    const supervisor = await openStage().open({ a: unreachable });
    await untilState(supervisor, 'a', 'backoff', { since: 0 });
    const giving = new AbortController();
    const sent = errorOf(supervisor.send('a', { type: 'server.start' }, { signal: giving.signal }));
    giving.abort();
    expect(await sent).toMatchObject({ code: 'CALL_CANCELLED', details: { server: 'a', method: 'server.start' } });
    expect(getEventListeners(giving.signal, 'abort')).toEqual([]);
    const stop = errorOf(supervisor.send('a', { type: 'server.stop' }, { signal: giving.signal }));
    expect(await stop).toMatchObject({ code: 'CALL_CANCELLED' });
    expect(supervisor.status('a').wanted).toBe('up');
  });

  it('is answered as ever when it settles in time', async () => {
    const stage = openStage();
    const supervisor = await stage.open({ a: stage.program('speak', { disabled: true }) });
    const outcome = await supervisor.send('a', { type: 'server.start' }, { timeoutMs: 30_000 });
    expect(outcome.outcome).toBe('done');
    await supervisor.send('a', { type: 'server.stop' });
  });
});
