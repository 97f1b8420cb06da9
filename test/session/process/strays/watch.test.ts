import { spawn } from 'node:child_process';
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

// Looks are 5 s apart: each test waits for two of them.
describe('what is left of a server, and watched', { timeout: 60_000 }, () => {
  it('is told to be gone although descriptors were short in between', async () => {
    const mark = { instance: randomBytes(8).toString('hex'), server: 'a', generation: 1 };
    const stray = spawn('sleep', ['300'], { env: { ...process.env, [markName]: markOf(mark) }, stdio: 'ignore' });
    await once(stray, 'spawn');
    const program = fileURLToPath(new URL('watcher.ts', import.meta.url));
    const words = ['-c', 'ulimit -n 128 && exec "$@"', 'sh', process.execPath, '--import', 'tsx', program];
    const watcher = spawn('sh', [...words, mark.instance], { stdio: ['pipe', 'pipe', 'ignore'] });
    onTestFinished(() => {
      stray.kill('SIGKILL');
      watcher.kill('SIGKILL');
    });
    const lines = createInterface(watcher.stdout)[Symbol.asyncIterator]();
    const next = async (): Promise<unknown> => {
      const { value, done } = await lines.next();
      return done === true ? 'it has ended' : JSON.parse(value);
    };
    expect(await next()).toBe('found');
    watcher.stdin.write('take\n');
    expect(await next()).toBe('none is left');
    expect(await next()).toMatch(/What server "a" left behind cannot be looked at now: .*EMFILE/);
    watcher.stdin.write('free\n');
    stray.kill('SIGKILL');
    expect(await next()).toBe('gone');
    const exited = once(watcher, 'exit');
    watcher.stdin.end();
    expect(await exited).toEqual([0, null]);
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
