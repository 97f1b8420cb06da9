import { describe, expect, it } from 'vitest';
import type { Fact } from '../../../src/index.ts';
import { kill } from '../../support/lives.ts';
import { openStage, untilState } from '../../support/supervised.ts';

type Step = Extract<Fact, { readonly edges: unknown }>;

const isStep = (fact: Fact): fact is Step => 'edges' in fact;

describe('the edges in facts', () => {
  it('are edges of the charts that the API shows, by the same names', async () => {
    const stage = openStage();
    const { program } = stage;
    const supervisor = await stage.open(
      {
        db: program('speak', { lazy: true }),
        app: program('speak', { dependsOn: ['db'] }),
        a: program('speak', { group: 'web' }),
        b: program('speak', { group: 'web' }),
        // A group ends many servers in several turns.
        ...Object.fromEntries(['c', 'd', 'e', 'f', 'g'].map((name) => [name, program('speak', { lazy: true })])),
      },
      { groups: { web: { strategy: 'one-for-all' } } },
    );
    await supervisor.ready();
    const waits = untilState(supervisor, 'a', 'backoff.delaying');
    await kill(supervisor, 'a');
    expect(await waits).toMatchObject({ attempt: 1, retryInMs: expect.any(Number) });
    await supervisor.ready();
    await supervisor.send('app', { type: 'server.restart' });
    await supervisor.close();
    const steps = (await supervisor.journal({ limit: 10_000 })).facts.filter(isStep);
    for (const chart of ['supervisor', 'group', 'server']) {
      const known = supervisor.machine(chart).states.flatMap(({ edges }) => edges);
      const taken = steps.filter(({ type }) => type === `${chart}.transitioned`).flatMap(({ edges }) => edges);
      expect(taken).not.toEqual([]);
      const strangers = taken
        .map(({ source, event, targets, guard }) => ({ source, target: targets[0] ?? null, event, guard }))
        .filter((edge) => known.filter((one) => JSON.stringify(one) === JSON.stringify(edge)).length !== 1);
      expect(strangers).toEqual([]);
    }
    const delayed = steps.filter((step) => 'retryInMs' in step).map(({ to }) => to);
    expect(new Set(delayed)).toEqual(new Set(['backoff.delaying']));
    // The first step of an actor has no event.
    const events = steps.map(({ event }) => event).filter((event) => event !== 'xstate.init');
    expect(events).toEqual(expect.arrayContaining(['done reap']));
    expect(events.filter((event) => event.startsWith('xstate.'))).toEqual([]);
  });
});
