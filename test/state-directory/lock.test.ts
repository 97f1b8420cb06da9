import { spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type LockOwner, takeLock } from '../../src/state-directory/lock.ts';
import { underAttack } from '../support/loop-delay.ts';

const one: LockOwner = { pid: 101, startTime: 'monday' };
const other: LockOwner = { pid: 102, startTime: 'tuesday' };
const alive = () => true;
const dead = () => false;

/** What is in the directory while one owner has it. */
const held = ['lock', expect.stringMatching(/^lock-[0-9a-f-]+\.sock$/)];

let stateDir: string;

beforeEach(() => {
  stateDir = mkdtempSync(join(tmpdir(), 'mcpvisor-'));
});

afterEach(() => {
  rmSync(stateDir, { recursive: true, force: true });
});

describe('a lock nobody has', () => {
  it('names its owner', async () => {
    await takeLock(stateDir, one, alive);
    expect(JSON.parse(readFileSync(join(stateDir, 'lock'), 'utf8'))).toMatchObject(one);
  });

  it('leaves nothing else behind', async () => {
    await takeLock(stateDir, one, alive);
    expect(readdirSync(stateDir).toSorted()).toEqual(held);
  });

  it('is gone after its release, which may come twice', async () => {
    const lock = await takeLock(stateDir, one, alive);
    await lock.release();
    await lock.release();
    expect(readdirSync(stateDir)).toEqual([]);
  });
});

describe('a lock of a living process', () => {
  it('is refused, naming the process', async () => {
    await takeLock(stateDir, one, alive);
    await expect(takeLock(stateDir, other, alive)).rejects.toMatchObject({
      code: 'ALREADY_RUNNING',
      details: { pid: 101, stateDir },
    });
    expect(readdirSync(stateDir).toSorted()).toEqual(held);
  });
});

describe('a lock of a dead process', () => {
  it('is taken over', async () => {
    await takeLock(stateDir, one, alive);
    await takeLock(stateDir, other, dead);
    expect(JSON.parse(readFileSync(join(stateDir, 'lock'), 'utf8'))).toMatchObject(other);
    expect(readdirSync(stateDir).toSorted()).toEqual(held);
  });

  it('is not given free by the owner that came before', async () => {
    const before = await takeLock(stateDir, one, alive);
    await takeLock(stateDir, other, dead);
    await before.release();
    expect(readdirSync(stateDir).toSorted()).toEqual(held);
  });

  it('goes to exactly one of many that want it at once', async () => {
    writeFileSync(join(stateDir, 'lock'), JSON.stringify(one));
    const isAlive = ({ pid }: LockOwner) => pid !== one.pid;
    const take = async () =>
      await Promise.allSettled(
        Array.from({ length: 20 }, (_, index) => takeLock(stateDir, { pid: 200 + index, startTime: null }, isAlive)),
      );
    const settled = await underAttack('20 that want a lock at once', take);
    expect(settled.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    expect(readdirSync(stateDir).toSorted()).toEqual(held);
  });
});

describe('a lock that was left by a crash in the middle of a write', () => {
  it.each(['', '{"pid":', '{"pid":"x"}', 'null'])('is taken over: %j', async (text) => {
    writeFileSync(join(stateDir, 'lock'), text);
    await takeLock(stateDir, other, alive);
    expect(JSON.parse(readFileSync(join(stateDir, 'lock'), 'utf8'))).toMatchObject(other);
  });
});

describe('a lock of a process in another PID namespace', () => {
  /** As such a process would have left it: here, its pid and start time say nothing. */
  async function takeElsewhere(path: string) {
    const lock = await takeLock(path, one, alive);
    const owner = JSON.parse(lock.text);
    writeFileSync(join(path, 'lock'), JSON.stringify({ ...owner, namespace: 'pid:[1]' }));
    return { lock, owner };
  }

  it('is refused while its owner answers, whatever its pid is here', async () => {
    await takeElsewhere(stateDir);
    await expect(takeLock(stateDir, other, dead)).rejects.toMatchObject({ code: 'ALREADY_RUNNING' });
  });

  it('is taken over when nobody answers, whatever has its pid here', async () => {
    const { lock, owner } = await takeElsewhere(stateDir);
    await lock.release();
    const crashed = await deadSocket();
    renameSync(crashed, join(stateDir, owner.socket));
    await takeLock(stateDir, other, alive);
    expect(JSON.parse(readFileSync(join(stateDir, 'lock'), 'utf8'))).toMatchObject(other);
    expect(readdirSync(stateDir).toSorted()).toEqual(held);
  });

  it('is refused where the path of the directory is too long for the address of a socket', async () => {
    const deep = join(stateDir, 'x'.repeat(200));
    mkdirSync(deep);
    await takeElsewhere(deep);
    await expect(takeLock(deep, other, dead)).rejects.toMatchObject({ code: 'ALREADY_RUNNING' });
  });

  it('does not count a link to a socket that answers', async () => {
    const { owner } = await takeElsewhere(stateDir);
    renameSync(join(stateDir, owner.socket), join(stateDir, 'real.sock'));
    symlinkSync(join(stateDir, 'real.sock'), join(stateDir, owner.socket));
    await takeLock(stateDir, other, alive);
    expect(JSON.parse(readFileSync(join(stateDir, 'lock'), 'utf8'))).toMatchObject(other);
  });
});

describe('the socket of a lock', () => {
  it('is made again when somebody has cleaned it away', async () => {
    const lock = await takeLock(stateDir, one, alive);
    for (const name of readdirSync(stateDir).filter((name) => name.endsWith('.sock'))) rmSync(join(stateDir, name));
    await lock.restore();
    writeFileSync(join(stateDir, 'lock'), JSON.stringify({ ...JSON.parse(lock.text), namespace: 'pid:[1]' }));
    await expect(takeLock(stateDir, other, dead)).rejects.toMatchObject({ code: 'ALREADY_RUNNING' });
  });
});

/** The path of a socket whose listener was killed. */
async function deadSocket(): Promise<string> {
  const path = join(stateDir, 'crashed.sock');
  const script = `require('node:net').createServer().listen(${JSON.stringify(path)}, () => process.kill(process.pid, 'SIGKILL'))`;
  const child = spawn(process.execPath, ['-e', script]);
  await once(child, 'exit');
  return path;
}
