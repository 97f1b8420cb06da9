import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { Supervisor } from '../../src/index.ts';
import { underAttack } from '../support/loop-delay.ts';
import { openStage } from '../support/supervised.ts';

const message = (rest: object) => JSON.stringify({ jsonrpc: '2.0', ...rest });
const calls = 50;

describe('servers that write as fast as they are read', () => {
  it.each([
    ['what is no JSON', 'x'],
    ['what is JSON of another kind', '[]'],
    ['notifications', message({ method: 'notifications/message', params: { level: 'info', data: 'x' } })],
    ['changes of their lists', message({ method: 'notifications/tools/list_changed' })],
    ['requests', message({ id: 1, method: 'sampling/createMessage', params: {} })],
    ['answers to nobody', message({ id: 1, result: {} })],
    ['answers to objects', message({ id: { toString: 1, valueOf: 1 }, result: {} })],
    ['progress of nothing', message({ method: 'notifications/progress', params: { progressToken: { valueOf: 1 } } })],
  ])('keep the loop from nobody else with %s', async (what, line) => {
    const { program, open } = openStage();
    const noisy = ['a', 'b', 'c', 'd'];
    const supervisor = await open({
      ...Object.fromEntries(noisy.map((name) => [name, program('writes-without-end')])),
      quiet: program('speak'),
    });
    await supervisor.ready();
    await Promise.all(noisy.map((name) => supervisor.callTool(name, 'begin', { line })));
    await underAttack(`four servers with ${what}`, () => callQuiet(supervisor));
    expect(supervisor.status('quiet')).toMatchObject({ state: 'connected', generation: 1 });
  });

  it('keep the loop from nobody else with events', async () => {
    const data = message({ method: 'notifications/message', params: { level: 'info', data: 'x' } });
    const { program, open } = openStage();
    const ports = await Promise.all([1, 2].map(() => serveEvents(data)));
    const supervisor = await open({
      ...Object.fromEntries(ports.map((port) => [`remote-${port}`, { url: `http://127.0.0.1:${port}/mcp` }])),
      quiet: program('speak'),
    });
    await supervisor.ready();
    await underAttack('two remote servers with events', () => callQuiet(supervisor));
    expect(supervisor.status('quiet')).toMatchObject({ state: 'connected', generation: 1 });
  });
});

async function callQuiet(supervisor: Supervisor): Promise<void> {
  for (let call = 0; call < calls; call += 1) {
    await supervisor.callTool('quiet', 'echo', { text: 'x' });
    await delay(5);
  }
}

async function serveEvents(data: string): Promise<number> {
  const program = new URL('../servers/streams-without-end.mjs', import.meta.url).pathname;
  const child = spawn(process.execPath, [program, data], { stdio: ['ignore', 'pipe', 'inherit'] });
  onTestFinished(() => void child.kill('SIGKILL'));
  const [port] = await once(child.stdout, 'data');
  return Number(String(port));
}
