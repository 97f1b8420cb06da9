import { describe, expect, it } from 'vitest';
import { openStage, untilFact, untilState } from '../support/supervised.ts';

const limits = { startTimeoutMs: 1_200, installTimeoutMs: 60_000 };

describe.concurrent('a server that has to be installed before it answers', () => {
  for (const how of ['network', 'trickle', 'disk', 'cpu', 'children', 'stderr'])
    it(`is given the time, whatever its command: its work is ${how}`, async () => {
      const stage = openStage();
      const supervisor = await stage.open({ a: stage.program('installs-first', limits, [how, '4000']) });
      await supervisor.ready();
      expect(supervisor.status('a')).toMatchObject({ state: 'connected', generation: 1, attempt: 0 });
    });

  for (const [name, wrap] of Object.entries({
    'sh -c': (program: string, args: readonly string[]) => ['/bin/sh', '-c', '"$0" "$@"; exit $?', program, ...args],
    env: (program: string, args: readonly string[]) => ['/usr/bin/env', 'A=B', program, ...args],
  }))
    it(`is given the time behind ${name}`, async () => {
      const stage = openStage();
      const entry = stage.program('installs-first', limits, ['disk', '4000']);
      const [command, ...args] = wrap(String(entry.command), entry.args as readonly string[]);
      const supervisor = await stage.open({ a: { ...entry, command, args } });
      await supervisor.ready();
      expect(supervisor.status('a')).toMatchObject({ state: 'connected', generation: 1 });
    });

  it.each(['nothing', 'stall'])('is given up when nothing happens any more, by any name: %s', async (how) => {
    const stage = openStage();
    const entry = stage.program('installs-first', limits, [how, '4000']);
    const supervisor = await stage.open({ a: { ...entry, restart: { maxConsecutive: 1 } } });
    const begunAtMs = performance.now();
    const { failure } = await untilFact(supervisor, 'server.failed', undefined, { since: 0 });
    expect(failure).toMatchObject({
      class: 'timedOut',
      message: expect.stringMatching(/^initializing took longer than 1200 ms(;|$)/),
    });
    expect(performance.now() - begunAtMs).toBeLessThan(12_000);
  });

  it('comes up after tries that were too short for it', async () => {
    const stage = openStage();
    const short = { startTimeoutMs: 1_200, installTimeoutMs: 1_500 };
    const supervisor = await stage.open({ a: stage.program('installs-first', short, ['disk', '3000']) });
    await untilState(supervisor, 'a', 'connected', { since: 0, withinMs: 60_000 });
    expect(supervisor.status('a').generation).toBeGreaterThan(1);
  });

  it('is given up in the end', async () => {
    const stage = openStage();
    const settings = { startTimeoutMs: 1_200, installTimeoutMs: 2_500, restart: { maxConsecutive: 1 } };
    const supervisor = await stage.open({ a: stage.program('installs-first', settings, ['disk', '60000']) });
    const { failure } = await untilFact(supervisor, 'server.failed', undefined, { since: 0 });
    expect(failure).toMatchObject({ class: 'timedOut', message: expect.stringContaining('(installTimeoutMs)') });
  });
});
