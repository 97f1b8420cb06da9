/** A chart without one of its transitions: the tests of the charts are to notice. */

import { type AnyStateMachine, StateMachine } from 'xstate';

type Config = Record<string, unknown>;

/** Every transition of a chart, as `server: connected | session.failed | 0`. */
export function edgesOf(machine: AnyStateMachine): readonly string[] {
  return keysOf(machine.config as Config, []).map((key) => `${machine.id}: ${key}`);
}

/** The chart itself, unless `edge` names one of its transitions. */
export function mutantOf<Machine extends AnyStateMachine>(machine: Machine, edge: string | undefined): Machine {
  if (edge === undefined || !edge.startsWith(`${machine.id}: `)) return machine;
  const [path = '', event = '', index = '0'] = edge.slice(machine.id.length + 2).split(' | ');
  const config = copyOf(machine.config as Config) as Config;
  const node = path === '' ? config : path.split('.').reduce<Config>((below, key) => (below.states as Record<string, Config>)[key] as Config, config);
  for (const holder of [node.on, node.after, node, node.invoke]) {
    if (holder === undefined || !(event in (holder as Config))) continue;
    const owner = holder as Config;
    const transitions = owner[event];
    if (Array.isArray(transitions) && transitions.length > 1) owner[event] = transitions.filter((_, at) => at !== Number(index));
    else delete owner[event];
    return new StateMachine(config as never, machine.implementations as never) as unknown as Machine;
  }
  throw new Error(`${machine.id} has no transition "${edge}"`);
}

function keysOf(node: Config, path: readonly string[]): readonly string[] {
  const own = (holder: unknown, names = Object.keys((holder ?? {}) as Config)) =>
    names.flatMap((name) => {
      const transitions = ((holder ?? {}) as Config)[name];
      if (transitions === undefined) return [];
      const count = Array.isArray(transitions) ? transitions.length : 1;
      return Array.from({ length: count }, (_, index) => `${path.join('.')} | ${name} | ${index}`);
    });
  const below = Object.entries((node.states ?? {}) as Record<string, Config>).flatMap(([name, state]) => keysOf(state, [...path, name]));
  return [...own(node.on), ...own(node.after), ...own(node, ['always']), ...own(node.invoke, ['onDone', 'onError']), ...below];
}

/** Functions are kept, everything else is copied, so that two states that share a part no longer do. */
function copyOf(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(copyOf);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, below]) => [key, copyOf(below)]));
}
