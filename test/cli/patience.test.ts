import { describe, expect, it } from 'vitest';
import { serverStates } from '../../src/supervisor/contract/status.ts';
import { command, commands, patience } from '../support/doors/commands.ts';
import { type Answer, muteWays, openMuteServer, wantedBy } from '../support/doors/mute-server.ts';

/** Far more than the patience of these tests, and than the usual 60 to 700 ms; far less than the usual patience. */
const mostMs = 5_000;

describe.each(Object.entries(muteWays))('against what accepts a connection and %s', (what, answer: Answer) => {
  it.each(commands)('`%s` ends soon with code 5, and says what does not answer', async (words) => {
    const { url } = await openMuteServer(answer);
    const startedAt = performance.now();
    const { code, errors } = await command(url, ...words.split(' '));
    const tookMs = Math.round(performance.now() - startedAt);
    process.stdout.write(`\`${words}\` against what ${what}: ended after ${tookMs} ms\n`);
    expect(code).toBe(5);
    expect(JSON.parse(errors)).toMatchObject({ code: 'NOT_ANSWERING', url, detail: expect.stringContaining(url) });
    expect(tookMs).toBeLessThan(mostMs);
  });
});

describe('a stream that was followed', () => {
  it('ends with code 5 when not even its heartbeat is heard any more', async () => {
    const { url } = await openMuteServer((request, response) => {
      const isStream = request.headers.accept === 'text/event-stream';
      response.writeHead(200, { 'content-type': isStream ? 'text/event-stream' : 'application/json' });
      if (isStream) response.write(': \n\n');
      else response.end('{"facts": [], "next": null}');
    });
    const { code, errors } = await command(url, 'events', '-f');
    expect(code).toBe(5);
    expect(JSON.parse(errors)).toMatchObject({ code: 'NOT_ANSWERING', timeoutMs: patience.silenceMs });
  });
});

describe('`status --watch`', () => {
  it('ends with what is wrong when the stream goes on and the status is one no longer', async () => {
    const status = {
      startedAt: '2026-01-01T00:00:00.000Z',
      version: '0.0.0',
      state: 'running',
      substate: null,
      counts: Object.fromEntries(serverStates.map((state) => [state, 0])),
      clientProcess: null,
      store: {
        kind: 'memory',
        address: 'memory:',
        state: 'ok',
        since: '2026-01-01T00:00:00.000Z',
        reason: null,
        queued: { servers: 0, facts: 0 },
        lost: { servers: 0, facts: 0, since: null },
      },
      configVersion: 0,
      alarms: [],
      servers: [],
    };
    const bodies = [JSON.stringify(status)];
    const { url } = await openMuteServer((request, response) => {
      response.writeHead(200, { 'content-type': wantedBy(request) });
      if (request.url !== '/api/events') return response.end(bodies.pop() ?? '[]');
      const heartbeat = setInterval(() => response.write(': \n\n'), 10);
      response.on('close', () => clearInterval(heartbeat));
    });
    const { code, errors } = await command(url, 'status', '--watch');
    expect(JSON.parse(errors)).toMatchObject({ code: 'UNEXPECTED_ANSWER', url });
    expect(code).toBe(1);
  });
});

describe('down', () => {
  it('ends when the control plane has said that it ends, and then says nothing', async () => {
    const { url } = await openMuteServer((request, response) => {
      if (request.method === 'POST')
        response.writeHead(202, { 'content-type': 'application/json' }).end('{"shuttingDown": true}');
    });
    const { code, errors } = await command(url, 'down', '--timeout', '20');
    expect(code).toBe(5);
    expect(JSON.parse(errors)).toMatchObject({ code: 'NOT_ENDED' });
  });
});
