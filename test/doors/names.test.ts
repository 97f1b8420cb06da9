import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { commandLineOf } from '../support/doors/command-line.ts';
import { openScene, type RunningDaemon } from '../support/doors/daemon.ts';
import { underAttack } from '../support/loop-delay.ts';
import { until } from '../support/processes.ts';

const program = fileURLToPath(new URL('../servers/has-tools-that-objects-have.mjs', import.meta.url));
/** `constructor`, `toString`, `__proto__` … */
const inherited = Object.getOwnPropertyNames(Object.prototype);

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
    const policies = Object.fromEntries(inherited.map((name) => [name, { strategy: 'one-for-all' }]));
    write(inherited, { groups: policies });
    expect(await scene.run(['check']).ended).toMatchObject({ code: 0 });
    const daemon = await scene.up();
    await untilConnected(daemon, inherited);

    await underAttack(
      'names that every object has',
      async () => {
        for (const name of inherited) {
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
        const last = inherited.at(-1) ?? '';
        expect(await command('call', last, last, `${last}=y`)).toMatchObject({ code: 0, stdout: `${last}: y\n` });
        const told = await command('call', last, 'environment');
        const variables = new Map(Object.entries(JSON.parse(told.stdout)));
        expect(inherited.map((name) => variables.get(name))).toEqual(inherited.map((name) => `variable ${name}`));
        expect(await command('restart', last)).toMatchObject({ code: 0 });
        expect((await daemon.client.get('/metrics')).text).toContain(`server="${last}"`);

        // Every group but the first is named no more.
        write(inherited.slice(0, 1), {});
        await untilConnected(daemon, inherited.slice(0, 1));
        write(inherited, { groups: policies });
        await untilConnected(daemon, inherited);
      },
      { client: daemon.client },
    );
    expect(daemon.stdout()).not.toContain('"config.rejected"');
  });
});

describe('names as people give them', () => {
  const odd = [
    'Sequential Thinking',
    'io.github.someone/weather',
    '天気',
    'a,b',
    '50%2c',
    "it's",
    'x:y',
    '-dash',
    '.hidden',
    'say "hi"',
    'n'.repeat(128),
    '👩‍💻',
  ];

  it('are taken by every door', async () => {
    const scene = openScene();
    const { command, json } = commandLineOf(scene);
    const comments = { _comment: 'the ones we use', '//off': scene.talker(), _off: scene.talker() };
    scene.writeConfig({
      ...comments,
      ...Object.fromEntries(odd.map((name) => [name, scene.talker({ group: 'g h' })])),
    });
    expect(await scene.run(['check']).ended).toMatchObject({ code: 0 });
    const daemon = await scene.up();
    await untilConnected(daemon, odd);
    expect((await daemon.client.get('/api/servers')).json.servers).toHaveLength(odd.length);

    await underAttack(
      'names as people give them',
      async () => {
        for (const name of odd) {
          const path = `/api/servers/${encodeURIComponent(name)}`;
          expect((await daemon.client.get(path)).json).toMatchObject({ name });
          const text = `words of ${name}`;
          const called = await daemon.client.post(`${path}/tools/complain/call`, { arguments: { text } });
          expect(called.status).toBe(200);
          await until('its words are in its log', async () =>
            (await command('logs', '--', name)).stdout.includes(text),
          );
          const listed = await daemon.client.get(
            `/api/tools?servers=${encodeURIComponent(name.replace(/[%,]/g, encodeURIComponent))}`,
          );
          const tools = listed.json.tools as { server: string; exposedName: string }[];
          expect(tools.map(({ server }) => server)).toContain(name);
          expect(tools.every(({ server }) => server === name)).toBe(true);
          expect(tools.every(({ exposedName }) => /^[A-Za-z0-9_-]{1,50}$/.test(exposedName))).toBe(true);
          const told = await daemon.client.get(`/api/actors/${encodeURIComponent(`server:${name}`)}/snapshot`);
          expect([200, 404]).toContain(told.status);
          const events = await command('events', '--actor', `server:${name}`, '--json');
          expect(
            JSON.parse(events.stdout).facts.every(({ actor }: { actor: string }) => actor === `server:${name}`),
          ).toBe(true);
        }
        expect(await command('restart', '--', ...odd)).toMatchObject({ code: 0, stderr: '' });
        expect(await command('stop', 'group:g h')).toMatchObject({ code: 0 });
        expect(await json('status')).toMatchObject({ counts: { idle: odd.length } });
      },
      { client: daemon.client },
    );
    const missing = await command('start', 'no such');
    expect(missing.stderr).toContain('"Sequential Thinking", io.github.someone/weather, 天気');
  });
});
