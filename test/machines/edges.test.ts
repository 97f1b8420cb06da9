import { describe, expect, it } from 'vitest';
import { createActor, fromPromise, not, setup } from 'xstate';
import type { Edge } from '../../machines/chart/data.ts';
import { toDefinition } from '../../machines/chart/definition.ts';
import { edgeOf, edgesOf, eventText, transitionsOf } from '../../machines/chart/edges.ts';
import { clientProcessMachine } from '../../machines/client-process.machine.ts';
import { groupMachine } from '../../machines/group.machine.ts';
import { serverMachine } from '../../machines/server.machine.ts';
import { pathOf } from '../../machines/state-path.ts';
import { supervisorMachine } from '../../machines/supervisor.machine.ts';

const machines = [serverMachine, groupMachine, clientProcessMachine, supervisorMachine].map((machine) => ({
  id: machine.id,
  machine,
}));

describe.each(machines)('the chart of $id', ({ machine }) => {
  it('has for each edge that can be taken exactly one of the same name in its definition', () => {
    const shown = toDefinition(machine).states.flatMap(({ path, edges }) =>
      edges.map((edge) => ({ ...edge, isAtItsState: edge.source === path })),
    );
    const taken = transitionsOf(machine).map(edgeOf);
    expect(shown).toHaveLength(taken.length);
    const namesakes = taken.map(
      ({ source, event, targets, guard }) =>
        shown.filter(
          (one) =>
            one.source === source &&
            one.event === event &&
            one.target === (targets[0] ?? null) &&
            one.guard === guard &&
            one.isAtItsState,
        ).length,
    );
    expect(taken.filter((_, index) => namesakes[index] !== 1)).toEqual([]);
    expect(taken.filter(({ targets }) => targets.length > 1)).toEqual([]);
  });
});

describe('a small chart', () => {
  const machine = setup({
    actors: { work: fromPromise<void>(async () => {}) },
    delays: { nap: 1_000 },
    guards: { isOdd: ({ context }: { context: unknown }) => context === 1 },
  }).createMachine({
    id: 'small',
    initial: 'one',
    on: { 'xstate.error.actor.*': {}, '*': {} },
    states: {
      one: {
        initial: 'a',
        states: { a: {} },
        on: { go: [{ guard: 'isOdd' }, { guard: () => false }, { guard: not('isOdd'), target: 'two' }] },
        after: { nap: 'two', 500: 'two' },
      },
      two: { invoke: { id: 'work', src: 'work', onDone: 'three', onError: 'one' } },
      three: { always: { guard: { type: 'isOdd' }, target: 'one' } },
    },
  });

  it('has its edges called what people call them', () => {
    expect(edgesOf(machine)).toEqual([
      { source: '', target: null, event: 'error of an actor', guard: null },
      { source: '', target: null, event: '*', guard: null },
      { source: 'one', target: null, event: 'go', guard: 'isOdd' },
      { source: 'one', target: null, event: 'go', guard: 'inline' },
      { source: 'one', target: 'two', event: 'go', guard: 'not(isOdd)' },
      { source: 'one', target: 'two', event: 'after 500', guard: null },
      { source: 'one', target: 'two', event: 'after nap', guard: null },
      { source: 'two', target: 'three', event: 'done work', guard: null },
      { source: 'two', target: 'one', event: 'error work', guard: null },
      { source: 'three', target: 'one', event: 'always', guard: 'isOdd' },
    ]);
  });

  it('has them called so when they are taken', async () => {
    const taken: Edge[] = [];
    const actor = createActor(machine, {
      inspect: (event) => {
        if (event.type === '@xstate.microstep') taken.push(...event._transitions.map(edgeOf));
      },
    }).start();
    actor.send({ type: 'go' });
    await Promise.resolve().then(() => undefined);
    actor.stop();
    expect(taken).toEqual([
      { source: 'one', event: 'go', targets: ['two'], guard: 'not(isOdd)' },
      { source: 'two', event: 'done work', targets: ['three'], guard: null },
    ]);
  });
});

describe('an event', () => {
  it.each([
    ['server.stop', 'server.stop'],
    ['', 'always'],
    ['xstate.after.retry.server.backoff.delaying', 'after retry'],
    ['xstate.done.actor.reap', 'done reap'],
    ['xstate.error.actor.server:a.b', 'error server:a.b'],
    ['xstate.done.actor.*', 'done of an actor'],
    ['xstate.init', 'xstate.init'],
  ])('of the type "%s" is called "%s"', (type, text) => {
    expect(eventText(type)).toBe(text);
  });
});

describe('the path of a state', () => {
  it('is the deepest one', () => {
    expect(pathOf('idle')).toBe('idle');
    expect(pathOf({ connected: 'quiet' })).toBe('connected.quiet');
    expect(pathOf({ a: { b: 'c' } })).toBe('a.b.c');
    expect(pathOf({ a: {} })).toBe('a');
  });
});
