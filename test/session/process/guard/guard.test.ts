import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { afterEach, describe, expect, it } from 'vitest';
import { createGuard } from '../../../../src/session/process/guard/guard.ts';
import { startTimeOf } from '../../../../src/session/process/identity.ts';
import { isRunning, until } from '../../../support/processes.ts';

const stop = { closeMs: 100, terminateMs: 100, killMs: 1_000 };
const unmarked = { key: 'none:1' };
const spawned: ChildProcess[] = [];

function spawnGroup(): { readonly pid: number; readonly startTime: string | null } {
  const child = spawn('sleep', ['600'], { detached: true, stdio: 'ignore' });
  spawned.push(child);
  const pid = child.pid ?? 0;
  return { pid, startTime: startTimeOf(pid) };
}

afterEach(() => {
  for (const child of spawned.splice(0)) child.kill('SIGKILL');
});

describe('a guard', () => {
  it('starts before there is a group, once, and not after its end', async () => {
    const guard = createGuard();
    guard.expect({ key: 'one:1', stop, container: null });
    const pid = guard.pid ?? 0;
    expect(isRunning(pid)).toBe(true);
    guard.expect({ key: 'two:1', stop, container: null });
    expect(guard.pid).toBe(pid);
    guard.forget('one:1');
    guard.forget('two:1');
    await guard.close();
    expect(isRunning(pid)).toBe(false);
    guard.expect({ key: 'one:2', stop, container: null });
    expect(isRunning(guard.pid ?? 0)).toBe(false);
  });

  it('starts with the first group and goes when it is let go', async () => {
    const guard = createGuard();
    expect(guard.pid).toBeNull();
    const group = spawnGroup();
    guard.add({ ...group, stop, ...unmarked });
    const pid = guard.pid ?? 0;
    expect(isRunning(pid)).toBe(true);
    guard.remove(group.pid);
    await guard.close();
    await guard.close();
    expect(isRunning(pid)).toBe(false);
    expect(isRunning(group.pid)).toBe(true);
  });

  it('ends the groups on its list, and neither those taken off it nor strangers with the same pid', async () => {
    const guard = createGuard();
    const [mine, returned, stranger] = [spawnGroup(), spawnGroup(), spawnGroup()];
    guard.add({ ...mine, stop: { closeMs: 99.5, terminateMs: 0.25, killMs: 1_000 }, ...unmarked });
    guard.add({ ...returned, stop, ...unmarked });
    guard.add({ pid: stranger.pid, startTime: `${stranger.startTime}1`, stop, ...unmarked });
    guard.remove(returned.pid);
    const pid = guard.pid ?? 0;
    await guard.close();
    await until('the guard has done its work', () => !isRunning(pid));
    expect(isRunning(mine.pid)).toBe(false);
    expect(isRunning(returned.pid)).toBe(true);
    expect(isRunning(stranger.pid)).toBe(true);
  });

  it('that is killed is told by its name, replaced, and told its groups again', async () => {
    const told: (string | null)[] = [];
    const guard = createGuard({ onTrouble: (reason) => told.push(reason) });
    const group = spawnGroup();
    guard.add({ ...group, stop, ...unmarked });
    const first = guard.pid ?? 0;
    await until('it works', () => told.length === 1);
    process.kill(first, 'SIGKILL');
    await until('there is another guard', () => guard.pid !== null && guard.pid !== first);
    await until('it works, too', () => told.length === 3);
    expect(told[0]).toBeNull();
    expect(told[1]).toContain('the guard (/bin/sh) was ended by SIGKILL');
    expect(told[2]).toBeNull();
    await guard.close();
    await until('the group is ended', () => !isRunning(group.pid));
  });

  for (const [what, shell, reason] of [
    ['is missing', '/no/shell', 'cannot be started: spawn /no/shell ENOENT'],
    ['may not be executed', '/etc/passwd', 'cannot be started: spawn /etc/passwd EACCES'],
    ['is a folder', '/tmp', 'cannot be started: spawn /tmp EACCES'],
    ['exits at once', '/bin/false', 'ended with exit code 1 before it could do anything'],
    ['is no shell', '/bin/echo', 'does not work as a shell'],
  ] as const)
    it(`says so when its shell ${what}`, async () => {
      const told: (string | null)[] = [];
      const guard = createGuard({ shell, onTrouble: (trouble) => told.push(trouble) });
      guard.add({ ...spawnGroup(), stop, ...unmarked });
      await until('it is told', () => told.length > 0);
      expect(told[0]).toBe(`the guard (${shell}) ${reason}`);
      guard.remove(2);
      await guard.close();
    });

  it('does not keep its owner running', async () => {
    const program = new URL('../../../../src/session/process/guard/guard.ts', import.meta.url).href;
    const code = `import { createGuard } from ${JSON.stringify(program)}; createGuard().add({ pid: 999999999, startTime: '-', stop: ${JSON.stringify(stop)}, key: 'none:1' });`;
    const owner = spawn(process.execPath, ['--import', 'tsx', '--input-type=module', '-e', code], { stdio: 'inherit' });
    spawned.push(owner);
    expect(await once(owner, 'exit')).toEqual([0, null]);
  });

  it('keeps a long list and forgets what was taken off', async () => {
    const guard = createGuard();
    const group = spawnGroup();
    guard.add({ ...group, stop, ...unmarked });
    for (let pid = 900_000_000; pid < 900_002_000; pid += 1) guard.add({ pid, startTime: '-', stop, ...unmarked });
    for (let pid = 900_000_000; pid < 900_002_000; pid += 1) guard.remove(pid);
    await guard.close();
    await until('the group is ended', () => !isRunning(group.pid));
    expect(isRunning(group.pid)).toBe(false);
  });
});
