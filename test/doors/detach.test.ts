import { appendFileSync, existsSync, readFileSync, statSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { commandLineOf, endDetached } from '../support/doors/command-line.ts';
import { openScene } from '../support/doors/daemon.ts';
import { isRunning, pidsMarked, until, untilNoneMarked } from '../support/processes.ts';

describe('up --detach', () => {
  it('returns when the API answers, goes on in the background, and down leaves nothing of it', async () => {
    const scene = openScene();
    endDetached(scene);
    scene.writeConfig({ one: scene.talker(), two: scene.talker() });
    const { command } = commandLineOf(scene);
    const started = await command('up', '--detach', '--port', '0', '--json');
    expect(started).toMatchObject({ code: 0, stderr: '' });
    const { url, pid, log } = JSON.parse(started.stdout);
    expect(isRunning(pid)).toBe(true);
    expect(await command('status', '--json')).toMatchObject({ code: 0 });
    await until('both run', () => pidsMarked(scene.mark).length === 2);
    expect(log).toBe(join(scene.stateDir, 'logs', 'mcpvisor.log'));
    expect(statSync(log).mode & 0o777).toBe(0o600);
    expect(readFileSync(log, 'utf8')).toContain(url);

    expect(await command('down')).toMatchObject({ code: 0, stdout: expect.stringContaining(String(pid)), stderr: '' });
    expect(isRunning(pid)).toBe(false);
    expect(pidsMarked(scene.mark)).toEqual([]);
    for (const file of ['lock', 'control-plane.json']) expect(existsSync(join(scene.stateDir, file))).toBe(false);
    expect(await command('down')).toMatchObject({ code: 3 });
  });

  it.each([[['up', '--port', '0']], [['up', '--port', '0', '--detach']]])(
    'has the state directory for itself: a second %j ends with code 6',
    async (words) => {
      const scene = openScene();
      endDetached(scene);
      scene.writeConfig({});
      const { command } = commandLineOf(scene);
      const { pid } = JSON.parse((await command('up', '--detach', '--port', '0', '--json')).stdout);
      expect(await command(...words)).toMatchObject({
        code: 6,
        stdout: '',
        stderr: expect.stringContaining(`pid ${pid}`),
      });
      expect(isRunning(pid)).toBe(true);
    },
  );

  it('tells how a start that failed has ended', async () => {
    const scene = openScene();
    endDetached(scene);
    scene.writeConfig({ one: scene.talker() });
    const squatter = createServer();
    onTestFinished(() => void squatter.close());
    const port = await new Promise<string>((resolve) => {
      squatter.listen(0, '127.0.0.1', () => {
        const address = squatter.address();
        resolve(typeof address === 'object' && address !== null ? String(address.port) : '');
      });
    });
    const { command } = commandLineOf(scene);
    const ending = await command('up', '--detach', '--port', port);
    expect(ending).toMatchObject({ code: 1, stdout: '' });
    expect(ending.stderr).toContain(`Cannot listen on port ${port}`);
    expect(pidsMarked(scene.mark)).toEqual([]);
    expect((await command('up', '--detach', '--port', 'x')).code).toBe(2);
  });

  it('does not fill the disk with its log, however long it goes on', async () => {
    const scene = openScene();
    endDetached(scene);
    scene.writeConfig({ one: scene.talker() });
    const { command } = commandLineOf(scene);
    const { log } = JSON.parse((await command('up', '--detach', '--port', '0', '--json')).stdout);
    for (const mark of ['first', 'second', 'third']) {
      appendFileSync(log, `${mark}\n${'x'.repeat(5 * 1024 * 1024)}\n`);
      expect(await command('restart', 'one')).toMatchObject({ code: 0 });
      await until('room was made', () => statSync(log).size < 1024 * 1024);
      expect(readFileSync(`${log}.1`, 'utf8')).toContain(`${mark}\n`);
      expect(statSync(`${log}.1`).mode & 0o777).toBe(0o600);
    }
    expect(readFileSync(`${log}.2`, 'utf8')).toContain('second\n');
    expect(existsSync(`${log}.3`)).toBe(false);
    expect(await command('restart', 'one')).toMatchObject({ code: 0 });
    await until('it goes on', () => readFileSync(log, 'utf8').includes('"msg"'));
  });

  it('can be asked for in the environment, once', async () => {
    const scene = openScene();
    endDetached(scene);
    scene.writeConfig({ one: scene.talker() });
    const env = { MCPVISOR_DETACH: '1', MCPVISOR_PORT: '0', MCPVISOR_STATE_DIR: scene.stateDir };
    const { code, stdout } = await scene.run(['up'], { env }).ended;
    expect(code).toBe(0);
    expect(stdout).toMatch(/^Listening on http:\/\/127\.0\.0\.1:\d+ \(pid \d+, log in .*mcpvisor\.log\)\.\n$/);
    expect(await commandLineOf(scene).command('down')).toMatchObject({ code: 0 });
    await untilNoneMarked(scene.mark);
  });
});

describe('down', () => {
  it('ends a control plane in the foreground, too, which is quiet about it', async () => {
    const scene = openScene();
    scene.writeConfig({ one: scene.talker() });
    const daemon = await scene.up();
    expect(await commandLineOf(scene).json('down')).toEqual({ url: daemon.url, pid: daemon.pid, ended: true });
    expect(await daemon.ended).toMatchObject({ code: 0, stderr: '' });
  });

  it('says that it takes longer than it may', async () => {
    const scene = openScene();
    const stubborn = join(import.meta.dirname, '../servers/ignores-sigterm.mjs');
    scene.writeConfig({ one: { command: process.execPath, args: [stubborn, scene.mark], stop: { closeMs: 600_000 } } });
    const daemon = await scene.up();
    await until(
      'it is connected',
      async () => (await daemon.client.get('/api/servers/one')).json.state === 'connected',
    );
    expect(await commandLineOf(scene).command('down', '--timeout', '100')).toMatchObject({
      code: 5,
      stderr: expect.stringContaining(`pid ${daemon.pid}`),
    });
  });
});
