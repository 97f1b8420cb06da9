import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { copyFileSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import {
  cpuTicksOfGroup,
  findLiveMember,
  isGroupAlive,
  knownMember,
  signalGroup,
} from '../../../src/session/process/group.ts';
import { isSameProcess, startTimeOf } from '../../../src/session/process/identity.ts';
import { statsOfAll } from '../../../src/session/process/pass.ts';
import { isRunning, until } from '../../support/processes.ts';

describe('a process', () => {
  it('is the same as long as pid and start time are', () => {
    const startTime = startTimeOf(process.pid);
    expect(startTime).not.toBeNull();
    expect(isSameProcess(process.pid, startTime ?? '')).toBe(true);
    expect(isSameProcess(process.pid, `${startTime}0`)).toBe(false);
  });

  it('may have any name', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'mcpvisor-'));
    const file = join(folder, ') S 1 2 (3');
    copyFileSync('/bin/sleep', file);
    const child = spawn(file, ['600'], { detached: true, stdio: 'ignore' });
    const pid = child.pid ?? 0;
    try {
      await until('it has its odd name', () => readFileSync(`/proc/${pid}/comm`, 'utf8').includes(') S 1'));
      expect(startTimeOf(pid)).toMatch(/^[0-9a-f-]+:\d+$/);
      expect(await findLiveMember(pid)).toBe(pid);
    } finally {
      signalGroup(pid, 'SIGKILL');
      rmSync(folder, { recursive: true, force: true });
    }
  });

  it('is nobody when it is gone', async () => {
    const child = spawn('true', { stdio: 'ignore' });
    await once(child, 'exit');
    expect(startTimeOf(child.pid ?? 0)).toBeNull();
  });

  it('that is a zombie counts as gone', async () => {
    // The shell becomes a program that never waits for the child it inherited.
    const parent = spawn('/bin/sh', ['-c', 'sleep 0 & echo $!; exec sleep 600'], {
      detached: true,
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    try {
      const pid = Number(String(await once(parent.stdout, 'data')));
      await until('it is a zombie', () => !isRunning(pid));
      const startTime = startTimeOf(pid);
      expect(startTime).not.toBeNull();
      expect(isSameProcess(pid, startTime ?? '')).toBe(false);
    } finally {
      signalGroup(parent.pid ?? 0, 'SIGKILL');
    }
  });
});

describe('a process group', () => {
  it('lives as long as any member does', async () => {
    const leader = spawn('/bin/sh', ['-c', 'sleep 600 & echo $!'], {
      detached: true,
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    const pgid = leader.pid ?? 0;
    try {
      const member = Number(String((await Promise.all([once(leader.stdout, 'data'), once(leader, 'exit')]))[0]));
      expect(await findLiveMember(pgid)).toBe(member);
      expect(knownMember(pgid, member)).toBe(member);
      expect(knownMember(pgid, pgid)).toBeNull();
    } finally {
      signalGroup(pgid, 'SIGKILL');
    }
    await until('the member is gone', async () => !(await isGroupAlive(pgid)));
    expect(await findLiveMember(pgid)).toBe('none');
  });

  it('of zombies only is not alive', async () => {
    // The parent puts its child into a group of its own and never comes to wait for it.
    const script = `const { pid } = require('child_process').spawn('true', { detached: true }); fs.writeSync(1, String(pid)); Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);`;
    const parent = spawn(process.execPath, ['-e', script], { detached: true, stdio: ['ignore', 'pipe', 'ignore'] });
    try {
      const pgid = Number(String(await once(parent.stdout, 'data')));
      await until('it is a zombie', () => !isRunning(pgid));
      expect(process.kill(-pgid, 0)).toBe(true);
      expect(await isGroupAlive(pgid)).toBe(false);
    } finally {
      signalGroup(parent.pid ?? 0, 'SIGKILL');
    }
  });

  it('is never everybody', () => {
    for (const pgid of [-1, 0, 1, Number.NaN, 1.5]) expect(() => signalGroup(pgid, 'SIGKILL')).toThrow(RangeError);
  });

  it('counts the CPU of children too', async () => {
    const leader = spawn('/bin/sh', ['-c', 'while :; do :; done & wait'], { detached: true, stdio: 'ignore' });
    const pgid = leader.pid ?? 0;
    try {
      const ticks = cpuTicksOfGroup(pgid) ?? 0;
      await until('the child has used CPU', () => (cpuTicksOfGroup(pgid) ?? 0) > ticks + 5);
      expect(await isGroupAlive(pgid)).toBe(true);
    } finally {
      signalGroup(pgid, 'SIGKILL');
    }
  });
});

describe('a pass over all processes', () => {
  it('is shared by all who want one at the same time', async () => {
    const [first, second] = [statsOfAll(), statsOfAll()];
    expect(second).toBe(first);
    expect((await first).map(({ pid }) => pid)).toContain(process.pid);
  });

  it('has not begun before it is asked for', async () => {
    const first = statsOfAll();
    // By then it is running.
    await nextTurn();
    await nextTurn();
    const child = spawn('sleep', ['600'], { stdio: 'ignore' });
    try {
      const second = statsOfAll();
      expect(second).not.toBe(first);
      expect((await second).map(({ pid }) => pid)).toContain(child.pid);
    } finally {
      child.kill('SIGKILL');
    }
  });

  it('leaves the event loop its turns', async () => {
    const turns: number[] = [];
    const pass = statsOfAll().then(({ length }) => length);
    let isOver = false;
    void pass.then(() => {
      isOver = true;
    });
    while (!isOver) turns.push(await nextTurn(1));
    expect(turns.length).toBeGreaterThanOrEqual(Math.floor((await pass) / 64));
  });
});
