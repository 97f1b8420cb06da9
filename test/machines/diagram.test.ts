import { describe, expect, it } from 'vitest';
import { createMachine, setup } from 'xstate';
import { toDefinition, toXstateConfig } from '../../machines/chart/definition.ts';
import { toMermaid, toTable } from '../../machines/chart/diagram.ts';
import { edgesOf } from '../../machines/chart/edges.ts';
import { clientProcessMachine } from '../../machines/client-process.machine.ts';
import { groupMachine } from '../../machines/group.machine.ts';
import { serverMachine } from '../../machines/server.machine.ts';
import { supervisorMachine } from '../../machines/supervisor.machine.ts';
import { edgesOf as configuredEdgesOf } from '../mutation/mutant.ts';
import { expectBlessed } from './blessed.ts';
import { readmeText } from './readme.ts';

const machines = [serverMachine, groupMachine, clientProcessMachine, supervisorMachine];

describe('the README of the charts', () => {
  it('is fresh', async () => {
    await expectBlessed(new URL('../../machines/README.md', import.meta.url), readmeText());
  });
});

describe.each(machines.map((machine) => ({ id: machine.id, machine })))('the picture of $id', ({ machine }) => {
  it('has every edge of the configuration', () => {
    expect(edgesOf(machine)).toHaveLength(configuredEdgesOf(machine).length);
    const drawn = toMermaid(machine)
      .split('\n')
      .filter((line) => line.includes(' : '));
    expect(drawn.flatMap((line) => line.split('<br/>'))).toHaveLength(edgesOf(machine).length);
  });

  it('has one arrow at most between two states', () => {
    const arrows = toMermaid(machine)
      .split('\n')
      .flatMap((line) => / *(\w+ --> \w+) : /.exec(line)?.[1] ?? []);
    expect(arrows.length).toBeGreaterThan(3);
    expect(new Set(arrows).size).toBe(arrows.length);
  });

  it('says of every state at the top what is true in it', () => {
    const states = toDefinition(machine).states.filter(({ parent }) => parent === '');
    expect(states.filter(({ description }) => description === null)).toEqual([]);
  });

  it('is the same after XState has loaded the JSON of the configuration', () => {
    const json = JSON.stringify(toXstateConfig(machine));
    const loaded = createMachine(JSON.parse(json));
    expect(toMermaid(loaded)).toBe(toMermaid(machine));
    expect(json).not.toContain('null');
  });

  it('has a cell for every edge', () => {
    const cells = toTable(machine)
      .split('\n')
      .slice(2)
      .join('')
      .match(/stays|→/g);
    expect(cells).toHaveLength(edgesOf(machine).length);
  });

  it('shows no name that XState made', () => {
    expect(`${toMermaid(machine)}${toTable(machine)}`).not.toMatch(/xstate\./);
  });
});

describe('a small chart', () => {
  const machine = setup({ guards: { isOdd: () => true }, delays: { nap: 5 } }).createMachine({
    id: 'small',
    initial: 'one',
    on: { any: {} },
    states: {
      one: {
        initial: 'a',
        states: { a: { on: { go: { guard: 'isOdd', target: 'b' } } }, b: { after: { nap: '#small.two' } } },
      },
      two: {},
    },
  });

  it('is drawn with its guards, delays and nested states', () => {
    expect(toMermaid(machine).split('\n')).toEqual([
      'stateDiagram-v2',
      '  [*] --> one',
      '  state "one" as one {',
      '    [*] --> one_a',
      '    state "a" as one_a',
      '    state "b" as one_b',
      '    one_a --> one_b : go [isOdd]',
      '  }',
      '  state "two" as two',
      '  state "in every state" as anywhere',
      '  anywhere --> anywhere : any (stays)',
      '  one --> two : after nap in b',
    ]);
  });

  it('has a table', () => {
    expect(toTable(machine).split('\n').slice(2)).toEqual([
      '| `any` | stays |  |  |',
      '| `go` |  | in a: [isOdd] → one.b |  |',
      '| `after nap` |  | in b: → two |  |',
    ]);
  });
});
