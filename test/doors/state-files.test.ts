/** Files by which a control plane is found, that are there and say nothing. */

import { mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { startTimeOf } from '../../src/session/process/identity.ts';
import { openScene } from '../support/doors/daemon.ts';
import { addressOf, plant } from '../support/doors/foreign.ts';

/** What may be in the place of a file, and why it says nothing then. */
const odd: Readonly<Record<string, { readonly put: (path: string) => void; readonly reason: string }>> = {
  'a folder': { put: (path) => mkdirSync(path), reason: 'cannot be read (EISDIR)' },
  'a link to itself': { put: (path) => symlinkSync(path, path), reason: 'cannot be read (ELOOP)' },
  'an empty file': { put: (path) => writeFileSync(path, ''), reason: 'is damaged' },
  'another JSON': { put: (path) => writeFileSync(path, '{"pid": "none"}'), reason: 'is damaged' },
};

describe('a file that says where a control plane is', () => {
  it.each(['lock', 'control-plane.json'])('is told with the reason when it says nothing: %s', async (name) => {
    const scene = openScene();
    scene.writeConfig({});
    const { pid } = await scene.up();
    const path = join(scene.stateDir, name);
    const run = async (...words: string[]) => await scene.run([...words, '--state-dir', scene.stateDir]).ended;
    for (const [kind, { put, reason }] of Object.entries(odd)) {
      rmSync(path, { recursive: true, force: true });
      put(path);
      for (const command of ['status', 'down']) {
        const { code, stderr } = await run(command);
        expect([code, stderr], `${command}: ${kind}`).toEqual([1, expect.stringContaining(`${path} ${reason}`)]);
      }
      const doctor = await run('doctor');
      expect([doctor.code, doctor.stdout], kind).toEqual([1, expect.stringContaining(`${path} ${reason}`)]);
    }
    const json = JSON.parse((await run('status', '--json')).stderr);
    expect(json).toMatchObject({ code: 'STATE_DIRECTORY_UNUSABLE', reason: expect.stringContaining(path) });
    if (name === 'control-plane.json') {
      // The lock says who has the directory.
      expect(json.reason).toContain(`process ${pid} `);
      expect(await run('up', '--detach')).toMatchObject({ code: 6, stderr: expect.stringContaining(`pid ${pid}`) });
    }
  });

  it('is told with the reason when nothing runs, too', async () => {
    const { run, stateDir } = openScene();
    mkdirSync(join(stateDir, 'control-plane.json'), { recursive: true });
    const { code, stderr } = await run(['status', '--state-dir', stateDir]).ended;
    expect([code, stderr]).toEqual([3, expect.stringContaining('control-plane.json cannot be read (EISDIR)')]);
  });

  it('is no hindrance to a start when a crash has left it empty', async () => {
    const scene = openScene();
    scene.writeConfig({});
    mkdirSync(scene.stateDir, { mode: 0o700 });
    for (const name of ['lock', 'control-plane.json']) writeFileSync(join(scene.stateDir, name), '');
    const run = async (...words: string[]) => await scene.run([...words, '--state-dir', scene.stateDir]).ended;
    expect(await run('up', '--port', '0', '--detach')).toMatchObject({ code: 0, stderr: '' });
    expect(await run('status')).toMatchObject({ code: 0, stderr: '' });
    expect(await run('down')).toMatchObject({ code: 0, stderr: '' });
  });

  it('is not believed in a folder that came from somewhere else, which is passed over with the reason', async () => {
    const scene = openScene();
    const planted = plant(scene, {
      'control-plane.json': addressOf('http://127.0.0.1:1', process.pid),
    });
    mkdirSync(join(planted, 'lock'));
    const { code, stderr } = await scene.run(['status']).ended;
    expect([code, stderr]).toEqual([3, expect.stringContaining(`${join(planted, 'lock')} cannot be read (EISDIR)`)]);
    expect(stderr).toContain('is passed over');
  });
});

describe('the file by which a folder is known to be ours', () => {
  it('is told with the reason when it says nothing', async () => {
    const scene = openScene();
    const planted = plant(scene, { id: 'no id' });
    const id = join(planted, 'id');
    expect((await scene.run(['status']).ended).stderr).toContain(`${id} is damaged`);
    rmSync(id);
    mkdirSync(id);
    expect((await scene.run(['status']).ended).stderr).toContain(`${id} cannot be read (EISDIR)`);
    const lock = { pid: process.pid, startTime: startTimeOf(process.pid) };
    writeFileSync(join(planted, 'lock'), JSON.stringify(lock));
    const up = await scene.run(['up', '--port', '0', '--state-dir', planted]).ended;
    // It is refused for its lock; what the tokens are replaced for is said before.
    expect(up.stderr).toContain(`${id} cannot be read (EISDIR)`);
  });
});

describe('the token of a control plane that runs', () => {
  it('is told as damaged, not as missing', async () => {
    const scene = openScene();
    scene.writeConfig({});
    await scene.up();
    const path = join(scene.stateDir, 'token');
    writeFileSync(path, 'short\n');
    const { code, stderr } = await scene.run(['status', '--state-dir', scene.stateDir]).ended;
    expect([code, stderr]).toEqual([2, expect.stringContaining(`${path} is damaged: it holds no token`)]);
  });
});
