import { writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { McpvisorError, type ServerMessage, type Supervisor, type SupervisorOptions } from '../../src/index.ts';
import { underAttack } from '../support/loop-delay.ts';
import { createScratchFolder } from '../support/scratch-folder.ts';
import { type Entries, errorOf, factsSoFar, openStage, textOf, untilFact, untilState } from '../support/supervised.ts';

const secrets = {
  literal: 'canary-literal-1f7a',
  fromEnv: 'canary-env-22c9',
  fromFile: 'canary-file-9b01',
  fromEnvFile: 'canary-envfile-7d44',
  inArgs: 'canary-args-03ee',
  inHeader: 'canary-header-51aa',
  inUrl: 'canary/url 6c&2b',
};

interface Observed {
  readonly supervisor: Supervisor;
  /** Everything that shows what goes on: facts, log lines, status, snapshots. */
  everything(): Promise<string>;
}

async function observe(servers: Entries, options: SupervisorOptions = {}): Promise<Observed> {
  const lines: string[] = [];
  const write = (fields: unknown, sentence: string) => void lines.push(`${JSON.stringify(fields)} ${sentence}`);
  const logger = { trace: write, debug: write, info: write, warn: write, error: write, fatal: write };
  const supervisor = await openStage().open(servers, {}, { ...options, logger });
  const look = (after: string) =>
    lines.push(
      JSON.stringify([
        after,
        supervisor.status(),
        ...Object.keys(servers).flatMap((name) => [supervisor.snapshot(name), supervisor.instructions(name)]),
      ]),
    );
  const watching = (async () => {
    for await (const { type } of supervisor.facts({ since: 0 })) look(type);
  })();
  return {
    supervisor,
    async everything() {
      look('all');
      const facts = await factsSoFar(supervisor);
      await supervisor.close();
      await watching;
      return [...lines, ...facts.map((fact) => JSON.stringify(fact))].join('\n');
    },
  };
}

function expectNone(text: string): void {
  for (const secret of Object.values(secrets)) {
    for (const form of [secret, encodeURIComponent(secret), Buffer.from(secret).toString('base64')]) {
      const at = text.indexOf(form);
      expect(at === -1 ? '' : text.slice(Math.max(0, at - 300), at + form.length + 30)).toBe('');
    }
  }
}

describe('a server that tells its secrets wherever it can', () => {
  const openTalkative = async (args: readonly string[] = [], messages: ServerMessage[] = []) => {
    const folder = createScratchFolder();
    writeFileSync(join(folder, 'token'), secrets.fromFile);
    writeFileSync(join(folder, 'env'), `SECRET_ENV_FILE=${secrets.fromEnvFile}\n`);
    const { program } = openStage();
    const talkative = program(
      'tells-its-secrets',
      {
        env: {
          SECRET_LITERAL: secrets.literal,
          SECRET_ENV: `\${SOME_VARIABLE}`,
          SECRET_FILE: `\${file:${join(folder, 'token')}}`,
        },
        envFile: join(folder, 'env'),
        restart: { baseMs: 60_000, capMs: 60_000 },
      },
      [...args, `SECRET_ARG=\${SOME_ARGUMENT}`],
    );
    const env = { ...process.env, SOME_VARIABLE: secrets.fromEnv, SOME_ARGUMENT: secrets.inArgs };
    return observe({ a: talkative }, { env, onNotification: (message) => void messages.push(message) });
  };
  const told = [secrets.literal, secrets.fromEnv, secrets.fromFile, secrets.fromEnvFile, secrets.inArgs];

  it('tells them to its caller, and to nobody else', async () => {
    const messages: ServerMessage[] = [];
    const { supervisor, everything } = await openTalkative([], messages);
    await supervisor.ready();
    const progress: unknown[] = [];
    const result = textOf(
      await supervisor.callTool('a', 'tell', {}, { onProgress: (step) => void progress.push(step) }),
    );
    const error = await errorOf(supervisor.callTool('a', 'fail'));
    const down = untilState(supervisor, 'a', 'backoff');
    const notified = untilFact(supervisor, 'session.notified', ({ method }) => method !== 'notifications/message');
    await underAttack('secrets told wherever there are words', async () => {
      await supervisor.callTool('a', 'notify');
      await notified;
      await supervisor.callTool('a', 'ask');
      await errorOf(supervisor.callTool('a', 'exit'));
      await down;
    });
    for (const secret of told) {
      expect(result).toContain(secret);
      expect(JSON.stringify(progress)).toContain(secret);
      expect(error instanceof McpvisorError && error.message).toContain(secret);
      expect(JSON.stringify(messages)).toContain(secret);
    }
    const refused = await errorOf(supervisor.callTool('a', 'tell'));
    const text = await everything();
    expectNone(`${refused} ${JSON.stringify(refused)}`);
    expect(text).toContain('gone because of');
    expect(text).toContain('use it with');
    expectNone(text);
  });

  it('tells nobody when it refuses to start', async () => {
    const { supervisor, everything } = await openTalkative(['refuses']);
    await untilState(supervisor, 'a', 'backoff', { since: 0 });
    expect(supervisor.status('a').lastFailure).toMatchObject({ class: 'handshakeFailed' });
    const refused = await errorOf(supervisor.ensureConnected(['a'], { retries: false }));
    const rejected = await errorOf(Promise.all([supervisor.send('a', { type: 'server.start' }), supervisor.close()]));
    expectNone(`${refused} ${JSON.stringify(refused)} ${rejected} ${JSON.stringify(rejected)}`);
    expectNone(await everything());
  });
});

describe('a server whose specification cannot be expanded', () => {
  it.each([
    ['a file is not there', { command: 'x', args: [`\${file:/nowhere/\${SOME_ARGUMENT}}`] }],
    ['its envFile is not there', { command: 'x', envFile: `/nowhere/\${SOME_ARGUMENT}/env` }],
    ['its address begins with something else', { url: `\${SOME_ARGUMENT}:\${SOME_ARGUMENT}` }],
  ])('tells nobody what had been, if %s', async (_, entry) => {
    const { supervisor, everything } = await observe({ a: entry }, { env: { SOME_ARGUMENT: secrets.inArgs } });
    await supervisor.ready();
    expect(supervisor.status('a')).toMatchObject({ state: 'failed', lastFailure: { class: 'misconfigured' } });
    const refused = await errorOf(supervisor.callTool('a', 'tell'));
    expectNone(`${refused} ${JSON.stringify(refused)}`);
    expectNone(await everything());
  });
});

describe('a secret that happens to be a word of ours', () => {
  it('changes nothing that is decided or shown by that word', async () => {
    const { program, open } = openStage();
    const env = {
      A: 'initializing',
      B: 'exitCode',
      C: 'transport',
      D: 'unauthorized',
      E: 'protocolVersion',
      F: '2025-11-25',
      G: 'connected',
    };
    const supervisor = await open({
      a: program('speak', { env, restart: { maxConsecutive: 1 } }),
      b: program('exits-at-once', { env, restart: { maxConsecutive: 1 } }, ['3']),
    });
    await supervisor.ready();
    expect(supervisor.status('a')).toMatchObject({
      state: 'connected',
      transport: 'stdio',
      protocolVersion: '2025-11-25',
    });
    expect(supervisor.status('b').lastFailure).toMatchObject({
      class: 'exited',
      phase: 'initializing',
      exitCode: 3,
      signal: null,
    });
    expect(await untilFact(supervisor, 'session.opened', undefined, { since: 0 })).toMatchObject({
      transport: 'stdio',
      protocolVersion: '2025-11-25',
    });
  });
});

describe('a remote server that gives back what it was sent', () => {
  const statuses = [400, 401, 404, 500];

  it.each(statuses)('with status %i, tells nobody', async (status) => {
    const server = createServer((request, response) => {
      const words = `${request.url} ${decodeURIComponent(request.url ?? '')} ${request.headers.authorization} ${request.headers['x-key']}`;
      response.writeHead(status, {
        'www-authenticate': `Bearer error="${request.headers['x-key']}"`,
        'content-type': 'application/json',
      });
      response.end(JSON.stringify({ jsonrpc: '2.0', id: null, error: { code: -32_000, message: words, data: words } }));
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    onTestFinished(() => void server.close());
    const { port } = server.address() as AddressInfo;
    const entry = {
      url: `http://127.0.0.1:${port}/mcp?key=\${URL_KEY}`,
      headers: { authorization: `Bearer \${HEADER}`, 'x-key': secrets.literal },
      restart: { baseMs: 60_000, capMs: 60_000 },
    };
    const { supervisor, everything } = await observe(
      { a: entry },
      { env: { URL_KEY: encodeURIComponent(secrets.inUrl), HEADER: secrets.inHeader } },
    );
    await untilFact(supervisor, 'session.closed', undefined, { since: 0 });
    const refused = await errorOf(supervisor.ensureConnected(['a'], { retries: false }));
    expectNone(`${refused} ${JSON.stringify(refused)}`);
    expectNone(await everything());
  });

  it('tells nobody where it cannot be reached', async () => {
    const entry = { url: `http://127.0.0.1:1/\${URL_KEY}`, headers: { 'x-key': `\${HEADER}` } };
    const { supervisor, everything } = await observe(
      { a: entry },
      { env: { URL_KEY: encodeURIComponent(secrets.inUrl), HEADER: secrets.inHeader } },
    );
    await untilState(supervisor, 'a', 'backoff', { since: 0 });
    expect(supervisor.status('a').lastFailure).toMatchObject({ class: 'unreachable' });
    expectNone(await everything());
  });
});
