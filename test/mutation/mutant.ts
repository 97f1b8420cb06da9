/**
 * Charts that differ from ours in one place: the tests of the charts are to notice. Made from the configuration
 * alone, whatever the chart:
 *
 *     server: connected | session.failed | 0 | remove       the transition is gone
 *     server: connected | session.failed | 0 | no guard     it is always taken; `not guard`: when it should not
 *     server: connected | session.failed | 0 | elsewhere    it leads to a sibling of its target, or nowhere
 *     server: connected | session.failed | 0 | without 1    it lacks an action; `server: connected | entry | without 0` likewise
 *     server: delays | slot | twice                         a delay is twice as long; `nearly zero`: over at once
 */

import { type AnyStateMachine, and, assign, not, StateMachine } from 'xstate';
import {
  type Config,
  copyOf,
  listOf,
  nodeAt,
  nodesIn,
  type Place,
  placesIn,
  replaceAt,
  transitionsAt,
} from '../support/charts/chart-config.ts';
import { isMutant, mutation } from './mutation.ts';

type Delay = number | ((...arguments_: unknown[]) => number);

interface Mutant {
  readonly id: string;
  readonly change: (config: Config, delays: Record<string, Delay>) => void;
}

const known = new WeakMap<AnyStateMachine, Map<string, AnyStateMachine>>();

/** The chart as it is to be tested now: itself, a mutant, or itself telling which mutants a test passes by. */
export function underTest<Machine extends AnyStateMachine>(machine: Machine): Machine {
  const { active, passed } = mutation;
  if (passed === null && active === null) return machine;
  const isOwn = active?.startsWith(`${machine.id}: `) === true;
  const key = passed === null ? (isOwn ? active : 'bounded') : 'observed';
  const made = known.get(machine) ?? new Map<string, AnyStateMachine>();
  known.set(machine, made);
  const chart = made.get(key) ?? chartOf(machine, key);
  made.set(key, chart);
  return chart as Machine;
}

/** Where a source is the mutant, its chart is as it was, but may not go round in circles. */
function chartOf(machine: AnyStateMachine, key: string): AnyStateMachine {
  if (key === 'observed') return observed(machine);
  return key === 'bounded' ? changed(machine, () => undefined) : mutantOf(machine, key);
}

/** Every transition of a chart, as `server: connected | session.failed | 0`. */
export function edgesOf(machine: AnyStateMachine): readonly string[] {
  return placesIn(machine.config as Config, []).map((place) => textOf(machine, place));
}

/** The ids of all mutants of a chart. */
export function mutantIdsOf(machine: AnyStateMachine): readonly string[] {
  return mutantsOf(machine).map(({ id }) => id);
}

function mutantOf(machine: AnyStateMachine, id: string): AnyStateMachine {
  const mutant = mutantsOf(machine).find((one) => one.id === id);
  if (mutant === undefined) throw new Error(`${machine.id} has no mutant "${id}"`);
  return changed(machine, mutant.change);
}

function mutantsOf(machine: AnyStateMachine): readonly Mutant[] {
  const config = machine.config as Config;
  const ofTransitions = placesIn(config, []).flatMap((place) => {
    const transition = transitionsAt(config, place)[place.index] ?? {};
    const edit = (what: string, change: (one: Config) => readonly Config[]): Mutant => ({
      id: `${textOf(machine, place)} | ${what}`,
      change: (copy) =>
        replaceAt(copy, place, (all) => all.flatMap((one, index) => (index === place.index ? change(one) : [one]))),
    });
    return [
      edit('remove', () => []),
      ...(transition.guard === undefined
        ? []
        : [
            edit('no guard', ({ guard: _, ...rest }) => [rest]),
            edit('not guard', (one) => [{ ...one, guard: not(one.guard as never) }]),
          ]),
      ...(transition.target === undefined ? [] : [edit('elsewhere', (one) => [retargeted(one, machine, place.path)])]),
      ...listOf(transition.actions).map((_, index) =>
        edit(`without ${index}`, (one) => [{ ...one, actions: without(one.actions, index) }]),
      ),
    ];
  });
  const ofStates = nodesIn(config, []).flatMap(({ path, node }) =>
    (['entry', 'exit'] as const).flatMap((moment) =>
      listOf(node[moment]).map((_, index) => ({
        id: `${machine.id}: ${path.join('.')} | ${moment} | without ${index}`,
        change: (copy: Config) => {
          const state = nodeAt(copy, path);
          state[moment] = without(state[moment], index);
        },
      })),
    ),
  );
  const ofDelays = Object.keys(machine.implementations.delays ?? {}).flatMap((name) => [
    delayMutant(machine, name, { what: 'twice', change: (ms) => 2 * ms }),
    delayMutant(machine, name, { what: 'nearly zero', change: (ms) => Math.min(ms, 1) }),
  ]);
  return [...ofTransitions, ...ofStates, ...ofDelays];
}

function delayMutant(
  machine: AnyStateMachine,
  name: string,
  { what, change }: { what: string; change: (ms: number) => number },
): Mutant {
  return {
    id: `${machine.id}: delays | ${name} | ${what}`,
    change: (_, delays) => {
      const delay = delays[name] ?? 0;
      delays[name] = typeof delay === 'number' ? change(delay) : (...arguments_) => change(delay(...arguments_));
    },
  };
}

/** The chart itself, but that it tells which of its mutants would have had a say. */
function observed(machine: AnyStateMachine): AnyStateMachine {
  const ids = new Set(mutantIdsOf(machine));
  const pass = (prefix: string, kinds: (kind: string) => boolean = () => true) => {
    const own = [...ids].filter((id) => id.startsWith(`${prefix} | `) && kinds(id.slice(prefix.length + 3)));
    return () => {
      for (const id of own) isMutant(id);
    };
  };
  // An `assign`: XState computes it where it only computes, too.
  const noting = (...notes: readonly (() => void)[]) =>
    assign(() => {
      for (const note of notes) note();
      return {};
    });
  return changed(machine, (config) => {
    for (const place of placesIn(config, [])) {
      const text = textOf(machine, place);
      const asked = pass(text, (kind) => kind.endsWith(' guard'));
      const taken = noting(pass(text, (kind) => !kind.endsWith(' guard')));
      replaceAt(config, place, (all) =>
        all.map((one, index) => {
          if (index !== place.index) return one;
          const ask = () => {
            asked();
            return true;
          };
          const guard = one.guard === undefined ? {} : { guard: and([ask, one.guard as never]) };
          return { ...one, ...guard, actions: [taken, ...listOf(one.actions)] };
        }),
      );
    }
    for (const { path, node } of nodesIn(config, [])) {
      const text = `${machine.id}: ${path.join('.')}`;
      const delays = Object.keys((node.after ?? {}) as Config).map((name) => pass(`${machine.id}: delays | ${name}`));
      const enter = pass(`${text} | entry`);
      node.entry = [noting(enter, ...delays), ...listOf(node.entry)];
      node.exit = [noting(pass(`${text} | exit`)), ...listOf(node.exit)];
    }
  });
}

function changed(machine: AnyStateMachine, change: Mutant['change']): AnyStateMachine {
  const config = copyOf(machine.config) as Config;
  const delays = { ...machine.implementations.delays } as Record<string, Delay>;
  change(config, delays);
  // A mutant may go round in circles.
  config.options = { maxIterations: 1_000 };
  return new StateMachine(config as never, { ...machine.implementations, delays } as never);
}

function textOf(machine: AnyStateMachine, { path, event, index }: Place): string {
  return `${machine.id}: ${path.join('.')} | ${event} | ${index}`;
}

/** To the sibling after its target; to nowhere, if it has none. */
function retargeted({ target, ...rest }: Config, machine: AnyStateMachine, path: readonly string[]): Config {
  const words = String(target).split('.');
  const [first = ''] = words;
  const full = first.startsWith('#')
    ? words.slice(1)
    : first === ''
      ? [...path, ...words.slice(1)]
      : [...path.slice(0, -1), ...words];
  const above = full.slice(0, -1);
  const siblings = Object.keys(nodeAt(machine.config as Config, above).states as Config);
  const sibling = siblings[(siblings.indexOf(full.at(-1) ?? '') + 1) % siblings.length];
  return sibling === full.at(-1) ? rest : { ...rest, target: `#${[machine.id, ...above, sibling].join('.')}` };
}

function without(list: unknown, index: number): readonly unknown[] {
  return listOf(list).filter((_, at) => at !== index);
}
