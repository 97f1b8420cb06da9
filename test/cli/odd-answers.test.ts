import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { usualPatience } from '../../src/http/client/patience.ts';
import { command, commands, commandWithin } from '../support/doors/commands.ts';
import { type Answer, openMuteServer, wantedBy } from '../support/doors/mute-server.ts';

const mebibyte = Buffer.alloc(1024 * 1024, 'x');

/** As fast as it is read, until the reader goes. */
function pour(piece: Buffer): Answer {
  return (request, response) => {
    response.writeHead(200, { 'content-type': wantedBy(request) });
    const more = (): void => {
      while (!response.destroyed && response.write(piece));
      if (!response.destroyed) response.once('drain', more);
    };
    more();
  };
}

function say(text: string, headers: Readonly<Record<string, string>> = {}): Answer {
  return (request, response) => {
    response.writeHead(200, { 'content-type': wantedBy(request), ...headers }).end(text);
  };
}

const bomb = gzipSync(Buffer.concat([Buffer.from('['), Buffer.alloc(300_000_000, '[],'), Buffer.from('[]]')]));

const answers: Readonly<Record<string, Answer>> = {
  'closes at once': (request) => void request.socket.destroy(),
  'breaks off in the middle of its answer': (request, response) => {
    response.writeHead(200, { 'content-type': wantedBy(request), 'content-length': '1000' });
    response.write('{"servers": [', () => request.socket.destroy());
  },
  'answers with a page': say('<html>hello</html>', { 'content-type': 'text/html' }),
  'answers with nothing': say(''),
  'answers with JSON of another kind': say('[null, {"constructor": 1}]'),
  'answers with bytes that are no text': (_, response) =>
    void response.writeHead(200).end(Buffer.from([0xff, 0, 0xfe])),
  'answers with an error page': (_, response) => void response.writeHead(502).end('<html>Bad Gateway</html>'),
  'sends another way': (_, response) => void response.writeHead(302, { location: 'http://127.0.0.1:1/' }).end(),
  'speaks no HTTP': (request) => void request.socket.end('SSH-2.0-OpenSSH_9.2\r\n'),
};

describe.each(Object.entries(answers))('against what %s', (_, answer) => {
  it.each(commands)('`%s` ends with an error of its own that says what to do', async (words) => {
    const { url } = await openMuteServer(answer);
    const { code, errors } = await command(url, ...words.split(' '));
    const told = JSON.parse(errors);
    expect([told.code, code]).toBeOneOf([
      ['UNEXPECTED_ANSWER', 1],
      ['NOT_RUNNING', 3],
      ['NOT_ANSWERING', 5],
      ['OUTCOME_UNKNOWN', 1],
    ]);
    if (told.code !== 'OUTCOME_UNKNOWN') expect(told.detail).toContain('--url');
  });
});

const endless: Readonly<Record<string, Answer>> = {
  'answers without end': pour(mebibyte),
  'answers with events of nothing, without end': pour(Buffer.from(`data: ${'x'.repeat(500)}\n`.repeat(2_000))),
  'answers with a bomb of gzip': (request, response) => {
    response.writeHead(200, { 'content-type': wantedBy(request), 'content-encoding': 'gzip' }).end(bomb);
  },
};

describe.each(Object.entries(endless))('against what %s', (_, answer) => {
  it.each(['status', 'tools one', 'call one echo', 'status --watch'])('`%s` ends by its size', async (words) => {
    const { url } = await openMuteServer(answer);
    const { code, errors } = await commandWithin(usualPatience, url, ...words.split(' '));
    expect(JSON.parse(errors)).toMatchObject({ code: 'UNEXPECTED_ANSWER', detail: expect.stringContaining('larger') });
    expect(code).toBe(1);
  });
});
