import { describe, expect, it } from 'vitest';
import { commandLineOf } from '../support/doors/command-line.ts';
import { openScene } from '../support/doors/daemon.ts';
import { underAttack } from '../support/loop-delay.ts';
import { until } from '../support/processes.ts';
import { openStage } from '../support/supervised.ts';

const path = new URL('../servers/answers-in-odd-shapes.mjs', import.meta.url).pathname;

describe('objects and deep lists where texts belong', () => {
  it('are told as what they are, and end nothing', async () => {
    const scene = openScene();
    const { command } = commandLineOf(scene);
    scene.writeConfig({ odd: { command: process.execPath, args: [path, scene.mark] } });
    const { client } = await scene.up();
    const state = async () => (await client.get('/api/servers/odd')).json.state;
    await until('it is connected', async () => (await state()) === 'connected');
    const call = async (tool: string) => (await client.post(`/api/servers/odd/tools/${tool}/call`, {})).json;
    const attack = async () => [await call('object'), await call('deep'), await call('nested')];
    const [object, deep, nested] = await underAttack('errors that are no texts', attack, { client });
    expect(object).toMatchObject({ code: 'UPSTREAM_ERROR', rpcMessage: '{"toString":1,"valueOf":1}' });
    expect(deep).toMatchObject({ code: 'UPSTREAM_ERROR', rpcMessage: '(nested too deeply)' });
    expect(nested).toMatchObject({ status: 502, code: 'ANSWER_DROPPED' });
    const shown = await command('call', 'odd', 'content');
    expect(shown).toMatchObject({ code: 0, stdout: expect.stringContaining('[resource {"toString":1') });
    expect(await state()).toBe('connected');
  });

  it('fail the call whose result they are, however it was made', async () => {
    const { program, open } = openStage();
    const supervisor = await open({ odd: program('answers-in-odd-shapes') });
    await supervisor.ready();
    const dropped = { code: 'ANSWER_DROPPED', details: { reason: expect.stringContaining('more than 500 levels') } };
    const told: unknown[] = [];
    const options = { onProgress: (progress: unknown) => told.push(progress) };
    await expect(supervisor.callTool('odd', 'nested', {})).rejects.toMatchObject(dropped);
    await expect(supervisor.callTool('odd', 'nested', {}, options)).rejects.toMatchObject(dropped);
    expect(told).toEqual([]);
    expect(supervisor.status('odd')).toMatchObject({ state: 'connected', generation: 1 });
  });
});
