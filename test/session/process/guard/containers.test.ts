import { once } from 'node:events';
import { accessSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { installDocker } from '../../../support/docker.ts';
import { onTestFinished } from '../../../support/finishing.ts';
import { createMark, isRunning, killMarked, pidsMarked, until, untilNoneMarked } from '../../../support/processes.ts';
import { killOwner, type OwnerOptions, spawnOwner, startOwner } from '../start-owner.ts';

interface Place {
  readonly folder: string;
  readonly stateDir: string;
  readonly mark: string;
  optionsFor(how: string, programs: readonly string[], env?: NodeJS.ProcessEnv): OwnerOptions;
}

/** Called within a test: everything is gone when that test is over. */
function openPlace(): Place {
  const folder = mkdtempSync(join(tmpdir(), 'mcpvisor guard '));
  const stateDir = join(folder, "it's a state");
  mkdirSync(stateDir);
  const mark = createMark();
  onTestFinished(() => {
    killMarked(mark);
    rmSync(folder, { recursive: true, force: true });
  });
  const path = `${folder}:${process.env.PATH}`;
  return {
    folder,
    stateDir,
    mark,
    optionsFor: (how, programs, env = {}) => ({
      stateDir,
      mark,
      how,
      programs,
      env: { ...process.env, PATH: path, ...env },
    }),
  };
}

function hasFile(path: string): boolean {
  try {
    accessSync(path);
    return true;
  } catch {
    return false;
  }
}

/** A shell as the system's `sh`: programs with many names are told by a link which they are. */
function asSh(folder: string, program: string): string {
  const link = join(folder, 'sh');
  symlinkSync(program, link);
  return link;
}

describe.concurrent('when the owner of servers in containers is killed with SIGKILL', () => {
  for (const program of ['/bin/dash', '/bin/bash', '/bin/busybox', '/bin/mksh'])
    it.skipIf(!hasFile(program))(
      `its guard in ${program} ends them, and removes the files with their ids`,
      async () => {
        const { folder, mark, optionsFor, stateDir } = openPlace();
        installDocker(folder);
        installDocker(folder, { name: 'podman' });
        const owner = await startOwner(
          optionsFor(asSh(folder, program), [
            'docker run -i --rm image',
            'docker --context here container run -i image ignores-sigterm',
          ]),
        );
        // Two servers, and two containers.
        expect(pidsMarked(mark).length).toBeGreaterThanOrEqual(5);
        await killOwner(owner);
        await untilNoneMarked(mark);
        await until('the guard has gone too', () => !isRunning(owner.guard ?? 0));
        expect(readdirSync(join(stateDir, 'containers'))).toEqual([]);
      },
    );

  it('its guard asks the daemon that the server spoke to', async () => {
    const { folder, mark, optionsFor } = openPlace();
    installDocker(folder, { first: `[ "$DOCKER_HOST" = "tcp://a host" ] || exit 1` });
    const owner = await startOwner(optionsFor('guarded', ['docker run -i image'], { DOCKER_HOST: 'tcp://a host' }));
    expect(pidsMarked(mark).length).toBeGreaterThanOrEqual(3);
    await killOwner(owner);
    await untilNoneMarked(mark);
  });

  it('its guard sends SIGTERM, and SIGKILL to one that ignores it', async () => {
    const { folder, mark, optionsFor } = openPlace();
    installDocker(folder, { first: `echo "$*" >>'${folder}/asked'` });
    const owner = await startOwner(optionsFor('guarded', ['docker run -i image ignores-sigterm']));
    await killOwner(owner);
    await untilNoneMarked(mark);
    const asked = readFileSync(join(folder, 'asked'), 'latin1').split('\n');
    expect(asked.flatMap((line) => /^kill --signal (\w+) [0-9a-f]{64}$/.exec(line)?.[1] ?? [])).toEqual([
      'TERM',
      'KILL',
    ]);
  });

  it('nothing is left of one that was just being spawned', async () => {
    const { folder, mark, optionsFor } = openPlace();
    installDocker(folder);
    const owner = spawnOwner(optionsFor('in-the-gap', ['docker run -i image ignores-sigterm']));
    expect(await once(owner, 'exit')).toEqual([null, 'SIGKILL']);
    await untilNoneMarked(mark);
  });

  it('an engine that hangs holds up neither the others nor the guard, and the id is kept for the next start', async () => {
    const { folder, mark, optionsFor, stateDir } = openPlace();
    installDocker(folder, { first: `case $* in *inspect*) exec sleep 600 ;; esac` });
    const owner = await startOwner(optionsFor('guarded', ['docker run -i image', 'ignores-sigterm']));
    const containers = pidsMarked(mark).filter((pid) => ![owner.child.pid, ...owner.pids].includes(pid));
    expect(containers).toHaveLength(1);
    await killOwner(owner);
    await until('the servers have gone', () => !owner.pids.some(isRunning));
    expect(isRunning(owner.guard ?? 0)).toBe(true);
    await until('the guard has given up', () => !isRunning(owner.guard ?? 0), 60_000);
    expect(pidsMarked(mark)).toEqual(containers);
    expect(readdirSync(join(stateDir, 'containers'))).toHaveLength(1);
  }, 90_000);
});
