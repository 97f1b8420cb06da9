import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { commandLineOf, endDetached } from '../support/doors/command-line.ts';
import { openScene } from '../support/doors/daemon.ts';
import { until } from '../support/processes.ts';

/** Runs a command in bash, with the content of the file in place of its configuration. */
const piped = (file: string) => ['bash', '-c', `exec "$@" --config <(cat '${file}')`, 'bash'];
const fromStdin = (file: string) => ['bash', '-c', `cat '${file}' | "$@" --config /dev/stdin`, 'bash'];

describe('a configuration that comes from a pipe', () => {
  it('is read once, and a warning says that it is not watched', async () => {
    const scene = openScene();
    const file = scene.writeConfig({ one: scene.talker() });
    const { client, stdout, kill, ended } = await scene.up({ within: piped(file) });
    const { json } = commandLineOf(scene);
    await until('the server is connected', async () => {
      const { json: one } = await client.get('/api/servers/one');
      return one.state === 'connected';
    });
    await until('the warning is told', () => stdout().includes('is a pipe, which is read once'));
    // The watching of a file has begun by then, and would have found it changed.
    const { facts } = (await json('events')) as { facts: readonly { readonly type: string }[] };
    expect(facts.map(({ type }) => type)).toContain('config.warned');
    expect(facts.map(({ type }) => type)).not.toContain('config.rejected');
    expect(await json('status')).toMatchObject({ alarms: [] });
    expect(JSON.parse(readFileSync(join(scene.stateDir, 'control-plane.json'), 'utf8')).config).toBeNull();
    kill('SIGINT');
    expect(await ended).toMatchObject({ code: 0 });
  });

  it.each([
    ['<(…)', piped],
    ['/dev/stdin', fromStdin],
  ])('reaches the process in the background (%s)', async (_, within) => {
    const scene = openScene();
    const { run, stateDir } = scene;
    endDetached(scene);
    const file = scene.writeConfig({ one: scene.talker() });
    const words = ['up', '--state-dir', stateDir, '--port', '0', '--detach'];
    expect(await run(words, { within: within(file) }).ended).toMatchObject({ code: 0, stderr: '' });
    const { command } = commandLineOf(scene);
    expect(await command('ensure', 'one')).toMatchObject({ code: 0, stdout: 'one: connected\n' });
    expect(await command('down')).toMatchObject({ code: 0 });
  });
});
