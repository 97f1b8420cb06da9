import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { chmodSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { StrayNews } from '../../../../src/session/contract.ts';
import { endContainer } from '../../../../src/session/process/strays/container.ts';
import { markName, markOf } from '../../../../src/session/process/strays/mark.ts';
import { isRunning, until } from '../../../support/processes.ts';
import { createScratchFolder } from '../../../support/scratch-folder.ts';

const stop = { closeMs: 0, terminateMs: 0, killMs: 0, strays: 'tell' } as const;

interface Watcher {
  readonly stray: ChildProcess;
  readonly watcher: ChildProcess;
  order(word: 'gone' | 'take' | 'free' | 'kill'): void;
  /** What it says next. */
  next(): Promise<unknown>;
  /** Resolves with its exit code and signal. */
  end(): Promise<readonly unknown[]>;
}

/** A process that outlived its server, and who had that server. `trap`: what it does at SIGTERM. */
async function openWatcher(policy: 'end' | 'tell', trap = '-'): Promise<Watcher> {
  const mark = { instance: randomBytes(8).toString('hex'), server: 'a', generation: 1 };
  const script = `trap ${trap} TERM; echo; exec sleep 300`;
  const env = { ...process.env, [markName]: markOf(mark) };
  const stray = spawn('sh', ['-c', script], { env, detached: true, stdio: ['ignore', 'pipe', 'ignore'] });
  await once(stray.stdout, 'data');
  const program = fileURLToPath(new URL('watcher.ts', import.meta.url));
  const words = ['-c', 'ulimit -n 128 && exec "$@"', 'sh', process.execPath, '--import', 'tsx', program];
  const watcher = spawn('sh', [...words, mark.instance, policy], { stdio: ['pipe', 'pipe', 'ignore'] });
  onTestFinished(() => {
    if (stray.pid !== undefined && isRunning(stray.pid)) process.kill(-stray.pid, 'SIGKILL');
    watcher.kill('SIGKILL');
  });
  const lines = createInterface(watcher.stdout)[Symbol.asyncIterator]();
  return {
    stray,
    watcher,
    order: (word) => void watcher.stdin.write(`${word}\n`),
    async next() {
      const { value, done } = await lines.next();
      return done === true ? 'it has ended' : JSON.parse(value);
    },
    async end() {
      const exited = once(watcher, 'exit');
      watcher.stdin.end();
      return await exited;
    },
  };
}

const short = /What server "a" left behind cannot be looked at now: .*EMFILE/;

describe('what is left of a server, and ended', { timeout: 60_000 }, () => {
  it('is found and ended as soon as there are descriptors to look for it', async () => {
    const { order, next, end } = await openWatcher('end');
    order('take');
    expect(await next()).toBe('none is left');
    order('gone');
    expect(await next()).toMatch(short);
    order('free');
    expect(await next()).toBe('found');
    expect(await next()).toBe('gone');
    expect(await next()).toBe('nothing is left');
    expect(await end()).toEqual([0, null]);
  });

  it('gets its SIGKILL although descriptors were short for longer than it was given to end', async () => {
    const { order, next, end } = await openWatcher('end', "''");
    order('gone');
    expect(await next()).toBe('found');
    order('take');
    expect(await next()).toBe('none is left');
    expect(await next()).toMatch(short);
    order('free');
    expect(await next()).toBe('gone');
    expect(await next()).toBe('nothing is left');
    expect(await end()).toEqual([0, null]);
  });

  it('is left to the guard where it cannot be looked for, by who ends at once', async () => {
    const { order, next, end } = await openWatcher('end');
    order('take');
    expect(await next()).toBe('none is left');
    order('kill');
    expect(await next()).toMatch(/^What servers left behind cannot be looked for: .*EMFILE/);
    order('free');
    expect(await end()).toEqual([0, null]);
  });

  it('is not waited for by who ends, however short descriptors are', async () => {
    const { order, next, end } = await openWatcher('end');
    order('take');
    expect(await next()).toBe('none is left');
    order('gone');
    expect(await next()).toMatch(short);
    const ended = end();
    expect(await next()).toMatch(/^What server "a" left behind could not be ended: .*EMFILE/);
    expect(await ended).toEqual([0, null]);
  });
});

// Looks are 5 s apart: each test waits for two of them.
describe('what is left of a server, and watched', { timeout: 60_000 }, () => {
  it('is told to be gone although descriptors were short in between', async () => {
    const { stray, order, next, end } = await openWatcher('tell');
    order('gone');
    expect(await next()).toBe('found');
    order('take');
    expect(await next()).toBe('none is left');
    expect(await next()).toMatch(short);
    order('free');
    stray.kill('SIGKILL');
    expect(await next()).toBe('gone');
    expect(await end()).toEqual([0, null]);
  });

  it('is told to be gone although the engine of its container could not be asked in between', async () => {
    const folder = createScratchFolder();
    const program = join(folder, 'docker');
    const idFile = join(folder, 'id');
    const answer = (pid: number): void => {
      writeFileSync(program, `#!/bin/sh\necho ${pid}\n`);
      chmodSync(program, 0o700);
    };
    writeFileSync(idFile, 'abcdef012345');
    answer(4711);
    const told: StrayNews['type'][] = [];
    const errors: string[] = [];
    const closing = new AbortController();
    onTestFinished(() => closing.abort());
    const isClean = await endContainer(
      { program, globals: [], idFile, env: undefined, cwd: folder },
      { mark: { instance: 'abc', server: 'a', generation: 1 }, stop, secrets: null },
      { tell: ({ type }) => told.push(type), onError: (message) => errors.push(message), signal: closing.signal },
    );
    expect([isClean, told]).toEqual([false, ['found']]);
    rmSync(program);
    await until('a look has failed', () => errors.length > 0);
    expect(errors).toEqual([expect.stringMatching(/^Container abcdef012345 of server "a" cannot be looked at now: /)]);
    answer(0);
    await until('it is gone', () => told.includes('gone'));
    expect(errors).toHaveLength(1);
  });
});

describe('a container whose engine breaks off while it is to be ended', { timeout: 60_000 }, () => {
  it('is ended when the engine can be asked again, and told to be gone', async () => {
    const folder = createScratchFolder();
    const [program, idFile, pidFile] = [join(folder, 'docker'), join(folder, 'id'), join(folder, 'pid')];
    writeFileSync(idFile, 'abcdef012345');
    writeFileSync(pidFile, '4711');
    const verbs = `inspect) cat ${pidFile} ;; kill) [ "$3" = KILL ] && echo 0 > ${pidFile} || kill -9 $$ ;;`;
    writeFileSync(program, `#!/bin/sh\ncase $1 in ${verbs} esac\n`);
    chmodSync(program, 0o700);
    const told: StrayNews['type'][] = [];
    const errors: string[] = [];
    const closing = new AbortController();
    onTestFinished(() => closing.abort());
    const isClean = await endContainer(
      { program, globals: [], idFile, env: undefined, cwd: folder },
      { mark: { instance: 'abc', server: 'a', generation: 1 }, stop: { ...stop, strays: 'end' }, secrets: null },
      { tell: ({ type }) => told.push(type), onError: (message) => errors.push(message), signal: closing.signal },
    );
    expect([isClean, told]).toEqual([false, ['found']]);
    expect(errors).toEqual([expect.stringMatching(/^Container abcdef012345 of server "a" could not be ended: /)]);
    await until('it is gone', () => told.includes('gone'));
    expect(readFileSync(pidFile, 'utf8')).toBe('0\n');
    expect(errors).toHaveLength(1);
  });
});

describe('an engine that hangs, and ends by no polite signal', { timeout: 60_000 }, () => {
  it('is ended, so that nobody waits for it for ever', async () => {
    const folder = createScratchFolder();
    const [program, idFile, pidFile] = [join(folder, 'docker'), join(folder, 'id'), join(folder, 'pid')];
    writeFileSync(idFile, 'abcdef0123456789');
    writeFileSync(program, `#!/bin/sh\ntrap '' TERM\necho $$ > ${pidFile}\nexec sleep 300\n`);
    chmodSync(program, 0o755);
    const pid = () => Number(readFileSync(pidFile, 'utf8'));
    onTestFinished(() => {
      if (isRunning(pid())) process.kill(pid(), 'SIGKILL');
    });
    const asking = endContainer(
      { program, globals: [], idFile, env: undefined, cwd: folder },
      { mark: { instance: 'abc', server: 'a', generation: 1 }, stop, secrets: null },
      { tell() {}, onError() {}, signal: new AbortController().signal },
    );
    await expect(asking).rejects.toThrow();
    expect(isRunning(pid())).toBe(false);
  });
});
