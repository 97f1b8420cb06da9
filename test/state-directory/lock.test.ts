import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type LockOwner, takeLock } from '../../src/state-directory/lock.ts';

const one: LockOwner = { pid: 101, startTime: 'monday' };
const other: LockOwner = { pid: 102, startTime: 'tuesday' };
const alive = () => true;
const dead = () => false;

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
    expect(JSON.parse(readFileSync(join(stateDir, 'lock'), 'utf8'))).toEqual(one);
  });

  it('leaves nothing else behind', async () => {
    await takeLock(stateDir, one, alive);
    expect(readdirSync(stateDir)).toEqual(['lock']);
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
    expect(readdirSync(stateDir)).toEqual(['lock']);
  });
});

describe('a lock of a dead process', () => {
  it('is taken over', async () => {
    await takeLock(stateDir, one, alive);
    await takeLock(stateDir, other, dead);
    expect(JSON.parse(readFileSync(join(stateDir, 'lock'), 'utf8'))).toEqual(other);
    expect(readdirSync(stateDir)).toEqual(['lock']);
  });

  it('is not given free by the owner that came before', async () => {
    const before = await takeLock(stateDir, one, alive);
    await takeLock(stateDir, other, dead);
    await before.release();
    expect(readdirSync(stateDir)).toEqual(['lock']);
  });

  it('goes to exactly one of many that want it at once', async () => {
    writeFileSync(join(stateDir, 'lock'), JSON.stringify(one));
    const isAlive = ({ pid }: LockOwner) => pid !== one.pid;
    const wishes = Array.from({ length: 20 }, (_, index) =>
      takeLock(stateDir, { pid: 200 + index, startTime: null }, isAlive),
    );
    const settled = await Promise.allSettled(wishes);
    expect(settled.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    expect(readdirSync(stateDir)).toEqual(['lock']);
  });
});

describe('a lock that was left by a crash in the middle of a write', () => {
  it.each(['', '{"pid":', '{"pid":"x"}', 'null'])('is taken over: %j', async (text) => {
    writeFileSync(join(stateDir, 'lock'), text);
    await takeLock(stateDir, other, alive);
    expect(JSON.parse(readFileSync(join(stateDir, 'lock'), 'utf8'))).toEqual(other);
  });
});
