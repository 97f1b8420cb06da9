/** A folder that came from somewhere else, with a `.mcpvisor/` of its maker's in it. */

import { execFileSync } from 'node:child_process';
import { existsSync, linkSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { startTimeOf } from '../../src/session/process/identity.ts';
import { openScene } from '../support/doors/daemon.ts';
import { addressOf, openTrap, plant } from '../support/doors/foreign.ts';
import { underAttack } from '../support/loop-delay.ts';
import { isRunning, pidsMarked, until } from '../support/processes.ts';

const secret = 'a-token-of-another-control-plane';

describe('a .mcpvisor/ that came with an archive', () => {
  const claims = {
    'a process without its start time': { pid: process.pid, startTime: null },
    'a process with a start time of another boot': { pid: process.pid, startTime: 'another-boot:1' },
  };

  it.each(Object.entries(claims))('gets no token and no request by naming %s', async (_, lock) => {
    const trap = await openTrap();
    const scene = openScene();
    plant(scene, {
      lock,
      'control-plane.json': addressOf(trap.url, lock.pid),
      token: 'known-to-its-maker-0123456789\n',
    });
    for (const command of ['status', 'tools', 'open', 'down', 'doctor']) {
      const env = { MCPVISOR_TOKEN: secret, DISPLAY: ':0' };
      const { stderr } = await scene.run([command], { env }).ended;
      expect(stderr, command).toContain('is passed over');
    }
    expect(trap.heard).toEqual([]);
  });

  it('gets no token of the environment either if it is named, which only a URL can ask for', async () => {
    const trap = await openTrap();
    const scene = openScene();
    const lock = { pid: process.pid, startTime: startTimeOf(process.pid) };
    const planted = plant(scene, { lock, 'control-plane.json': addressOf(trap.url, lock.pid) });
    await scene.run(['status', '--state-dir', planted], { env: { MCPVISOR_TOKEN: secret } }).ended;
    expect(trap.heard.join('\n')).not.toContain(secret);
    await scene.run(['status', '--url', trap.url], { env: { MCPVISOR_TOKEN: secret } }).ended;
    expect(trap.heard.join('\n')).toContain(secret);
  });

  it('is no state directory for "up"; if it is named, its token opens nothing', async () => {
    const scene = openScene();
    const known = 'known-to-its-maker-0123456789';
    const planted = plant(scene, { token: `${known}\n`, 'mcp-token': `${known}\n` });
    const unnamed = scene.run(['up', '--port', '0']);
    await until('it listens', () => unnamed.stdout().includes('Listening on'));
    expect(unnamed.stdout()).toContain(join(scene.folder, '.local/state/mcpvisor'));
    unnamed.kill('SIGTERM');
    await unnamed.ended;
    const named = scene.run(['up', '--port', '0', '--state-dir', planted]);
    await until('it listens', () => named.stdout().includes('Listening on'));
    expect(readFileSync(join(planted, 'token'), 'utf8')).not.toContain(known);
    expect(readFileSync(join(planted, 'mcp-token'), 'utf8')).not.toContain(known);
    // Used here, it is found from now on, whether it runs or not.
    expect((await scene.run(['status']).ended).code).toBe(0);
    named.kill('SIGTERM');
    await named.ended;
    const { code, stderr } = await scene.run(['status']).ended;
    expect([code, stderr]).toEqual([3, expect.stringContaining(planted)]);
  });

  it('has no process of another control plane killed by a record that leads to that of its directory', async () => {
    const scene = openScene();
    const config = scene.writeConfig({ a: scene.talker() });
    const { client } = await scene.up({ args: ['--config', config] });
    const record = join(scene.stateDir, 'processes.json');
    const isStarted = () =>
      pidsMarked(scene.mark).length === 1 && existsSync(record) && readFileSync(record, 'utf8').includes('"pid"');
    await until('the server is on record', isStarted);
    const [pid = 0] = pidsMarked(scene.mark);
    const planted = plant(scene, {});
    symlinkSync(record, join(planted, 'processes.json'));
    await underAttack(
      "records that lead to another's processes",
      async () => {
        const linked = await scene.run(['up', '--port', '0', '--state-dir', planted]).ended;
        expect([linked.code, linked.stderr]).toEqual([1, expect.stringContaining('processes.json in it is a link')]);
        rmSync(join(planted, 'processes.json'));
        writeFileSync(join(planted, 'processes.json'), readFileSync(record));
        const copied = scene.run(['up', '--port', '0', '--state-dir', planted]);
        await until('it listens', () => copied.stdout().includes('Listening on'));
        expect(isRunning(pid)).toBe(true);
        copied.kill('SIGTERM');
        await copied.ended;
        expect(isRunning(pid)).toBe(true);
      },
      { client },
    );
  });

  it('has nothing outside of it written to through a second name of a file', async () => {
    const scene = openScene();
    const config = scene.writeConfig({
      a: { command: process.execPath, args: ['-e', 'console.error(1)', scene.mark] },
    });
    const outside = join(scene.folder, 'outside');
    writeFileSync(outside, 'untouched');
    const planted = plant(scene, {});
    mkdirSync(join(planted, 'logs'));
    linkSync(outside, join(planted, 'logs', 'a.log'));
    const up = scene.run(['up', '--port', '0', '--state-dir', planted, '--config', config]);
    const { code, stderr } = await Promise.race([
      up.ended,
      until('its words are outside', () => readFileSync(outside, 'utf8') !== 'untouched').then(() => ({
        code: null,
        stderr: '',
      })),
    ]);
    expect(readFileSync(outside, 'utf8')).toBe('untouched');
    expect([code, stderr]).toEqual([1, expect.stringContaining('a file with a second name elsewhere')]);
  });

  it('has nothing outside of it overwritten through a link among the pages', async () => {
    const scene = openScene();
    const { client } = await scene.up();
    const outside = join(scene.folder, 'outside');
    writeFileSync(outside, 'untouched');
    mkdirSync(join(scene.stateDir, 'pages'));
    symlinkSync(outside, join(scene.stateDir, 'pages/docs.html'));
    symlinkSync(outside, join(scene.stateDir, 'pages/openapi.json'));
    const open = () => scene.run(['open', '--state-dir', scene.stateDir], { env: { DISPLAY: ':0' } }).ended;
    await underAttack(
      'links among the pages',
      async () => {
        expect((await open()).code).toBe(0);
        expect(readFileSync(join(scene.stateDir, 'pages/docs.html'), 'utf8')).toContain('<');
        rmSync(join(scene.stateDir, 'pages'), { recursive: true });
        mkdirSync(join(scene.folder, 'elsewhere'));
        symlinkSync(join(scene.folder, 'elsewhere'), join(scene.stateDir, 'pages'));
        expect((await open()).code).toBe(1);
      },
      { client },
    );
    expect(readFileSync(outside, 'utf8')).toBe('untouched');
  });
});

describe.runIf(process.platform === 'linux')('a state directory that two PID namespaces share', () => {
  it('has one control plane: the second is refused, and takes over once the first is gone', async ({ skip }) => {
    try {
      execFileSync('unshare', ['-pf', '--mount-proc', 'true'], { stdio: 'ignore' });
    } catch (error) {
      return skip(`there are no new PID namespaces here: ${error}`);
    }
    const scene = openScene();
    const first = await scene.up();
    const again = { within: ['unshare', '-pf', '--mount-proc', '--kill-child'] };
    const refused = await underAttack(
      'a control plane of another PID namespace on the same state directory',
      () => scene.run(['up', '--port', '0', '--state-dir', scene.stateDir], again).ended,
      { client: first.client },
    );
    expect([refused.code, refused.stderr]).toEqual([6, expect.stringContaining(`pid ${first.pid}`)]);
    first.kill('SIGKILL');
    await first.ended;
    const second = scene.run(['up', '--port', '0', '--state-dir', scene.stateDir], again);
    await until('it listens', () => second.stdout().includes('Listening on'));
    const outside = await scene.run(['up', '--port', '0', '--state-dir', scene.stateDir]).ended;
    expect(outside.code).toBe(6);
    expect((await scene.run(['status', '--state-dir', scene.stateDir]).ended).code).toBe(0);
  });
});
