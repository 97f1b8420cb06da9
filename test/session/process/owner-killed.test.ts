import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createProcessRegistry } from '../../../src/session/process/registry.ts';
import { createMark, isRunning, killMarked, pidsMarked, until, untilNoneMarked } from '../../support/processes.ts';

interface Owner {
  readonly child: ChildProcessByStdio<Writable, Readable, null>;
  readonly pids: readonly number[];
  readonly guard: number | null;
}

let stateDir: string;
let mark: string;

beforeEach(() => {
  stateDir = mkdtempSync(join(tmpdir(), 'mcpvisor-'));
  mark = createMark();
});

afterEach(() => {
  killMarked(mark);
  rmSync(stateDir, { recursive: true, force: true });
});

async function startOwner(
  guarding: 'guarded' | 'unguarded' | 'last-words',
  ...programs: readonly string[]
): Promise<Owner> {
  const program = fileURLToPath(new URL('owner.ts', import.meta.url));
  const child = spawn(process.execPath, ['--import', 'tsx', program, stateDir, mark, guarding, ...programs], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  for await (const line of createInterface(child.stdout)) return { child, ...JSON.parse(line) };
  throw new Error('The owner ended before it was ready.');
}

async function kill({ child }: Owner): Promise<void> {
  const exited = once(child, 'exit');
  child.kill('SIGKILL');
  await exited;
}

describe('when the owner of servers is killed with SIGKILL', () => {
  for (const program of [
    'speak',
    'ignores-eof',
    'ignores-eof-behind-a-wrapper',
    'ignores-sigterm',
    'forks-a-grandchild',
  ]) {
    it(`nothing is left of ${program}`, async () => {
      const owner = await startOwner('guarded', program);
      expect(pidsMarked(mark).length).toBeGreaterThan(1);
      await kill(owner);
      await untilNoneMarked(mark);
      await until('the guard has gone too', () => !isRunning(owner.guard ?? 0));
      expect(owner.pids.some(isRunning)).toBe(false);
    });
  }

  it('nothing is left of a server that was stopped', async () => {
    const owner = await startOwner('guarded', 'ignores-eof');
    for (const pid of owner.pids) process.kill(pid, 'SIGSTOP');
    await kill(owner);
    await untilNoneMarked(mark);
    expect(owner.pids.some(isRunning)).toBe(false);
  });

  it('the guard ends many groups at the same time', async () => {
    const owner = await startOwner('guarded', ...Array.from({ length: 6 }, () => 'ignores-sigterm'));
    await kill(owner);
    const killedAtMs = performance.now();
    await untilNoneMarked(mark);
    // One after another they would take 6 × 700 ms.
    expect(performance.now() - killedAtMs).toBeLessThan(3_500);
  });

  it('the guard kept no terminal signal from doing its work', async () => {
    const owner = await startOwner('guarded', 'ignores-sigterm');
    for (const signal of ['SIGINT', 'SIGHUP', 'SIGTERM', 'SIGQUIT'] as const) process.kill(owner.guard ?? 0, signal);
    await kill(owner);
    await untilNoneMarked(mark);
    expect(owner.pids.some(isRunning)).toBe(false);
  });
});

describe('when the owner and its guard are both gone', () => {
  it('the next life ends what they left, with or without its leader, and says what it was', async () => {
    const owner = await startOwner(
      'unguarded',
      'ignores-sigterm',
      'ignores-eof-behind-a-wrapper',
      'forks-a-grandchild',
      'speak',
    );
    await kill(owner);
    await until('the two that hear the end of stdin have gone', () =>
      owner.pids.slice(2).every((pid) => !isRunning(pid)),
    );
    expect(pidsMarked(mark).length).toBeGreaterThan(3);

    const problems: string[] = [];
    const registry = createProcessRegistry({ stateDir, onError: (problem) => problems.push(problem) });
    expect(registry.highestGeneration('forks-a-grandchild')).toBe(3);
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
    expect(JSON.parse(readFileSync(join(stateDir, 'processes.json'), 'utf8'))).toEqual({ processes: [] });
    expect(problems).toEqual([]);
  });

  it('the next life leaves a process alone that has the pid but not the start time', async () => {
    const owner = await startOwner('unguarded', 'ignores-eof');
    await kill(owner);
    const path = join(stateDir, 'processes.json');
    const file = JSON.parse(readFileSync(path, 'utf8'));
    file.processes[0].startTime += '1';
    writeFileSync(path, JSON.stringify(file));

    const registry = createProcessRegistry({ stateDir });
    expect(await registry.reapSurvivors()).toEqual([]);
    expect(owner.pids.every(isRunning)).toBe(true);
    await registry.close();
    expect(JSON.parse(readFileSync(path, 'utf8'))).toEqual({ processes: [] });
  });
});

describe('when the owner exits without having ended its servers', () => {
  it('they are killed on the way out', async () => {
    const { child, pids } = await startOwner('last-words', 'ignores-sigterm', 'ignores-eof-behind-a-wrapper');
    child.stdin.write('exit\n');
    await once(child, 'exit');
    await untilNoneMarked(mark);
    // A process that is being killed loses its arguments, and so its mark, a moment before it has gone.
    await until('none of them runs', () => !pids.some(isRunning));
    expect(pids).toHaveLength(2);
  });
});
