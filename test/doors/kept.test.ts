/** What outlives a control plane, and which of two may use a store, seen from outside. */

import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { openScene, type RunningDaemon } from '../support/doors/daemon.ts';
import { until } from '../support/processes.ts';

const stateOf = async ({ client }: RunningDaemon, path = '/api/servers/a') =>
  (await client.get(path)).json.state as unknown;

describe('a server that was stopped', () => {
  it('stays stopped, whatever ends the control plane as soon as the stop is answered', async () => {
    const scene = openScene();
    const args = ['--config', scene.writeConfig({ a: scene.talker() }), '--isolation', 'in-process'];
    const first = await scene.up({ args });
    await until('it is connected', async () => (await stateOf(first)) === 'connected');
    await first.client.post('/api/servers/a/events', { type: 'server.stop' });
    first.kill('SIGKILL');
    await first.ended;
    const second = await scene.up({ args });
    const { servers } = (await second.client.get('/api/status')).json as { servers: readonly object[] };
    expect(servers).toMatchObject([{ name: 'a', state: 'idle', wanted: 'down' }]);
  });
});

describe('a server that lives in the store', () => {
  it('runs on while the control plane is killed, and is taken over by the next one', async () => {
    const scene = openScene();
    const args = ['--config', scene.writeConfig({}), '--isolation', 'process', '--trust-api'];
    const first = await scene.up({ args });
    await first.client.post('/api/servers', { name: 'a', ...scene.talker() });
    await until('it is connected', async () => (await stateOf(first)) === 'connected');
    const before = (await first.client.get('/api/servers/a')).json;
    first.kill('SIGKILL');
    await first.ended;
    const second = await scene.up({ args });
    await until('it is connected again', async () => (await stateOf(second)) === 'connected');
    const { pid, generation } = before;
    expect((await second.client.get('/api/servers/a')).json).toMatchObject({ pid, generation });
  });
});

describe('two control planes on one store', () => {
  it('run its servers one after the other', async () => {
    const scene = openScene();
    const other = join(scene.folder, 'other');
    mkdirSync(other, { mode: 0o700 });
    const config = ['--config', scene.writeConfig({ a: scene.talker() }), '--isolation', 'in-process'];
    const args = [...config, '--store', `lmdb:${join(scene.folder, 'shared')}`];
    const first = await scene.up({ args });
    await until('it is connected', async () => (await stateOf(first)) === 'connected');
    const second = await scene.up({ args, stateDir: other });
    expect(await second.client.get('/readyz')).toMatchObject({ status: 503 });
    expect(await stateOf(second, '/api/status')).toBe('booting');
    first.kill('SIGTERM');
    await first.ended;
    await until('the other has it', async () => (await stateOf(second, '/api/status')) === 'running');
    await until('it is connected there', async () => (await stateOf(second)) === 'connected');
  });

  it('are refused by a store that only one process can open', async () => {
    const scene = openScene();
    const first = await scene.up();
    const other = ['--state-dir', join(scene.folder, 'other'), '--store', `level:${join(scene.stateDir, 'store')}`];
    const ending = await scene.run(['up', '--port', '0', ...other]).ended;
    expect(ending).toMatchObject({ code: 1, stdout: '' });
    expect(ending.stderr).toContain(`${join(scene.stateDir, 'store')} is used by another process`);
    expect((await first.client.get('/healthz')).status).toBe(200);
  });
});
