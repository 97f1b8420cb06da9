import { describe, expect, it } from 'vitest';
import { commandLineOf } from '../support/doors/command-line.ts';
import { openScene } from '../support/doors/daemon.ts';
import { underAttack } from '../support/loop-delay.ts';
import { until } from '../support/processes.ts';

const program = new URL('../servers/answers-in-odd-shapes.mjs', import.meta.url).pathname;

describe('objects and deep lists where texts belong', () => {
  it('are told as what they are, and end nothing', async () => {
    const scene = openScene();
    const { command } = commandLineOf(scene);
    scene.writeConfig({ odd: { command: process.execPath, args: [program, scene.mark] } });
    const { client } = await scene.up();
    const state = async () => (await client.get('/api/servers/odd')).json.state;
    await until('it is connected', async () => (await state()) === 'connected');
    const call = async (tool: string) => (await client.post(`/api/servers/odd/tools/${tool}/call`, {})).json;
    const attack = async () => [await call('object'), await call('deep')];
    const [object, deep] = await underAttack('errors that are no texts', attack, { client });
    expect(object).toMatchObject({ code: 'UPSTREAM_ERROR', rpcMessage: '{"toString":1,"valueOf":1}' });
    expect(deep).toMatchObject({ code: 'UPSTREAM_ERROR', rpcMessage: '(nested too deeply)' });
    const shown = await command('call', 'odd', 'content');
    expect(shown).toMatchObject({ code: 0, stdout: expect.stringContaining('[resource {"toString":1') });
    expect(await state()).toBe('connected');
  });
});
