import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { describe, expect, it } from 'vitest';
import * as z from 'zod';
import { createApiClient } from '../../../src/http/client/client.ts';
import { type Answer, type MuteServer, muteWays, openMuteServer } from '../../support/doors/mute-server.ts';
import { until } from '../../support/processes.ts';

/** A server whose only answer is a stream with one event, without an end. */
async function openEndless(): Promise<MuteServer> {
  return await openMuteServer((_, response) => {
    response.writeHead(200, { 'content-type': 'text/event-stream' }).write('event: one\ndata: 1\n\n');
  });
}

describe('a stream that is read', () => {
  it('ends when its signal aborts, also after the garbage of its request was collected', async () => {
    setFlagsFromString('--expose-gc');
    const collect: () => void = runInNewContext('gc');
    const { url, open } = await openEndless();
    const ending = new AbortController();
    const stream = createApiClient({ url, token: null }).stream('/', { signal: ending.signal })[Symbol.asyncIterator]();
    expect((await stream.next()).value).toEqual({ id: null, event: 'one', data: 1 });
    const end = stream.next().then(
      () => 'an event',
      (error: unknown) => (error instanceof Error ? error.name : error),
    );
    // What is held weakly is let go only between two turns of the event loop.
    for (let turn = 0; turn < 5; turn += 1) {
      collect();
      await new Promise(setImmediate);
    }
    ending.abort();
    expect(await end).toBe('AbortError');
    await until('the connection is closed', () => open() === 0);
  });
});

const patience = { answerMs: 60, marginMs: 40, silenceMs: 90 };
const silent = (timeoutMs: number) => ({ code: 'NOT_ANSWERING', details: { timeoutMs } });

async function eventsOf(stream: AsyncIterable<unknown>): Promise<readonly unknown[]> {
  const events: unknown[] = [];
  for await (const event of stream) events.push(event);
  return events;
}

describe.each(Object.entries(muteWays))('of what %s', (_, answer: Answer) => {
  it('an answer is given up, and its connection closed', async () => {
    const { url, open } = await openMuteServer(answer);
    const client = createApiClient({ url, token: null, patience });
    await expect(client.get('/', z.unknown())).rejects.toMatchObject(silent(60));
    await expect(client.text('/')).rejects.toMatchObject(silent(60));
    await expect(client.post('/', z.unknown(), { grantedMs: 30 })).rejects.toMatchObject(silent(70));
    await until('the connections are closed', () => open() === 0);
  });

  it('a stream is given up, and its connection closed', async () => {
    const { url, open } = await openMuteServer(answer);
    const { stream } = createApiClient({ url, token: null, patience });
    await expect(eventsOf(stream('/'))).rejects.toMatchObject({ code: 'NOT_ANSWERING' });
    await until('the connection is closed', () => open() === 0);
  });

  it('an aborted request is over at once', async () => {
    const { url } = await openMuteServer(answer);
    const client = createApiClient({ url, token: null });
    const signal = AbortSignal.timeout(20);
    await expect(client.get('/', z.unknown(), { signal })).rejects.toMatchObject({ name: 'TimeoutError' });
    await expect(eventsOf(client.stream('/', { signal }))).rejects.toMatchObject({ name: 'TimeoutError' });
  });
});

describe('a stream with a heartbeat', () => {
  const beating: Answer = (_, response) => {
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    let beats = 0;
    const beat = setInterval(() => {
      beats += 1;
      if (beats < 20) response.write(': \n\n');
      else response.end('data: 1\n\n');
    }, 20);
    response.on('close', () => clearInterval(beat));
  };
  // A busy machine may hold up a heartbeat: a long silence is granted, and the events take longer still.
  const silenceMs = 300;

  it('lives for as long as it beats', async () => {
    const { url } = await openMuteServer(beating);
    const { stream } = createApiClient({ url, token: null, patience: { ...patience, answerMs: 5_000, silenceMs } });
    expect(await eventsOf(stream('/'))).toHaveLength(1);
  });

  it('is given up when its next event takes longer than was granted', async () => {
    const { url } = await openMuteServer(beating);
    const { stream } = createApiClient({ url, token: null, patience: { ...patience, silenceMs: 60_000 } });
    await expect(eventsOf(stream('/', { grantedMs: 10 }))).rejects.toMatchObject(silent(50));
  });
});
