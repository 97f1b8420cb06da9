import { describe, expect, it } from 'vitest';
import { command, commands, patience } from '../support/doors/commands.ts';
import { type Answer, muteWays, openMuteServer } from '../support/doors/mute-server.ts';

describe.each(Object.entries(muteWays))('against what accepts a connection and %s', (_, answer: Answer) => {
  it.each(commands)('`%s` ends with code 5, and says what does not answer', async (words) => {
    const { url } = await openMuteServer(answer);
    const { code, errors } = await command(url, ...words.split(' '));
    expect(code).toBe(5);
    expect(JSON.parse(errors)).toMatchObject({ code: 'NOT_ANSWERING', url, detail: expect.stringContaining(url) });
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
