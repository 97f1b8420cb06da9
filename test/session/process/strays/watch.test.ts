import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { chmodSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import type { StrayNews } from '../../../../src/session/contract.ts';
import { endContainer } from '../../../../src/session/process/strays/container.ts';
import { markName, markOf } from '../../../../src/session/process/strays/mark.ts';
import { onTestFinished } from '../../../support/finishing.ts';
import { isRunning, until } from '../../../support/processes.ts';
import { createScratchFolder } from '../../../support/scratch-folder.ts';

const stop = { closeMs: 0, terminateMs: 0, killMs: 0 } as const;

interface Watcher {
  readonly stray: ChildProcess;
  readonly watcher: ChildProcess;
  /** Expects that it then says this, one after the other. */
  order(word: 'gone' | 'take' | 'free' | 'kill', ...answers: readonly unknown[]): Promise<void>;
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
  const next = async (): Promise<unknown> => {
    const { value, done } = await lines.next();
    return done === true ? 'it has ended' : JSON.parse(value);
  };
  return {
    stray,
    watcher,
    next,
    async order(word, ...answers) {
      watcher.stdin.write(`${word}\n`);
      for (const answer of answers) expect(await next()).toEqual(answer);
    },
    async end() {
      const exited = once(watcher, 'exit');
      watcher.stdin.end();
      return await exited;
    },
  };
}

/** A program that stands for an engine, the id of a container that it ran, and who ends that container. */
function createContainer(id: string) {
  const folder = createScratchFolder();
  const [program, idFile, pidFile] = [join(folder, 'docker'), join(folder, 'id'), join(folder, 'pid')];
  writeFileSync(idFile, id);
  const told: StrayNews['type'][] = [];
  const errors: string[] = [];
  const closing = new AbortController();
  onTestFinished(() => closing.abort());
  return {
    program,
    pidFile,
    told,
    errors,
    run(script: string) {
      writeFileSync(program, `#!/bin/sh\n${script}\n`);
      chmodSync(program, 0o700);
    },
    /** `answerMs`: how long the engine may take for an answer. */
    end: (policy: 'end' | 'tell', answerMs = 10_000) =>
      endContainer(
        { program, globals: [], idFile, env: undefined, cwd: folder, answerMs },
        { mark: { instance: 'abc', server: 'a', generation: 1 }, stop: { ...stop, strays: policy }, secrets: null },
        {
          tell: ({ type }) => told.push(type),
          onError: (message) => errors.push(message),
          signal: closing.signal,
          watchEveryMs: 300,
        },
      ),
  };
}

const short = expect.stringMatching(/What server "a" left behind cannot be looked at now: .*EMFILE/);

describe.concurrent('what is left of a server, and ended', { timeout: 60_000 }, () => {
  it('is found and ended as soon as there are descriptors to look for it', async () => {
    const { order, end } = await openWatcher('end');
    await order('take', 'none is left');
    await order('gone', short);
    await order('free', 'found', 'gone', 'nothing is left');
    expect(await end()).toEqual([0, null]);
  });

  it('gets its SIGKILL although descriptors were short for longer than it was given to end', async () => {
    const { order, end } = await openWatcher('end', "''");
    await order('gone', 'found');
    await order('take', 'none is left', short);
    await order('free', 'gone', 'nothing is left');
    expect(await end()).toEqual([0, null]);
  });

  it('is left to the guard where it cannot be looked for, by who ends at once', async () => {
    const { order, end } = await openWatcher('end');
    await order('take', 'none is left');
    await order('kill', expect.stringMatching(/^What servers left behind cannot be looked for: .*EMFILE/));
    await order('free');
    expect(await end()).toEqual([0, null]);
  });

  it('is not waited for by who ends, however short descriptors are', async () => {
    const { order, next, end } = await openWatcher('end');
    await order('take', 'none is left');
    await order('gone', short);
    const ended = end();
    expect(await next()).toMatch(/^What server "a" left behind could not be ended: .*EMFILE/);
    expect(await ended).toEqual([0, null]);
  });
});

describe.concurrent('what is left of a server, and watched', { timeout: 60_000 }, () => {
  it('is told to be gone although descriptors were short in between', async () => {
    const { stray, order, next, end } = await openWatcher('tell');
    await order('gone', 'found');
    await order('take', 'none is left', short);
    await order('free');
    stray.kill('SIGKILL');
    expect(await next()).toBe('gone');
    expect(await end()).toEqual([0, null]);
  });

  it('is told to be gone although the engine of its container could not be asked in between', async () => {
    const { program, run, end, told, errors } = createContainer('abcdef012345');
    run('echo 4711');
    expect([await end('tell'), told]).toEqual([false, ['found']]);
    rmSync(program);
    await until('a look has failed', () => errors.length > 0);
    expect(errors).toEqual([expect.stringMatching(/^Container abcdef012345 of server "a" cannot be looked at now: /)]);
    run('echo 0');
    await until('it is gone', () => told.includes('gone'));
    expect(errors).toHaveLength(1);
  });
});

describe.concurrent('a container whose engine breaks off while it is to be ended', { timeout: 60_000 }, () => {
  it('is ended when the engine can be asked again, and told to be gone', async () => {
    const { pidFile, run, end, told, errors } = createContainer('abcdef012345');
    writeFileSync(pidFile, '4711');
    const verbs = `inspect) cat ${pidFile} ;; kill) [ "$3" = KILL ] && echo 0 > ${pidFile} || kill -9 $$ ;;`;
    run(`case $1 in ${verbs} esac`);
    expect([await end('end'), told]).toEqual([false, ['found']]);
    expect(errors).toEqual([expect.stringMatching(/^Container abcdef012345 of server "a" could not be ended: /)]);
    await until('it is gone', () => told.includes('gone'));
    expect(readFileSync(pidFile, 'utf8')).toBe('0\n');
    expect(errors).toHaveLength(1);
  });
});

describe.concurrent('an engine that hangs, and ends by no polite signal', { timeout: 60_000 }, () => {
  it('is ended, so that nobody waits for it for ever', async () => {
    const { pidFile, run, end } = createContainer('abcdef0123456789');
    run(`trap '' TERM\necho $$ > ${pidFile}\nexec sleep 300`);
    const pid = () => Number(readFileSync(pidFile, 'utf8'));
    onTestFinished(() => {
      if (isRunning(pid())) process.kill(pid(), 'SIGKILL');
    });
    await expect(end('tell', 1_500)).rejects.toThrow();
    expect(isRunning(pid())).toBe(false);
  });
});
