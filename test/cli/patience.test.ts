import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { runCommandLine } from '../../src/cli/program.ts';
import { createScreen } from '../../src/cli/screen/screen.ts';
import { type Answer, muteWays, openMuteServer } from '../support/doors/mute-server.ts';
import { createScratchFolder } from '../support/scratch-folder.ts';

const patience = { answerMs: 60, marginMs: 50, silenceMs: 90 };

interface Ended {
  readonly code: number;
  readonly errors: string;
}

/** Runs a command in this process against what is at the URL. */
async function command(url: string, ...words: readonly string[]): Promise<Ended> {
  const folder = createScratchFolder();
  const config = join(folder, 'mcp.json');
  writeFileSync(config, '{"mcpServers": {}}');
  let errors = '';
  const stderr = new PassThrough().on('data', (chunk) => {
    errors += String(chunk);
  });
  const { signal } = new AbortController();
  const code = await runCommandLine({
    argv: [...words, '--url', url, '--json'],
    program: [],
    env: { MCPVISOR_CONFIG: config },
    cwd: folder,
    home: folder,
    uid: 0,
    pid: 1,
    platform: 'linux',
    version: '0.0.0',
    nodeVersion: process.version,
    stdin: new PassThrough(),
    stdout: createScreen(new PassThrough().resume()),
    stderr: createScreen(stderr),
    patience,
    stay: () => ({ signal, atOnce: signal }),
  });
  return { code, errors };
}

const commands = [
  'status',
  'status --tree',
  'status --watch',
  'start one --timeout 20',
  'stop --all --timeout 20',
  'restart one --timeout 20',
  'retry one --no-wait',
  'reset one --timeout 20',
  'ensure one --timeout 20',
  'tools',
  'tools one',
  'call one echo',
  'call one echo message=hi',
  'call one echo --timeout 20',
  'logs one',
  'logs one -f',
  'events',
  'events -f',
  'plan',
  'down --timeout 20',
];

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
