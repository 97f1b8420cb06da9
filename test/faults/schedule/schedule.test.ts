import { describe, expect, it } from 'vitest';
import { createDice } from './dice.ts';
import { configurationOf, namesIn, withEdit } from './fleet.ts';
import { type Isolation, kindOfAction, scheduleOf } from './schedule.ts';

const seeds = Array.from({ length: 100 }, (_, index) => index + 1);

function actionsOf(isolation: Isolation) {
  return seeds.flatMap((seed) => scheduleOf(seed, isolation).steps).flatMap(({ actions }) => actions);
}

describe('a schedule', () => {
  it('follows from its seed', () => {
    for (const seed of seeds) expect(scheduleOf(seed, 'process')).toEqual(scheduleOf(seed, 'process'));
    expect(new Set(seeds.map((seed) => JSON.stringify(scheduleOf(seed, 'process').steps))).size).toBe(seeds.length);
  });

  it('has a dozen servers, each once, and those that others depend on', () => {
    for (const seed of seeds) {
      const { fleet } = scheduleOf(seed, 'in-process');
      expect(new Set(fleet.map(({ name }) => name)).size).toBe(12);
      expect(fleet.map(({ name }) => name)).toEqual(expect.arrayContaining(['plain', 'wrapped']));
    }
  });

  it('has every kind of fault sooner or later, those of a client process only where there is one', () => {
    const kindsOf = (isolation: Isolation) => new Set(actionsOf(isolation).map(kindOfAction));
    const inProcess = kindsOf('in-process');
    const more = [...kindsOf('process')].filter((kind) => !inProcess.has(kind));
    expect(more.sort()).toEqual([
      'SIGKILL of the client process',
      'SIGKILL of the control plane and the client process',
      'SIGKILL of the control plane and the client process and its guard',
      'SIGKILL of the control plane and the stopped client process',
      'SIGSTOP of the client process',
      'SIGSTOP of the client process, then SIGCONT',
      'client.drain',
      'client.restart',
      'client.start',
      'up --replace',
      'up --replace at rest',
    ]);
    expect(inProcess.size).toBeGreaterThan(30);
  });

  it('takes away no server that another depends on', () => {
    const schedules = seeds.map((seed) => scheduleOf(seed, 'process'));
    const coupled = schedules.filter(({ fleet }) => fleet.some(({ name }) => name === 'dependent'));
    const actions = coupled.flatMap(({ steps }) => steps).flatMap((step) => step.actions);
    const edited = actions.flatMap((action) => (action.type === 'edit' ? [action.edit.server] : []));
    expect(edited.length).toBeGreaterThan(0);
    expect(edited).not.toContain('plain');
  });
});

describe('dice', () => {
  it('have all numbers below a count, about equally often', () => {
    const dice = createDice(7);
    const counts = Array.from({ length: 6 }, () => 0);
    for (let turn = 0; turn < 6_000; turn += 1) counts[dice.below(6)] = (counts[dice.below(6)] ?? 0) + 1;
    expect(Math.min(...counts)).toBeGreaterThan(800);
    expect(dice.some(['a', 'b', 'c', 'd'], 2)).toHaveLength(2);
    expect(dice.some(['a', 'b'], 5)).toEqual(['a', 'b']);
  });
});

describe('an edited configuration', () => {
  const { fleet } = scheduleOf(1, 'in-process');
  const commandOf = ({ program }: { readonly program: string }) => ({ command: program });
  const [{ name: server } = { name: '' }] = fleet;

  it('lacks a server that was removed, until it is restored as it was', () => {
    const removed = withEdit(new Map(), { change: 'remove', server });
    expect(namesIn(fleet, removed)).toEqual(fleet.map(({ name }) => name).slice(1));
    const restored = withEdit(removed, { change: 'restore', server });
    expect(configurationOf(fleet, restored, commandOf)).toBe(configurationOf(fleet, new Map(), commandOf));
  });

  it('says something else after each change of a server', () => {
    const texts = (['hard', 'soft', 'disable'] as const).map((change) =>
      configurationOf(fleet, withEdit(new Map(), { change, server }), commandOf),
    );
    expect(new Set([...texts, configurationOf(fleet, new Map(), commandOf)]).size).toBe(4);
  });
});
