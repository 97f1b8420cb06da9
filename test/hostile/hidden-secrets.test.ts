import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { openScene } from '../support/doors/daemon.ts';
import { underAttack } from '../support/loop-delay.ts';
import { until } from '../support/processes.ts';

const program = fileURLToPath(new URL('../servers/tells-its-secrets.mjs', import.meta.url));
const secret = 'canary-of-the-vault-1f7a';
/** Long enough to be found again, in every way that the program hides it. */
const forms = [
  secret,
  secret.split('').join('\u001b[1m'),
  secret
    .split('')
    .map((one) => `%${one.charCodeAt(0).toString(16)}`)
    .join(''),
  encodeURIComponent(secret.split('').join('\u001b[1m')),
].flatMap((form) => [form, JSON.stringify(form).slice(1, -1), JSON.stringify(JSON.stringify(form)).slice(3, -3)]);

function expectNone(text: string, where: string): void {
  const inOneCase = text.toLowerCase();
  for (const form of forms)
    expect(inOneCase.includes(form.slice(0, 40).toLowerCase()), `${where}: ${form}`).toBe(false);
}

describe('secrets that a server tells split and percent-encoded', () => {
  it('are in no door of the control plane: journal, metrics, status, logs, its own log', async () => {
    const scene = openScene();
    const entryOf = (...args: readonly string[]) => ({
      command: process.execPath,
      args: [program, 'hides', ...args, scene.mark],
      env: { SECRET_ONE: secret },
      restart: { baseMs: 60_000, capMs: 60_000 },
    });
    scene.writeConfig({ tells: entryOf(), refuses: entryOf('refuses') });
    const { client, ...daemon } = await scene.up({ args: ['--log-level', 'trace'] });
    const stateOf = async (name: string) => (await client.get(`/api/servers/${name}`)).json.state;
    await until('one is connected', async () => (await stateOf('tells')) === 'connected');
    await until('one has refused', async () => (await stateOf('refuses')) === 'backoff');
    await underAttack(
      'secrets split and percent-encoded',
      async () => {
        for (const tool of ['tell', 'fail', 'notify', 'ask', 'exit'])
          await client.post(`/api/servers/tells/tools/${tool}/call`, { arguments: {} });
        await until('it is gone', async () => (await stateOf('tells')) === 'backoff');
      },
      { client },
    );
    const doors = [
      '/api/journal?limit=1000',
      '/metrics',
      '/api/status',
      '/api/servers',
      '/api/servers/tells',
      '/api/servers/refuses',
      '/api/servers/tells/logs?tail=1000',
      '/api/servers/refuses/logs?tail=1000',
    ];
    for (const door of doors) {
      const { status, text } = await client.get(door);
      expect([door, status]).toEqual([door, 200]);
      expectNone(text, door);
    }
    expectNone(daemon.stdout(), 'its own log');
    expect(daemon.stdout()).toContain('[redacted]');
  });
});
