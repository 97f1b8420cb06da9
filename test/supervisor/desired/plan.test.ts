import { describe, expect, it } from 'vitest';
import { hostInMemory, insideEntries } from '../../support/in-memory.ts';
import { errorOf, factsSoFar, openStage } from '../../support/supervised.ts';

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
      groups: [],
      settings: [],
      warnings: [],
    });
    expect(await factsSoFar(supervisor)).toEqual(before);
    expect(await supervisor.apply(next)).toEqual(plan);
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
