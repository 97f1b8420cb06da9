import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { commandLineOf } from '../support/doors/command-line.ts';
import { openScene, type RunningDaemon } from '../support/doors/daemon.ts';
import { until } from '../support/processes.ts';

const program = fileURLToPath(new URL('../servers/has-tools-that-objects-have.mjs', import.meta.url));
/** `constructor`, `toString`, `__proto__` … */
const inherited = Object.getOwnPropertyNames(Object.prototype);
const serverNames = inherited.filter((name) => !name.startsWith('_'));

async function untilConnected({ client }: RunningDaemon, names: readonly string[]): Promise<void> {
  await until(`${names.join(', ')} are connected`, async () => {
    const { json } = await client.get('/api/servers');
    const connected = (json.servers as { name: string; state: string }[]).filter(({ state }) => state === 'connected');
    return connected.map(({ name }) => name).join() === names.join();
  });
}

describe('names that every object has', () => {
  it('are names of servers, groups, variables and tools like others, in every door', async () => {
    const scene = openScene();
    const { command } = commandLineOf(scene);
    const environment = Object.fromEntries(inherited.map((name) => [name, `variable ${name}`]));
    const entryOf = (name: string) => ({
      command: process.execPath,
      args: [program, scene.mark],
      env: environment,
      group: name,
    });
    const write = (names: readonly string[], settings: object) =>
      writeFileSync(
        join(scene.folder, 'mcp.json'),
        JSON.stringify({
          mcpServers: Object.fromEntries(names.map((name) => [name, entryOf(name)])),
          mcpvisor: settings,
        }),
      );
    const policies = Object.fromEntries(serverNames.map((name) => [name, { strategy: 'one-for-all' }]));
    write(serverNames, { groups: policies });
    expect(await scene.run(['check']).ended).toMatchObject({ code: 0 });
    const daemon = await scene.up();
    await untilConnected(daemon, serverNames);

    for (const name of serverNames) {
      expect((await daemon.client.get(`/api/servers/${name}`)).json).toMatchObject({ name, group: name });
      for (const tool of inherited) {
        const path = `/api/servers/${name}/tools/${tool}/call`;
        const called = await daemon.client.post(path, { arguments: Object.fromEntries([[tool, 'x']]) });
        expect(called.text).toContain(`${tool}: x`);
      }
      const unchecked = await daemon.client.post(`/api/servers/${name}/tools/${name}/call`, {
        arguments: {},
        dryRun: true,
      });
      expect(unchecked.json).toMatchObject({ valid: false, problems: [{ path: name, message: 'is missing' }] });
    }
    const last = serverNames.at(-1) ?? '';
    expect(await command('call', last, last, `${last}=y`)).toMatchObject({ code: 0, stdout: `${last}: y\n` });
    const told = await command('call', last, 'environment');
    const variables = new Map(Object.entries(JSON.parse(told.stdout)));
    expect(inherited.map((name) => variables.get(name))).toEqual(inherited.map((name) => `variable ${name}`));
    expect(await command('restart', last)).toMatchObject({ code: 0 });
    expect((await daemon.client.get('/metrics')).text).toContain(`server="${last}"`);

    // Every group but the first is named no more.
    write(serverNames.slice(0, 1), {});
    await untilConnected(daemon, serverNames.slice(0, 1));
    write(serverNames, { groups: policies });
    await untilConnected(daemon, serverNames);
    expect(daemon.stdout()).not.toContain('"config.rejected"');
  });
});
