/** State directories where others can write, and files that become links once they were looked at. */

import {
  chmodSync,
  chownSync,
  existsSync,
  linkSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { startTimeOf } from '../../src/session/process/identity.ts';
import { openScene } from '../support/doors/daemon.ts';
import { addressOf, openTrap, plant } from '../support/doors/foreign.ts';
import { underAttack } from '../support/loop-delay.ts';
import { until } from '../support/processes.ts';

const isRoot = process.getuid?.() === 0;

describe('a folder in which everybody can write', () => {
  const kinds = {
    'that everybody may change': (path: string) => chmodSync(path, 0o777),
    ...(isRoot && { "of another user's": (path: string) => chownSync(path, 65_534, 65_534) }),
    'that is a link': (path: string) => {
      renameSync(path, `${path}-elsewhere`);
      symlinkSync(`${path}-elsewhere`, path);
    },
  };

  it.each(Object.entries(kinds))('has no .mcpvisor/ asked %s, however well it proves itself', async (_, change) => {
    const trap = await openTrap();
    const scene = openScene();
    chmodSync(scene.folder, 0o777);
    const lock = { pid: process.pid, startTime: startTimeOf(process.pid) };
    change(
      plant(scene, {
        lock,
        'control-plane.json': addressOf(trap.url, lock.pid),
        token: 'known-to-its-maker-0123456789\n',
      }),
    );
    for (const command of ['status', 'tools', 'down'])
      await scene.run([command], { env: { MCPVISOR_TOKEN: 'a-token-of-another-control-plane' } }).ended;
    expect(trap.heard).toEqual([]);
  });
});

describe('a file of a state directory that becomes a link after it was looked at', () => {
  const ways = { 'a link': symlinkSync, 'a second name of a file': linkSync };

  it.each(Object.entries(ways))('has nothing outside written to or read: %s', async (_, makeLink) => {
    const scene = openScene();
    const config = scene.writeConfig({ a: scene.talker() });
    const daemon = await scene.up({ args: ['--config', config] });
    const { client } = daemon;
    const record = join(scene.stateDir, 'processes.json');
    const log = join(scene.stateDir, 'logs', 'a.log');
    await until('it is on record', () => existsSync(record) && readFileSync(record, 'utf8').includes('"pid"'));
    const outside = join(scene.folder, 'outside');
    const untouched = '2026-01-02T03:04:05.678Z stderr nobody shall read this\n';
    writeFileSync(outside, untouched);

    await underAttack(
      'files that become links',
      async () => {
        mkdirSync(dirname(log), { recursive: true });
        rmSync(record);
        for (const path of [log, `${log}.1`, record, `${record}.tmp`]) makeLink(outside, path);
        const { generation } = (await client.get('/api/servers/a')).json as { generation: number };
        await client.post('/api/servers/a/events', { type: 'server.restart' });
        await until('it is back', async () => {
          const { json } = await client.get('/api/servers/a');
          return json.state === 'connected' && Number(json.generation) > generation;
        });
        await client.post('/api/servers/a/tools/complain/call', { arguments: { text: 'a complaint' } });
        await until('it is on record', () => readFileSync(record, 'utf8').includes('"pid"'));
        const told = await client.get('/api/servers/a/logs?tail=100');
        expect(told.text).not.toContain('nobody shall read this');
      },
      { client },
    );
    // What is still to be written is written then.
    daemon.kill('SIGTERM');
    await daemon.ended;
    expect(readFileSync(outside, 'utf8')).toBe(untouched);
  });
});
