import { existsSync, mkdtempSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { installDocker } from '../support/docker.ts';
import { isRunning, until } from '../support/processes.ts';
import {
  type Entry,
  openStage,
  pidOf,
  quickRestart,
  quickStop,
  textOf,
  untilFact,
  untilState,
} from '../support/supervised.ts';

type Supervisor = Awaited<ReturnType<ReturnType<typeof openStage>['open']>>;

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'mcpvisor-docker-'));
  installDocker(folder);
  vi.stubEnv('PATH', `${folder}:${process.env.PATH}`);
});

afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(folder, { recursive: true, force: true });
});

function entryOf(command: string, args: readonly string[], strays = 'end'): Entry {
  return { command, args, restart: quickRestart, stop: { ...quickStop, strays } };
}

async function containerOf(supervisor: Supervisor): Promise<number> {
  return Number(textOf(await supervisor.callTool('a', 'container', {})));
}

describe('the container of a server', () => {
  for (const [how, lineIn] of Object.entries({
    'docker run': () => ['docker', 'run', '-i', '--rm'],
    'an absolute path': (path: string) => [join(path, 'docker'), 'run', '-i'],
    'docker with options': () => ['docker', '--context', 'here', 'container', 'run', '-i'],
    env: () => ['/usr/bin/env', '-u', 'B', 'A=1', 'docker', 'run', '-i'],
    'an id file of its own': (path: string) => ['docker', 'run', '-i', '--cidfile', join(path, 'own.cid')],
  }))
    it(`is told and ended when the server stops: ${how}`, async () => {
      const stage = openStage();
      const [command = '', ...args] = lineIn(folder);
      const supervisor = await stage.open({ a: entryOf(command, [...args, 'image', stage.mark]) });
      await supervisor.ready();
      const pid = await containerOf(supervisor);
      const found = untilFact(supervisor, 'stray.found');
      const gone = untilFact(supervisor, 'stray.gone');
      await supervisor.send('a', { type: 'server.stop' });
      expect(await found).toMatchObject({ actor: 'server:a', generation: 1, pid, policy: 'end' });
      expect((await found).command).toMatch(/docker container [0-9a-f]{12}$/);
      expect(await gone).toMatchObject({ pid });
      expect(isRunning(pid)).toBe(false);
      expect(supervisor.status('a').alarms.filter(({ alarm }) => alarm === 'strays')).toEqual([]);
    });

  it('is ended when the server is killed, and the next generation keeps its own', async () => {
    const stage = openStage();
    const supervisor = await stage.open({ a: entryOf('docker', ['run', '-i', 'image', stage.mark]) });
    await supervisor.ready();
    const first = await containerOf(supervisor);
    const gone = untilFact(supervisor, 'stray.gone', ({ pid }) => pid === first);
    const back = untilState(supervisor, 'a', 'connected');
    process.kill(pidOf(supervisor, 'a'), 'SIGKILL');
    await Promise.all([gone, back]);
    expect(isRunning(first)).toBe(false);
    expect(isRunning(await containerOf(supervisor))).toBe(true);
    await supervisor.close();
  });

  it('gets SIGKILL if it ignores SIGTERM, before a supervisor is closed', async () => {
    const stage = openStage();
    const args = ['run', '-i', 'image', 'ignores-sigterm', stage.mark];
    const supervisor = await stage.open({ a: entryOf('docker', args) });
    await supervisor.ready();
    const pid = await containerOf(supervisor);
    await supervisor.close();
    expect(isRunning(pid)).toBe(false);
  });

  it('is only told with "tell"; the next start finds it by the id file, and ends it if it is to', async () => {
    const stage = openStage();
    const stateDir = join(folder, 'state');
    const args = ['run', '-i', 'image', stage.mark];
    const first = await stage.open({ a: entryOf('docker', args, 'tell') }, {}, { stateDir });
    await first.ready();
    const pid = await containerOf(first);
    const told = untilFact(first, 'stray.found');
    await first.send('a', { type: 'server.stop' });
    expect(await told).toMatchObject({ pid, policy: 'tell' });
    await first.close();
    expect(isRunning(pid)).toBe(true);
    expect(readdirSync(join(stateDir, 'containers'))).toHaveLength(1);
    const second = await stage.open({ a: { ...entryOf('docker', args), lazy: true } }, {}, { stateDir });
    await until('it has gone', () => !isRunning(pid));
    await second.close();
    expect(readdirSync(join(stateDir, 'containers'))).toEqual([]);
  });

  it('stays on record while the engine cannot be asked', async () => {
    const stage = openStage();
    const stateDir = join(folder, 'state');
    const entry = entryOf(join(folder, 'docker'), ['run', '-i', 'image', stage.mark]);
    const supervisor = await stage.open({ a: entry }, {}, { stateDir });
    await supervisor.ready();
    const pid = await containerOf(supervisor);
    renameSync(join(folder, 'docker'), join(folder, 'missing'));
    await supervisor.close();
    expect(isRunning(pid)).toBe(true);
    renameSync(join(folder, 'missing'), join(folder, 'docker'));
    await (await stage.open({}, {}, { stateDir })).close();
    expect(isRunning(pid)).toBe(false);
  });

  it('leaves no id file', async () => {
    const stage = openStage();
    const stateDir = join(folder, 'state');
    const supervisor = await stage.open({ a: entryOf('docker', ['run', '-i', 'image', stage.mark]) }, {}, { stateDir });
    await supervisor.ready();
    expect(readdirSync(join(stateDir, 'containers'))).toHaveLength(1);
    await supervisor.close();
    expect(existsSync(join(stateDir, 'containers'))).toBe(true);
    expect(readdirSync(join(stateDir, 'containers'))).toEqual([]);
  });
});
