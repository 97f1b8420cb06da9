/** A person with a shell on the machine approves what came through the API. */

import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { loadConfig } from '../../src/config/parse.ts';
import { openStateDirectory } from '../../src/state-directory/directory.ts';
import { createApprovals } from '../../src/supervisor/approval/approvals.ts';
import { commandLineOf } from '../support/doors/command-line.ts';
import { openScene, program, type RunningDaemon, type Scene } from '../support/doors/daemon.ts';
import { openPseudoTerminal } from '../support/doors/pseudo-terminal.ts';
import { until } from '../support/processes.ts';

/** Makes these servers of the file count as made through the API. */
async function markAsEdited({ stateDir }: Scene, file: string, names: readonly string[]): Promise<void> {
  const { config } = await loadConfig(file);
  await openStateDirectory(stateDir, process.getuid?.() ?? 0);
  const approvals = createApprovals({
    stateDir,
    approvedInConfiguration: () => [],
    trustsApi: false,
    onFlaw: () => undefined,
    onError: () => undefined,
  });
  for (const name of names) {
    const specification = config?.servers.get(name);
    if (specification !== undefined) await approvals.madeByApi(specification, null);
  }
  approvals.close();
}

/** What is approved is what runs, whatever its name: each of them runs something else. */
async function openWaiting(names: readonly string[], env: Readonly<Record<string, string>> = {}) {
  const scene = openScene();
  const entryOf = (name: string) => scene.talker({ env: { ...env, NAME: name } });
  const file = scene.writeConfig(Object.fromEntries(names.map((name) => [name, entryOf(name)])));
  await markAsEdited(scene, file, names);
  return { scene, file };
}

const stateOf = async ({ client }: RunningDaemon, name: string) =>
  (await client.get(`/api/servers/${encodeURIComponent(name)}`)).json.state;

describe('mcpvisor approve', () => {
  it('shows what waits and lets it run, within a second and over restarts', async () => {
    const { scene, file } = await openWaiting(['a', 'my b'], { TOKEN: 'not-to-be-shown' });
    const { command, json } = commandLineOf(scene);
    const daemon = await scene.up({ args: ['--config', file] });
    const listed = await command('approve');
    expect(listed.code).toBe(0);
    expect(listed.stdout).toMatch(/^a:\n {2}TOKEN=… .*\n {2}sha256:[0-9a-f]{64}\n"my b":\n/);
    expect(listed.stdout).toContain(scene.mark);
    expect(listed.stdout).not.toContain('not-to-be-shown');
    const refused = await command('start', 'a');
    expect(refused.code).toBe(5);
    expect(refused.stderr).toMatch(/^a: start was rejected: .*it waits for approval: mcpvisor approve a/);
    const asked = await command('approve', 'a');
    expect(asked.code, 'nobody can be asked').toBe(2);
    expect(asked.stderr).toContain('--yes');
    expect(await stateOf(daemon, 'a')).toBe('idle');
    expect((await command('approve', 'a', '--yes')).stdout).toContain('Approved for a:');
    await until('a is connected', async () => (await stateOf(daemon, 'a')) === 'connected');
    expect(await stateOf(daemon, 'my b')).toBe('idle');
    const { name, hash } = ((await json('approve')) as { waiting: { name: string; hash: string }[] }).waiting[0] ?? {};
    expect(name).toBe('my b');
    const approvals = join(scene.stateDir, 'approvals.json');
    expect(statSync(approvals).mode & 0o777).toBe(0o600);
    expect(readFileSync(approvals, 'utf8')).not.toContain('not-to-be-shown');
    expect((await command('approve', 'a')).stdout).toBe('a waits for no approval.\n');
    expect((await command('approve', 'c')).code).toBe(4);
    expect(await json('approve', 'my b', '--yes')).toMatchObject({ name: 'my b', approved: { hash } });
    await command('down');
    await daemon.ended;
    const next = await scene.up({ args: ['--config', file] });
    for (const server of ['a', 'my b'])
      await until(`${server} is connected`, async () => (await stateOf(next, server)) === 'connected');
  });

  it('asks on a terminal, and takes only a yes', async () => {
    const { scene, file } = await openWaiting(['a']);
    const daemon = await scene.up({ args: ['--config', file] });
    const open = () =>
      openPseudoTerminal({
        command: `'${process.execPath}' '${program}' approve a --state-dir '${scene.stateDir}'`,
        cwd: scene.folder,
        env: { HOME: scene.folder },
      });
    for (const [answer, code] of [
      ['\r', 5],
      ['n\r', 5],
      ['yes\r', 0],
    ] as const) {
      const terminal = open();
      await terminal.shows('[y/N] ');
      expect(terminal.text()).toContain(scene.mark);
      terminal.type(answer);
      expect(await terminal.ended, JSON.stringify(answer)).toBe(code);
    }
    await until('it is connected', async () => (await stateOf(daemon, 'a')) === 'connected');
  });

  it('needs the machine: a URL and a token are not enough', async () => {
    const { scene, file } = await openWaiting(['a']);
    const { url, token } = await scene.up({ args: ['--config', file] });
    const { code, stderr } = await scene.run(['approve', 'a', '--yes', '--url', url, '--token', token]).ended;
    expect([code, stderr]).toEqual([2, expect.stringContaining('a shell on the machine')]);
  });
});

describe('mcpvisor up --trust-api', () => {
  it('lets run what came through the API', async () => {
    const { scene, file } = await openWaiting(['a']);
    const daemon = await scene.up({ args: ['--config', file, '--trust-api'] });
    await until('it is connected', async () => (await stateOf(daemon, 'a')) === 'connected');
    expect((await daemon.client.get('/api/servers/a')).json.approval).toBeNull();
  });
});
