import { chmodSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { checkMachine } from '../../../../src/cli/commands/doctor/machine.ts';
import { checkNames } from '../../../../src/cli/commands/doctor/running.ts';
import { checkState } from '../../../../src/cli/commands/doctor/state-files.ts';
import { createScratchFolder } from '../../../support/scratch-folder.ts';

describe('a runtime', () => {
  const levelOf = (nodeVersion: string, platform = 'darwin') =>
    checkMachine({ nodeVersion, platform, pid: 4711 }).map(({ level }) => level);

  it.each([
    ['v20.18.3', 'problem'],
    ['v18.20.0', 'problem'],
    ['v20.19.0', 'ok'],
    ['v22.0.0', 'ok'],
  ])('of version %s is: %s', (version, level) => {
    expect(levelOf(version)[0]).toBe(level);
  });

  it('is on a system where servers run', () => {
    expect(levelOf('v22.0.0', 'win32')).toEqual(['ok', 'problem']);
  });

  it('should not be process 1', () => {
    expect(checkMachine({ nodeVersion: 'v22.0.0', platform: 'linux', pid: 1 }).at(-1)).toMatchObject({
      check: 'init',
      level: 'warning',
    });
  });
});

describe('names of tools', () => {
  it('clash if they come out alike', () => {
    const tools = [
      { server: 'a.b', name: 'run', exposedName: 'a_b__run_11111111' },
      { server: 'a_b', name: 'run', exposedName: 'a_b__run' },
      { server: 'c', name: 'run', exposedName: 'c__run' },
    ];
    expect(checkNames(tools)).toEqual([
      expect.objectContaining({
        level: 'warning',
        message: 'clash: run of a.b (a_b__run_11111111), run of a_b (a_b__run)',
      }),
    ]);
    expect(checkNames(tools.slice(1))).toEqual([expect.objectContaining({ level: 'ok' })]);
  });
});

describe('a state directory', () => {
  const uid = process.getuid?.() ?? 0;
  const findingsOf = (stateDir: string) =>
    checkState({ stateDir, uid, running: { state: 'none', isStale: false, flaw: null } });

  it('that is not there is no trouble', async () => {
    const [first] = await findingsOf(join(createScratchFolder(), 'none'));
    expect(first).toMatchObject({
      check: 'state directory',
      level: 'ok',
      message: expect.stringContaining('is not there yet'),
    });
  });

  it('that cannot be there is not said to be made, and nothing is said of what is in it', async () => {
    const file = join(createScratchFolder(), 'file');
    writeFileSync(file, '');
    expect(await findingsOf(join(file, 'state'))).toEqual([
      expect.objectContaining({
        check: 'state directory',
        level: 'problem',
        message: `${join(file, 'state')} cannot be looked at (ENOTDIR)`,
      }),
    ]);
  });

  it.each(['token', 'logs'])('is not said to be closed to others when %s in it cannot be looked at', async (name) => {
    const stateDir = createScratchFolder();
    chmodSync(stateDir, 0o700);
    symlinkSync(name, join(stateDir, name));
    expect((await findingsOf(stateDir)).filter(({ check }) => check === 'permissions')).toEqual([
      expect.objectContaining({ level: 'problem', message: `${join(stateDir, name)} cannot be looked at (ELOOP)` }),
    ]);
  });

  // Nothing is closed to root.
  it.skipIf(uid === 0)('that may not be looked at is not said to be missing (root may look everywhere)', async () => {
    const closed = join(createScratchFolder(), 'closed');
    mkdirSync(join(closed, 'state'), { recursive: true });
    chmodSync(closed, 0);
    onTestFinished(() => chmodSync(closed, 0o700));
    expect(await findingsOf(join(closed, 'state'))).toEqual([
      expect.objectContaining({
        check: 'state directory',
        level: 'problem',
        message: `${join(closed, 'state')} cannot be looked at (EACCES)`,
      }),
    ]);
  });
});
