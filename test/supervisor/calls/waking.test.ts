import { getEventListeners } from 'node:events';
import { describe, expect, it } from 'vitest';
import { errorOf, openStage, untilState } from '../../support/supervised.ts';

/** The two ways to wait for a server that takes its time: a call without a limit, and `ensureConnected`. */
async function awaitSlowly() {
  const stage = openStage();
  const supervisor = await stage.open({ a: stage.program('slow-start', { lazy: true }, ['60000']) });
  const { signal } = new AbortController();
  const starting = untilState(supervisor, 'a', 'starting');
  const waiting = [
    errorOf(supervisor.callTool('a', 'echo', { text: 'hi' }, { signal, timeoutMs: 600_000 })),
    errorOf(supervisor.ensureConnected(['a'], { signal })),
  ];
  await starting;
  return { supervisor, signal, errors: Promise.all(waiting) };
}

describe('a caller that waits for a server to be connected', () => {
  it('is told at once when a person stops it', async () => {
    const { supervisor, signal, errors } = await awaitSlowly();
    expect(getEventListeners(signal, 'abort')).not.toEqual([]);
    await supervisor.send('a', { type: 'server.stop' });
    const refused = { code: 'SERVER_NOT_CONNECTED', details: { server: 'a', state: 'stopping' } };
    expect(await errors).toMatchObject([refused, refused]);
    expect(getEventListeners(signal, 'abort')).toEqual([]);
  });

  it('is told when it is removed', async () => {
    const { supervisor, signal, errors } = await awaitSlowly();
    await supervisor.remove('a');
    expect(await errors).toMatchObject([{ code: 'SERVER_NOT_CONNECTED' }, { code: 'SERVER_NOT_CONNECTED' }]);
    expect(getEventListeners(signal, 'abort')).toEqual([]);
  });

  it('is told when everything ends', async () => {
    const { supervisor, signal, errors } = await awaitSlowly();
    await supervisor.close();
    for (const error of await errors) expect(error).toMatchObject({ code: 'SERVER_NOT_CONNECTED' });
    expect(getEventListeners(signal, 'abort')).toEqual([]);
  });

  it('leaves no listener behind when it is connected', async () => {
    const stage = openStage();
    const supervisor = await stage.open({ a: stage.program('slow-start', { lazy: true }, ['50']) });
    const { signal } = new AbortController();
    await supervisor.ensureConnected(['a'], { signal });
    expect(getEventListeners(signal, 'abort')).toEqual([]);
  });
});

describe('a server whose actor dies of a bug while somebody waits for it', () => {
  const cursedMs = 54_321;
  const clock = {
    now: () => Date.now(),
    setTimeout(callback: () => void, delayMs: number) {
      if (delayMs === cursedMs) throw new Error('a bug in the clock');
      return setTimeout(callback, delayMs);
    },
    clearTimeout: (timer: unknown) => clearTimeout(timer as NodeJS.Timeout),
  };

  it.each([
    ['in its first step', { startTimeoutMs: cursedMs }],
    ['on reaching connected', { restart: { stableAfterMs: cursedMs } }],
  ])('is told as not connected at once: %s', async (_, entry) => {
    const stage = openStage();
    const supervisor = await stage.open({ a: stage.program('speak', { lazy: true, ...entry }) }, {}, { clock });
    const { signal } = new AbortController();
    const waiting = [
      errorOf(supervisor.callTool('a', 'echo', { text: 'hi' }, { signal, timeoutMs: 600_000 })),
      errorOf(supervisor.ensureConnected(['a'], { signal })),
    ];
    const refused = { code: 'SERVER_NOT_CONNECTED', details: { server: 'a', state: 'failed' } };
    expect(await Promise.all(waiting)).toMatchObject([refused, refused]);
    expect(getEventListeners(signal, 'abort')).toEqual([]);
  });
});
