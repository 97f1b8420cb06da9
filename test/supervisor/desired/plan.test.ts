import { describe, expect, it } from 'vitest';
import { hostInMemory, insideEntries } from '../../support/in-memory.ts';
import { errorOf, factsSoFar, openStage, untilFact } from '../../support/supervised.ts';

const { transports } = hostInMemory({});

describe('a plan', () => {
  it('says what another configuration would do, and does nothing', async () => {
    const supervisor = await openStage().open(insideEntries(['a', 'b', 'c', 'd']), {}, { transports });
    await supervisor.ready();
    const next = {
      mcpServers: {
        ...insideEntries(['a']),
        b: { transport: 'inside', who: 'x' },
        ...insideEntries(['c'], { callTimeoutMs: 7 }),
        ...insideEntries(['e']),
      },
    };
    const before = await factsSoFar(supervisor);
    const plan = await supervisor.plan(next);
    expect(plan).toEqual({
      start: ['e'],
      stop: ['d'],
      restart: ['b'],
      change: ['c'],
      keep: ['a'],
      disabled: { add: [], change: [], remove: [] },
      groups: [],
      settings: [],
      warnings: [],
    });
    expect(await factsSoFar(supervisor)).toEqual(before);
    expect(await supervisor.apply(next)).toEqual({ ...plan, version: 2 });
  });

  it('lists servers apart that are disabled before and after, and carries out what it says of them', async () => {
    const supervisor = await openStage().open(
      insideEntries(['stays', 'edited', 'gone', 'running'], { disabled: true }),
      {},
      { transports },
    );
    await supervisor.send('running', { type: 'server.start' });
    const applied = untilFact(supervisor, 'config.applied');
    const removed = untilFact(supervisor, 'server.removed', ({ actor }) => actor === 'server:running');
    const plan = await supervisor.apply({
      mcpServers: {
        ...insideEntries(['stays', 'fresh'], { disabled: true }),
        ...insideEntries(['edited'], { disabled: true, callTimeoutMs: 7 }),
      },
    });
    expect(plan).toMatchObject({ start: [], stop: [], change: [], keep: ['stays'] });
    expect(plan.disabled).toEqual({ add: ['fresh'], change: ['edited'], remove: ['gone', 'running'] });
    expect((await applied).disabled).toEqual({ added: ['fresh'], changed: ['edited'], removed: ['gone', 'running'] });
    await removed;
    await expect
      .poll(() => supervisor.status().servers.map(({ name, state }) => `${name} ${state}`))
      .toEqual(['stays idle', 'edited idle', 'fresh idle']);
  });

  it('of a configuration with mistakes names them all', async () => {
    const supervisor = await openStage().open(insideEntries(['a']), {}, { transports });
    const error = await errorOf(supervisor.plan({ mcpServers: { b: { command: 7 as never }, c: {} } }));
    expect(error).toMatchObject({
      code: 'CONFIG_INVALID',
      details: { problems: expect.arrayContaining([expect.objectContaining({ severity: 'error' })]) },
    });
    expect(supervisor.status().servers.map(({ name }) => name)).toEqual(['a']);
  });
});
