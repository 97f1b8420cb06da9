import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate as turn } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { isRunning, pidsMarked, until, untilNoneMarked } from '../../support/processes.ts';
import { createScratchFolder } from '../../support/scratch-folder.ts';
import { openLink, textOf } from '../process/open-link.ts';

const initialize = { protocolVersion: '2025-11-25', capabilities: {}, clientInfo: { name: 'test', version: '1' } };

describe('a well-behaved server', () => {
  it('speaks, is on record and under guard while it lives, and is gone without a trace after the end of stdin', async () => {
    await using opened = openLink('speak');
    await opened.link.transport.start();
    const { pid, startTime } = await opened.heard('spawned');
    await until('it is told to be on record', () => opened.isRecorded);
    expect(opened.registry.list()).toMatchObject([{ server: 'example', generation: 1, pid, startTime }]);
    expect([...opened.guarded]).toEqual([pid]);
    expect(await opened.request('initialize', initialize)).toMatchObject({ result: { serverInfo: { name: 'speak' } } });
    expect(textOf(await opened.call('pid'))).toBe(String(pid));

    opened.link.end('close');
    expect((await opened.heard('ended')).failure).toBeNull();
    expect(opened.news.map(({ type }) => type)).toEqual(['spawned', 'gone', 'ended']);
    expect(opened.registry.list()).toEqual([]);
    expect(opened.guarded.size).toBe(0);
    expect(isRunning(pid)).toBe(false);
  });

  it('finds a guard that is there already: no moment of its life is without one', async () => {
    await using opened = openLink('speak');
    expect(opened.runningAtGuard).toBeNull();
    await opened.link.transport.start();
    await opened.heard('spawned');
    expect(opened.runningAtGuard).toEqual([]);
  });

  it('gets the environment and the folder it was given, a mark, and nothing else', async () => {
    await using opened = openLink('speak', [], { env: { ONLY: 'this' }, cwd: '/' });
    await opened.link.transport.start();
    const { MCPVISOR_SERVER: mark, ...environment } = JSON.parse(textOf(await opened.call('environment')));
    expect(environment).toEqual({ ONLY: 'this' });
    expect(mark).toBe(`${opened.registry.instance}:example:1`);
    expect(textOf(await opened.call('folder'))).toBe('/');
  });

  it('delivers an answer of 20 MiB', async () => {
    await using opened = openLink('speak');
    await opened.link.transport.start();
    expect(textOf(await opened.call('fill', { bytes: 20 * 1024 * 1024 }))).toHaveLength(20 * 1024 * 1024);
  });

  it('takes an argument of 20 MiB, congested until it was handed over', async () => {
    await using opened = openLink('speak');
    await opened.link.transport.start();
    const text = 'é'.repeat(10 * 1024 * 1024);
    const answer = opened.call('echo', { text });
    expect(opened.link.congested).toBe(true);
    expect(textOf(await answer) === text).toBe(true);
    await opened.heard('drained');
    expect(opened.link.congested).toBe(false);
  });

  it('uses CPU when it works and none when it waits', async () => {
    await using opened = openLink('blocks-its-loop');
    await opened.link.transport.start();
    await opened.call('pid');
    opened.link.markCpu();
    await opened.call('block', { seconds: 0.3 });
    expect(opened.link.usedCpu()).toBe(true);
    await until('it rests between two looks', async () => {
      opened.link.markCpu();
      await turn();
      return !opened.link.usedCpu();
    });
  });
});

describe('a server that exits by itself', () => {
  it('is told as exited, once, with its code and its last words', async () => {
    await using opened = openLink('exits-at-once', ['78']);
    await opened.link.transport.start();
    const { failure } = await opened.heard('ended');
    expect(failure).toMatchObject({
      class: 'exited',
      exitCode: 78,
      signal: null,
      stderrTail: ['cannot start: no such luck'],
    });
    expect(opened.stderr).toEqual(['cannot start: no such luck']);
    expect(opened.news.map(({ type }) => type)).toEqual(['spawned', 'gone', 'ended']);
  });

  it('is told as exited with its signal', async () => {
    await using opened = openLink('speak');
    await opened.link.transport.start();
    const { pid } = await opened.heard('spawned');
    process.kill(pid, 'SIGKILL');
    expect((await opened.heard('ended')).failure).toMatchObject({ class: 'exited', exitCode: null, signal: 'SIGKILL' });
  });

  it('has every answer delivered that it had written', async () => {
    await using opened = openLink('exits-after-n-calls', ['3', '0']);
    await opened.link.transport.start();
    for (const id of [1, 2, 3, 4])
      await opened.link.transport.send({ jsonrpc: '2.0', id, method: 'tools/call', params: { name: 'pid' } });
    expect((await opened.heard('ended')).failure).toMatchObject({ class: 'exited', exitCode: 0 });
    expect(opened.messages).toHaveLength(3);
  });

  it('refuses messages afterwards instead of keeping their senders waiting', async () => {
    await using opened = openLink('exits-at-once');
    await opened.link.transport.start();
    await opened.heard('ended');
    await expect(opened.link.transport.send({ jsonrpc: '2.0', method: 'notifications/initialized' })).rejects.toThrow(
      'closed',
    );
  });

  it('leaves nobody waiting when it dies with unread messages', async () => {
    await using opened = openLink('speak');
    await opened.link.transport.start();
    const { pid } = await opened.heard('spawned');
    process.kill(pid, 'SIGSTOP');
    const text = 'x'.repeat(4 * 1024 * 1024);
    const sending = [1, 2, 3].map((id) =>
      opened.link.transport.send({
        jsonrpc: '2.0',
        id,
        method: 'tools/call',
        params: { name: 'echo', arguments: { text } },
      }),
    );
    await Promise.all(sending);
    expect(opened.link.congested).toBe(true);
    process.kill(pid, 'SIGKILL');
    expect((await opened.heard('ended')).failure).toMatchObject({ class: 'exited', signal: 'SIGKILL' });
  });
});

describe('a server whose grandchild outlives it', () => {
  it('is told as exited soon, and as ended when the whole group is gone', async () => {
    await using opened = openLink('forks-a-grandchild');
    await opened.link.transport.start();
    const grandchild = Number(textOf(await opened.call('grandchild')));
    await opened.link.transport.send({
      jsonrpc: '2.0',
      id: 99,
      method: 'tools/call',
      params: { name: 'exit', arguments: { code: 3 } },
    });
    expect((await opened.heard('exited')).failure).toMatchObject({ class: 'exited', exitCode: 3 });
    expect(isRunning(grandchild)).toBe(true);
    expect(opened.registry.list()).toHaveLength(1);

    opened.link.end('terminate');
    expect((await opened.heard('ended')).failure).toMatchObject({ class: 'exited', exitCode: 3 });
    expect(isRunning(grandchild)).toBe(false);
    expect(opened.news.map(({ type }) => type)).toEqual(['spawned', 'gone', 'exited', 'ended']);
  });

  it('ends although somebody outside the group holds its stdout open', async () => {
    await using opened = openLink('forks-a-grandchild', ['escapes']);
    await opened.link.transport.start();
    const grandchild = Number(textOf(await opened.call('grandchild')));
    await opened.link.transport.send({
      jsonrpc: '2.0',
      id: 99,
      method: 'tools/call',
      params: { name: 'exit', arguments: { code: 3 } },
    });
    const exited = await opened.heard('exited');
    const ended = await opened.heard('ended');
    expect(isRunning(grandchild)).toBe(true);
    expect(ended.failure).toMatchObject({ class: 'exited', exitCode: 3 });
    expect(ended.atMs - exited.atMs).toBeLessThan(1_000);
  });
});

describe('a server that stays when it is asked to go', () => {
  for (const program of ['ignores-eof', 'ignores-eof-behind-a-wrapper']) {
    it(`goes with SIGTERM (${program})`, async () => {
      await using opened = openLink(program);
      await opened.link.transport.start();
      await opened.call('pid');
      opened.link.end('close');
      await opened.link.transport.send({ jsonrpc: '2.0', method: 'x' }).catch(() => {});
      expect(pidsMarked(opened.mark).length).toBeGreaterThan(0);
      opened.link.end('terminate');
      expect((await opened.heard('ended')).failure).toBeNull();
      expect(pidsMarked(opened.mark)).toEqual([]);
      expect(opened.signals).toEqual(['SIGTERM']);
    });
  }

  it('goes with SIGKILL, which may be repeated', async () => {
    await using opened = openLink('ignores-sigterm');
    await opened.link.transport.start();
    await opened.call('pid');
    opened.link.end('close');
    opened.link.end('terminate');
    opened.link.end('kill');
    opened.link.end('kill');
    expect((await opened.heard('ended')).failure).toBeNull();
    expect(pidsMarked(opened.mark)).toEqual([]);
  });

  it('goes with SIGTERM although it was stopped', async () => {
    await using opened = openLink('speak');
    await opened.link.transport.start();
    const { pid } = await opened.heard('spawned');
    process.kill(pid, 'SIGSTOP');
    opened.link.end('terminate');
    expect((await opened.heard('ended')).failure).toBeNull();
  });
});

describe('an end that is asked for early', () => {
  it('needs no process when nothing was started', async () => {
    await using opened = openLink('speak');
    opened.link.end('close');
    opened.link.end('kill');
    expect(opened.news).toEqual([]);
    expect((await opened.heard('ended')).failure).toBeNull();
    await expect(opened.link.transport.start()).rejects.toThrow();
    expect(opened.news.map(({ type }) => type)).toEqual(['ended']);
    expect(pidsMarked(opened.mark)).toEqual([]);
  });

  for (const kind of ['close', 'terminate', 'kill'] as const) {
    it(`leads to one end and no process when the process was spawned just now (${kind})`, async () => {
      await using opened = openLink('speak');
      const starting = opened.link.transport.start();
      opened.link.end(kind);
      await starting;
      expect((await opened.heard('ended')).failure).toBeNull();
      await untilNoneMarked(opened.mark);
      expect(opened.news.filter(({ type }) => type === 'ended')).toHaveLength(1);
    });
  }
});

describe('a server that cannot be spawned', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'mcpvisor-'));
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  it('names the command and the PATH that was searched', async () => {
    await using opened = openLink('speak', [], { command: 'no-such-command', env: { PATH: '/usr/bin:/nowhere' } });
    await expect(opened.link.transport.start()).rejects.toThrow('no-such-command');
    const { failure } = await opened.heard('ended');
    expect(failure).toMatchObject({ class: 'spawnFailed', code: 'ENOENT', phase: 'spawning' });
    expect(failure?.message).toContain('"no-such-command"');
    expect(failure?.message).toContain('/usr/bin:/nowhere');
    expect(opened.news.map(({ type }) => type)).toEqual(['ended']);
    expect(opened.registry.list()).toEqual([]);
  });

  it('names the folder when that is what is missing', async () => {
    await using opened = openLink('speak', [], { cwd: join(folder, 'gone') });
    await expect(opened.link.transport.start()).rejects.toThrow();
    const { failure } = await opened.heard('ended');
    expect(failure).toMatchObject({ class: 'spawnFailed', code: 'ENOENT' });
    expect(failure?.message).toBe(`The folder "${join(folder, 'gone')}" (cwd) does not exist.`);
  });

  it('says that a file is not executable', async () => {
    const file = join(folder, 'server');
    writeFileSync(file, '#!/bin/sh\n');
    chmodSync(file, 0o600);
    await using opened = openLink('speak', [], { command: file });
    await expect(opened.link.transport.start()).rejects.toThrow();
    expect((await opened.heard('ended')).failure).toMatchObject({
      class: 'spawnFailed',
      code: 'EACCES',
      message: expect.stringContaining('may not be executed'),
    });
  });

  it('says that the interpreter is missing', async () => {
    const file = join(folder, 'server');
    writeFileSync(file, '#!/no/such/interpreter\n');
    chmodSync(file, 0o700);
    await using opened = openLink('speak', [], { command: file });
    await expect(opened.link.transport.start()).rejects.toThrow();
    expect((await opened.heard('ended')).failure).toMatchObject({
      class: 'spawnFailed',
      code: 'ENOENT',
      message: expect.stringContaining('interpreter'),
    });
  });

  it('ends once when the system refuses the arguments themselves', async () => {
    await using opened = openLink('speak', ['x'.repeat(4 * 1024 * 1024)]);
    await expect(opened.link.transport.start()).rejects.toThrow();
    expect((await opened.heard('ended')).failure).toMatchObject({ class: 'spawnFailed', code: 'E2BIG' });
    expect(opened.news.map(({ type }) => type)).toEqual(['ended']);
  });
});

describe('a server that misuses its pipes', () => {
  it('has failed when it closes stdout, and lives until it is ended', async () => {
    await using opened = openLink('closes-stdout');
    await opened.link.transport.start();
    await opened.link.transport.send({ jsonrpc: '2.0', id: 1, method: 'tools/call', params: { name: 'close_stdout' } });
    expect((await opened.heard('failed')).failure).toMatchObject({ class: 'disconnected' });
    expect(pidsMarked(opened.mark)).toHaveLength(1);
    opened.link.end('terminate');
    expect((await opened.heard('ended')).failure).toMatchObject({ class: 'disconnected', signal: 'SIGTERM' });
    expect(opened.news.map(({ type }) => type)).toEqual(['spawned', 'failed', 'gone', 'ended']);
  });

  it('is not slowed by what it writes to stderr, of which the end is kept', async () => {
    await using opened = openLink('floods-stderr', [String(8 * 1024 * 1024)]);
    await opened.link.transport.start();
    await opened.call('pid');
    await opened.call('flood', { bytes: 1024 * 1024 });
    await opened.link.transport.send({
      jsonrpc: '2.0',
      id: 99,
      method: 'tools/call',
      params: { name: 'exit', arguments: { code: 9 } },
    });
    const { failure } = await opened.heard('ended');
    expect(failure).toMatchObject({ class: 'exited', exitCode: 9 });
    expect(failure?.stderrTail).toHaveLength(20);
    expect(failure?.stderrTail.at(-1)).toBe('the flood is over');
  });

  it('fails with a message over the limit, once, and is drained until it is ended', async () => {
    const policy = {
      stop: { closeMs: 200, terminateMs: 300, killMs: 2_000, strays: 'end' as const },
      maxMessageBytes: 1024 * 1024,
      stderrTailBytes: 1024,
    };
    await using opened = openLink('speak', [], { policy });
    await opened.link.transport.start();
    for (const id of [1, 2])
      await opened.link.transport.send({
        jsonrpc: '2.0',
        id,
        method: 'tools/call',
        params: { name: 'fill', arguments: { bytes: 8 * 1024 * 1024 } },
      });
    expect((await opened.heard('failed')).failure).toMatchObject({ class: 'messageTooLarge' });
    opened.link.end('close');
    expect((await opened.heard('ended')).failure).toMatchObject({ class: 'messageTooLarge', exitCode: 0 });
    expect(opened.messages).toEqual([]);
    expect(opened.news.map(({ type }) => type)).toEqual(['spawned', 'failed', 'gone', 'ended']);
  });

  it('may print a banner', async () => {
    await using opened = openLink('prints-a-banner');
    await opened.link.transport.start();
    expect(await opened.request('ping')).toMatchObject({ result: {} });
    expect(opened.errors).toHaveLength(2);
    expect(opened.errors[0]?.message).toContain('Welcome to Banner Server');
  });

  it('may send junk between its answers, which is told so often and no oftener', async () => {
    await using opened = openLink('sends-malformed-json', ['2500']);
    await opened.link.transport.start();
    expect(await opened.request('ping')).toMatchObject({ result: {} });
    expect(opened.errors).toHaveLength(22);
  });

  it('is not listened to while it does not listen', async () => {
    await using opened = openLink('speak');
    await opened.link.transport.start();
    const { pid } = await opened.heard('spawned');
    process.kill(pid, 'SIGSTOP');
    const text = 'x'.repeat(9 * 1024 * 1024);
    for (const id of [1, 2, 3])
      await opened.link.transport.send({
        jsonrpc: '2.0',
        id,
        method: 'tools/call',
        params: { name: 'echo', arguments: { text } },
      });
    process.kill(pid, 'SIGCONT');
    await until('all is answered', () => opened.messages.length === 3);
    expect(opened.link.congested).toBe(false);
  });
});

describe('words of a server', () => {
  it('are told as they came: the receiver knows what to blank', async () => {
    await using opened = openLink('speak');
    await opened.link.transport.start();
    await opened.call('complain', { text: 'the password is hunter2!' });
    await opened.link.transport.send({
      jsonrpc: '2.0',
      id: 9,
      method: 'tools/call',
      params: { name: 'exit', arguments: { code: 1 } },
    });
    expect((await opened.heard('ended')).failure?.stderrTail).toEqual(['the password is hunter2!']);
    expect(opened.stderr).toEqual(['the password is hunter2!']);
  });
});

describe('every way of ending at any moment', () => {
  const programs = [
    'speak',
    'exits-at-once',
    'ignores-eof-behind-a-wrapper',
    'ignores-sigterm',
    'forks-a-grandchild',
    'closes-stdout',
    'no-such-program',
  ];
  const moments = [
    'before it starts',
    'while it starts',
    'when it was spawned',
    'when it has spoken or ended',
  ] as const;
  for (const program of programs) {
    it(`tells the end once, last, and with nothing left (${program})`, async () => {
      for (const moment of moments) {
        for (const kind of ['close', 'terminate', 'kill'] as const) {
          await using opened = openLink(program);
          const { link } = opened;
          if (moment === 'before it starts') link.end(kind);
          const starting = link.transport.start().catch(() => {});
          if (moment === 'while it starts') link.end(kind);
          await starting;
          if (moment === 'when it was spawned') link.end(kind);
          await link.transport.send({ jsonrpc: '2.0', id: 1, method: 'ping' }).catch(() => {});
          if (moment === 'when it has spoken or ended') {
            await until(
              'it has spoken or ended',
              () => opened.messages.length > 0 || opened.news.some(({ type }) => type === 'ended'),
            );
            link.end(kind);
          }
          link.end('kill');
          await opened.heard('ended');
          await untilNoneMarked(opened.mark);
          link.end('kill');
          const types = opened.news.map(({ type }) => type);
          expect(types.filter((type) => type === 'ended')).toHaveLength(1);
          expect(types.at(-1)).toBe('ended');
          expect(types.filter((type) => type === 'failed' || type === 'exited').length).toBeLessThan(2);
          expect(opened.registry.list()).toEqual([]);
          expect(opened.guarded.size).toBe(0);
        }
      }
    });
  }
});

describe('a server that writes lines that are no messages as fast as it can', () => {
  it.each([
    ['words', ['-c', 'exec yes']],
    ['beginnings of JSON', ['-c', 'exec yes {']],
  ])('does not keep the event loop from turning: %s', async (_, args) => {
    await using opened = openLink('speak', [], { command: '/bin/sh', args });
    await opened.link.transport.start();
    await until('it is heard', () => opened.errors.length > 0);
    const delays: number[] = [];
    for (let turns = 0; turns < 100; turns += 1) {
      const beganAt = performance.now();
      await turn();
      delays.push(performance.now() - beganAt);
    }
    expect(Math.max(...delays)).toBeLessThan(1_500);
    opened.link.end('kill');
    await opened.heard('ended');
  });
});

describe('a command that is not there as it is written', () => {
  it('is told to be a whole line for a shell', async () => {
    await using opened = openLink('speak', [], { command: 'node speak.mjs', args: [] });
    await expect(opened.link.transport.start()).rejects.toThrow('the words after the first go into args');
  });

  it('is told to have the line ends of Windows', async () => {
    const script = join(createScratchFolder(), 'script');
    writeFileSync(script, '#!/bin/sh\r\nexit 0\r\n', { mode: 0o755 });
    await using opened = openLink('speak', [], { command: script, args: [] });
    await expect(opened.link.transport.start()).rejects.toThrow('ends as lines do on Windows');
  });
});
