import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { Supervisor } from '../../src/index.ts';
import { underAttack } from '../support/loop-delay.ts';
import { openStage } from '../support/supervised.ts';

const message = (rest: object) => JSON.stringify({ jsonrpc: '2.0', ...rest });
const calls = 25;

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

  it.each([
    [
      'notifications',
      `data: ${message({ method: 'notifications/message', params: { level: 'info', data: 'x' } })}\n\n`,
    ],
    ['short events', 'data: x\n\n'],
    ['unknown fields', 'x\n'],
    ['comments', ':\n'],
    ['odd delays', 'retry:x\n'],
    ['events that are too short', 'data\n\n'],
    ['an event of one line more', `data: x\n\n${'data: y\n'.repeat(1_000)}\n`],
  ])('keep the loop from nobody else with %s in event streams', async (what, event) => {
    const { program, open } = openStage();
    const ports = await Promise.all([1, 2].map(() => serveEvents(event)));
    const supervisor = await open({
      ...Object.fromEntries(ports.map((port) => [`remote-${port}`, { url: `http://127.0.0.1:${port}/mcp` }])),
      quiet: program('speak'),
    });
    await supervisor.ready();
    await underAttack(`two remote servers with ${what}`, () => callQuiet(supervisor));
    expect(supervisor.status('quiet')).toMatchObject({ state: 'connected', generation: 1 });
  });
});

async function callQuiet(supervisor: Supervisor): Promise<void> {
  for (let call = 0; call < calls; call += 1) {
    await supervisor.callTool('quiet', 'echo', { text: 'x' });
    await delay(5);
  }
}

async function serveEvents(event: string): Promise<number> {
  const program = new URL('../servers/streams-without-end.mjs', import.meta.url).pathname;
  const child = spawn(process.execPath, [program, event], { stdio: ['ignore', 'pipe', 'inherit'] });
  onTestFinished(() => void child.kill('SIGKILL'));
  const [port] = await once(child.stdout, 'data');
  return Number(String(port));
}
