import { describe, expect, it, vi } from 'vitest';
import type { ServerStatus } from '../../../src/index.ts';
import { hostInMemory, insideEntries } from '../../support/in-memory.ts';
import { openStage, untilState } from '../../support/supervised.ts';

const names = ['a', 'b'];
const tool = (name: string) => ({ name, inputSchema: { type: 'object' as const } });

/** Two servers whose tool `wait` answers when `release` is called, and `fail` with a protocol error. */
async function openPair() {
  let release = () => {};
  const released = new Promise<void>((resolve) => {
    release = resolve;
  });
  const answer = async (name: string) => {
    if (name === 'fail') throw new Error('it never works');
    await released;
    return { content: [] };
  };
  const tools = [tool('wait'), tool('fail')];
  const { transports, closeOf } = hostInMemory(Object.fromEntries(names.map((name) => [name, { tools, answer }])));
  const entries = insideEntries(names, {
    restart: { baseMs: 40, capMs: 40, flappingPerHour: 1 },
    maxConcurrentCalls: 1,
  });
  const supervisor = await openStage().open(entries, {}, { transports });
  await supervisor.ready();
  return { supervisor, closeOf, release: () => release() };
}

describe('the status of a server', () => {
  it('is one frozen object until something in it is another', async () => {
    const { supervisor } = await openPair();
    const before = supervisor.status('a');
    expect(supervisor.status('a')).toBe(before);
    expect(supervisor.status().servers[0]).toBe(before);
    expect([before, before.counts, before.alarms].every((part) => Object.isFrozen(part))).toBe(true);
    await supervisor.send('b', { type: 'server.restart' });
    expect(supervisor.status('a')).toBe(before);
    expect(supervisor.status('b')).toMatchObject({ generation: 2 });
  });

  it('tells everything that changes beside the chart, too', async () => {
    const { supervisor, closeOf, release } = await openPair();
    const seen: ServerStatus[] = [supervisor.status('a')];
    /** Something has changed, or does in a moment: what a session tells of its calls comes a little later. */
    const expectChanged = async (expected: object) => {
      await vi.waitFor(() => expect(supervisor.status('a')).toMatchObject(expected), { timeout: 20_000 });
      const status = supervisor.status('a');
      expect(seen).not.toContain(status);
      seen.push(status);
    };
    const first = supervisor.callTool('a', 'wait', {});
    await expectChanged({ counts: { inFlight: 1, queued: 0, calls: 1 } });
    const second = supervisor.callTool('a', 'fail', {});
    await expectChanged({ counts: { inFlight: 1, queued: 1, calls: 2, callErrors: 0 } });
    release();
    await Promise.allSettled([first, second]);
    await expectChanged({ counts: { inFlight: 0, queued: 0, calls: 2, callErrors: 1 } });
    const away = untilState(supervisor, 'a', 'backoff');
    await closeOf('a');
    await away;
    await expectChanged({
      state: 'backoff',
      serverInfo: null,
      lastFailure: { class: 'disconnected' },
      alarms: [{ alarm: 'flapping' }],
    });
    await supervisor.ready();
    await expectChanged({
      state: 'connected',
      generation: 2,
      counts: { restarts: 1, tools: 2 },
      alarms: [{ alarm: 'flapping' }],
    });
    const withAlarm = supervisor.status('a');
    expect(supervisor.status('a')).toBe(withAlarm);
    await supervisor.send('a', { type: 'server.reset' });
    await expectChanged({ state: 'connected', alarms: [] });
    await supervisor.replace('a', { ...insideEntries(['a']).a, required: true, tools: { include: ['wait'] } });
    await supervisor.ready();
    await expectChanged({ source: 'host', required: true, counts: { tools: 1 } });
  });
});
