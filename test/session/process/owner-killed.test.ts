import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import type { StrayNews } from '../../../src/session/contract.ts';
import { createProcessRegistry } from '../../../src/session/process/registry.ts';
import { createSessions } from '../../../src/session/sessions.ts';
import { onTestFinished } from '../../support/finishing.ts';
import { createMark, isRunning, killMarked, pidsMarked, until, untilNoneMarked } from '../../support/processes.ts';
import { killOwner, type Owner, spawnOwner, startOwner } from './start-owner.ts';

type How = 'guarded' | 'unguarded' | 'last-words' | 'in-the-gap';

interface Place {
  readonly stateDir: string;
  readonly mark: string;
  spawn(how: How, programs: readonly string[]): Owner['child'];
  start(how: How, ...programs: readonly string[]): Promise<Owner>;
}

/** Called within a test: everything is gone when that test is over. */
function openPlace(): Place {
  const stateDir = mkdtempSync(join(tmpdir(), 'mcpvisor-'));
  const mark = createMark();
  onTestFinished(() => {
    killMarked(mark);
    rmSync(stateDir, { recursive: true, force: true });
  });
  return {
    stateDir,
    mark,
    spawn: (how, programs) => spawnOwner({ stateDir, mark, how, programs }),
    start: (how, ...programs) => startOwner({ stateDir, mark, how, programs }),
  };
}

async function immediates(count: number): Promise<void> {
  for (let turn = 0; turn < count; turn += 1) await setImmediate();
}

describe.concurrent('when the owner of servers is killed with SIGKILL', () => {
  for (const program of [
    'speak',
    'ignores-eof',
    'ignores-eof-behind-a-wrapper',
    'ignores-sigterm',
    'forks-a-grandchild',
    'leaves-a-daemon',
    'leaves-a-daemon ignores-sigterm',
  ]) {
    it(`nothing is left of ${program}`, async () => {
      const { mark, start } = openPlace();
      const owner = await start('guarded', program);
      expect(pidsMarked(mark).length).toBeGreaterThan(1);
      await killOwner(owner);
      await untilNoneMarked(mark);
      await until('the guard has gone too', () => !isRunning(owner.guard ?? 0));
      expect(owner.pids.some(isRunning)).toBe(false);
    });
  }

  it('nothing is left of a server that it was just spawning', async () => {
    const { mark, spawn } = openPlace();
    const owner = spawn('in-the-gap', ['ignores-sigterm']);
    expect(await once(owner, 'exit')).toEqual([null, 'SIGKILL']);
    await untilNoneMarked(mark);
  });

  it('nothing is left of servers, whenever it is killed while it spawns them', async () => {
    const { mark, spawn } = openPlace();
    for (let turn = 0; turn < 8; turn += 1) {
      const owner = spawn(
        'guarded',
        Array.from({ length: 12 }, () => 'ignores-sigterm'),
      );
      await until('the first of them runs', () => pidsMarked(mark).length > 1);
      await immediates(turn * 3);
      const exited = once(owner, 'exit');
      owner.kill('SIGKILL');
      await exited;
      await untilNoneMarked(mark);
      expect(pidsMarked(mark)).toEqual([]);
    }
  }, 120_000);

  it('nothing is left of a server that was stopped', async () => {
    const { mark, start } = openPlace();
    const owner = await start('guarded', 'ignores-eof');
    for (const pid of owner.pids) process.kill(pid, 'SIGSTOP');
    await killOwner(owner);
    await untilNoneMarked(mark);
    expect(owner.pids.some(isRunning)).toBe(false);
  });

  it.sequential('the guard ends many groups at the same time', async () => {
    const { mark, start } = openPlace();
    const owner = await start('guarded', ...Array.from({ length: 6 }, () => 'ignores-sigterm'));
    await killOwner(owner);
    const killedAtMs = performance.now();
    await untilNoneMarked(mark);
    // One after another they would take 6 × 700 ms.
    expect(performance.now() - killedAtMs).toBeLessThan(3_500);
  });

  it('the guard kept no terminal signal from doing its work', async () => {
    const { mark, start } = openPlace();
    const owner = await start('guarded', 'ignores-sigterm');
    for (const signal of ['SIGINT', 'SIGHUP', 'SIGTERM', 'SIGQUIT'] as const) process.kill(owner.guard ?? 0, signal);
    await killOwner(owner);
    await untilNoneMarked(mark);
    // One that was killed has no arguments any more before it has ended.
    await until('they have ended', () => !owner.pids.some(isRunning));
    expect(pidsMarked(mark)).toEqual([]);
  });
});

describe.concurrent('when the owner and its guard are both gone', () => {
  it('the next life ends what they left, with or without its leader, and says what it was', async () => {
    const { mark, stateDir, start } = openPlace();
    const owner = await start(
      'unguarded',
      'ignores-sigterm',
      'ignores-eof-behind-a-wrapper',
      'forks-a-grandchild',
      'speak',
    );
    await killOwner(owner);
    await until('the two that hear the end of stdin have gone', () =>
      owner.pids.slice(2).every((pid) => !isRunning(pid)),
    );
    expect(pidsMarked(mark).length).toBeGreaterThan(3);

    const problems: string[] = [];
    const registry = createProcessRegistry({ stateDir, onError: (problem) => problems.push(problem) });
    expect(registry.generations.get('forks-a-grandchild') ?? 0).toBe(3);
    const told: string[] = [];
    const reaped = await registry.reapSurvivors(({ server }) => told.push(server));
    expect(reaped.map(({ server }) => server).sort()).toEqual([
      'forks-a-grandchild',
      'ignores-eof-behind-a-wrapper',
      'ignores-sigterm',
    ]);
    expect([...told].sort()).toEqual(reaped.map(({ server }) => server).sort());
    expect(pidsMarked(mark)).toEqual([]);
    await registry.close();
    expect(JSON.parse(readFileSync(join(stateDir, 'processes.json'), 'utf8'))).toMatchObject({ processes: [] });
    expect(problems).toEqual([]);
  });

  it('the next life ends what a server left outside of its group, and leaves alone what is only to be told', async () => {
    const { mark, stateDir, start } = openPlace();
    const owner = await start('unguarded', 'leaves-a-daemon', 'leaves-a-daemon ignores-sigterm');
    await killOwner(owner);
    await until('the servers have heard the end of stdin', () => owner.pids.every((pid) => !isRunning(pid)));
    expect(pidsMarked(mark)).toHaveLength(2);
    const stop = { closeMs: 300, terminateMs: 300, killMs: 2_000 };
    for (const strays of ['tell', 'end'] as const) {
      const news: StrayNews[] = [];
      const sessions = createSessions({
        stateDir,
        clientInfo: { name: 'test', version: '1' },
        host: null,
        onStray: (told) => news.push(told),
      });
      await sessions.reap(
        () => {},
        () => ({ ...stop, strays }),
      );
      expect(news.filter(({ type }) => type === 'found')).toMatchObject([
        { command: process.execPath, policy: strays },
        { command: process.execPath, policy: strays },
      ]);
      await sessions.close();
      expect(pidsMarked(mark)).toHaveLength(strays === 'tell' ? 2 : 0);
    }
    expect(JSON.parse(readFileSync(join(stateDir, 'processes.json'), 'utf8')).instances).toHaveLength(1);
  });

  it('the next life leaves a process alone that has the pid but not the start time', async () => {
    const { stateDir, start } = openPlace();
    const owner = await start('unguarded', 'ignores-eof');
    await killOwner(owner);
    const path = join(stateDir, 'processes.json');
    const file = JSON.parse(readFileSync(path, 'utf8'));
    file.processes[0].startTime += '1';
    writeFileSync(path, JSON.stringify(file));

    const registry = createProcessRegistry({ stateDir });
    expect(await registry.reapSurvivors()).toEqual([]);
    expect(owner.pids.every(isRunning)).toBe(true);
    await registry.close();
    expect(JSON.parse(readFileSync(path, 'utf8'))).toMatchObject({ processes: [] });
  });
});

describe.concurrent('when the owner exits without having ended its servers', () => {
  it('they are killed on the way out', async () => {
    const { mark, start } = openPlace();
    const programs = ['ignores-sigterm', 'ignores-eof-behind-a-wrapper', 'leaves-a-daemon ignores-sigterm'];
    const { child, pids } = await start('last-words', ...programs);
    child.stdin.write('exit\n');
    await once(child, 'exit');
    await untilNoneMarked(mark);
    // A process that is being killed loses its arguments, and so its mark, a moment before it has gone.
    await until('none of them runs', () => !pids.some(isRunning));
    expect(pids).toHaveLength(3);
  });
});
