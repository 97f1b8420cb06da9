import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { runDaemon } from '../../src/daemon.ts';
import { startTimeOf } from '../../src/session/process/identity.ts';
import { openScene, type Scene } from '../support/doors/daemon.ts';
import { isRunning } from '../support/processes.ts';
import { createScratchFolder } from '../support/scratch-folder.ts';

/** Says when it is there, and when it hears SIGTERM, which does not end it. */
const stubborn = "process.on('SIGTERM', () => console.log('asked')); setInterval(() => {}, 1e6); console.log('there');";

/** A server of an earlier life that nobody ended: resolves when it runs. */
async function leaveBehind({ stateDir, mark }: Scene, terminateMs: number) {
  const child = spawn(process.execPath, ['-e', stubborn, '--', mark], {
    detached: true,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  await once(child.stdout, 'data');
  const pid = child.pid ?? 0;
  const record = {
    server: 'one',
    generation: 4,
    pid,
    startTime: startTimeOf(pid),
    command: 'node',
    stop: { closeMs: 0, terminateMs, killMs: 2_000 },
  };
  mkdirSync(stateDir, { mode: 0o700 });
  writeFileSync(join(stateDir, 'processes.json'), JSON.stringify({ processes: [record] }));
  return { pid, asked: once(child.stdout, 'data') };
}

/** In this process: `turns` turns of the event loop after its beginning it is told to end. */
async function endAfter(turns: number): Promise<{ readonly words: string; readonly stateDir: string }> {
  const stateDir = join(createScratchFolder(), 'state');
  const end = new AbortController();
  let words = '';
  const running = runDaemon(
    {
      config: null,
      isKnown: true,
      stateDir,
      host: '127.0.0.1',
      port: 0,
      store: 'memory:',
      isolation: 'in-process',
      logLevel: 'info',
      logFormat: 'json',
      serverLogs: 'on',
      colors: false,
      insecureBind: false,
      trustApi: false,
      tokenFile: null,
      env: {},
      uid: process.getuid?.() ?? 0,
      pid: process.pid,
      stdout: new Writable({
        write(chunk, _encoding, done) {
          words += String(chunk);
          done();
        },
      }),
      now: Date.now,
      atOnce: new AbortController().signal,
    },
    end.signal,
  );
  for (let turn = 0; turn < turns; turn += 1) await nextTurn();
  end.abort();
  await (await running)?.closed;
  return { words, stateDir };
}

describe('a control plane that is told to end', () => {
  it('at any moment of its start leaves neither lock nor address behind', async () => {
    let early = 0;
    // Until the moment comes too late: it has started.
    for (let turns = 0, hasStarted = false; !hasStarted; turns = Math.ceil(turns * 1.3) + 1) {
      const { words, stateDir } = await endAfter(turns);
      for (const file of ['lock', 'control-plane.json'])
        expect(existsSync(join(stateDir, file)), `${file} after ${turns} turns`).toBe(false);
      hasStarted = words.includes('Listening on');
      if (!hasStarted) early += 1;
    }
    expect(early).toBeGreaterThan(3);
  });
});

describe('a control plane that is told to end while it ends what an earlier life left', () => {
  it('starts nothing, says nowhere that it listens, and gives everything back', async () => {
    const scene = openScene();
    const started = join(scene.folder, 'started');
    scene.writeConfig({ one: { command: process.execPath, args: ['-e', `fs.writeFileSync('${started}', '')`] } });
    const survivor = await leaveBehind(scene, 1_000);
    const daemon = scene.run(['up', '--state-dir', scene.stateDir, '--port', '0']);
    await survivor.asked;
    daemon.kill('SIGTERM');
    expect(await daemon.ended).toMatchObject({ code: 0, signal: null, stderr: '' });
    expect(daemon.stdout()).not.toContain('Listening on');
    expect(daemon.stdout()).not.toContain('server.transitioned');
    expect(existsSync(started)).toBe(false);
    for (const file of ['lock', 'control-plane.json']) expect(existsSync(join(scene.stateDir, file))).toBe(false);
    expect(isRunning(survivor.pid), 'what was being ended has been ended').toBe(false);
  });

  it('kills what is not gone in time, if the client process was at it', async () => {
    const scene = openScene();
    scene.writeConfig({ one: scene.talker() }, { shutdownMs: 100 });
    const survivor = await leaveBehind(scene, 600_000);
    const daemon = scene.run(['up', '--state-dir', scene.stateDir, '--port', '0', '--isolation', 'process']);
    await survivor.asked;
    daemon.kill('SIGTERM');
    expect(await daemon.ended).toMatchObject({ code: 0, signal: null, stderr: '' });
    expect(isRunning(survivor.pid)).toBe(false);
  });

  it('leaves to the next start what is not gone in time, if it was at it itself', async () => {
    const scene = openScene();
    scene.writeConfig({ one: scene.talker() }, { shutdownMs: 100 });
    const survivor = await leaveBehind(scene, 600_000);
    const daemon = scene.run(['up', '--state-dir', scene.stateDir, '--port', '0', '--isolation', 'in-process']);
    await survivor.asked;
    daemon.kill('SIGTERM');
    expect(await daemon.ended).toMatchObject({ code: 0, signal: null, stderr: '' });
    expect(daemon.stdout()).not.toContain('Listening on');
    expect(isRunning(survivor.pid)).toBe(true);
    expect(existsSync(join(scene.stateDir, 'lock'))).toBe(false);
    expect(readFileSync(join(scene.stateDir, 'processes.json'), 'utf8')).toContain(`"pid":${survivor.pid}`);
  });
});
