/** What happens in a run, and in which order: all of it follows from the seed. */

import { createDice, type Dice } from './dice.ts';
import { type Edit, fleetOf, type Harm, type Member } from './fleet.ts';

export type Isolation = 'process' | 'in-process';

/** Which of a server's processes: its first, its last, all of its group at once, or one that fled from it. */
export type Victim = 'leader' | 'last' | 'group' | 'stray';

/** What is killed together with a control plane; `stopped client process`: that gets SIGSTOP, and stays so. */
export type Company =
  | 'nothing'
  | 'guard'
  | 'client process'
  | 'client process and its guard'
  | 'stopped client process';

export type Action =
  | { readonly type: 'kill'; readonly server: string; readonly victim: Victim }
  | { readonly type: 'stop'; readonly server: string; readonly victim: Victim; readonly isContinued: boolean }
  | { readonly type: 'kill-guard' }
  | {
      readonly type: 'kill-control-plane';
      readonly also: Company;
      /** Whether the next one starts at once, or when nothing of this one is left. */
      readonly next: 'at once' | 'when all is gone';
    }
  /** The servers are killed while it is stopped. */
  | { readonly type: 'stop-control-plane'; readonly kills: readonly string[] }
  /** By another one, with `--replace`. `isAtRest`: everything has come to rest before, so that all is adopted. */
  | { readonly type: 'replace-control-plane'; readonly isAtRest: boolean }
  | { readonly type: 'kill-client-process' }
  | { readonly type: 'stop-client-process'; readonly isContinued: boolean }
  | { readonly type: 'client-command'; readonly command: string }
  | { readonly type: 'edit'; readonly edit: Edit }
  | { readonly type: 'command'; readonly command: string; readonly servers: readonly string[] }
  | { readonly type: 'harm'; readonly server: string; readonly harm: Harm };

export interface Step {
  /** So many facts after the step before, its actions begin. */
  readonly afterFacts: number;
  readonly actions: readonly Action[];
  /** Whether everything comes to rest afterwards, and is then looked at closely. */
  readonly comesToRest: boolean;
}

export interface Schedule {
  readonly seed: number;
  readonly isolation: Isolation;
  readonly fleet: readonly Member[];
  readonly steps: readonly Step[];
  readonly end: 'shutdown' | 'SIGTERM' | 'SIGKILL';
}

const commands = ['server.restart', 'server.stop', 'server.start', 'server.retry', 'server.reset', 'server.restart'];
const clientCommands = ['client.restart', 'client.restart', 'client.drain', 'client.start'] as const;
const companies: Readonly<Record<Isolation, readonly Company[]>> = {
  'in-process': ['nothing', 'guard'],
  process: ['nothing', 'nothing', 'guard', 'client process', 'client process and its guard', 'stopped client process'],
};
const changes: readonly Edit['change'][] = ['remove', 'restore', 'disable', 'enable', 'hard', 'soft', 'break'];
const victims: readonly Victim[] = ['leader', 'leader', 'last', 'last', 'group', 'stray'];

export function scheduleOf(seed: number, isolation: Isolation): Schedule {
  const dice = createDice(seed);
  const fleet = fleetOf(dice.some);
  const steps = Array.from({ length: 5 + dice.below(4) }, () => stepOf(dice, fleet, isolation));
  return { seed, isolation, fleet, steps, end: dice.pick(['shutdown', 'shutdown', 'SIGTERM', 'SIGKILL'] as const) };
}

function stepOf(dice: Dice, fleet: readonly Member[], isolation: Isolation): Step {
  return {
    // Right after the start of a control plane these are the first moments of its servers.
    afterFacts: dice.below(40),
    actions: Array.from({ length: 1 + dice.below(4) }, () => actionOf(dice, fleet, isolation)),
    comesToRest: dice.chance(0.4),
  };
}

type Kind = Action['type'];

/** How often each kind comes up, compared with the others. Those of a client process need one. */
const weights: Readonly<Record<Isolation, Readonly<Record<Kind, number>>>> = {
  'in-process': weigh({}),
  process: weigh({
    'kill-control-plane': 5,
    'replace-control-plane': 3,
    'kill-client-process': 4,
    'stop-client-process': 2,
    'client-command': 3,
  }),
};

function weigh(more: Partial<Record<Kind, number>>): Readonly<Record<Kind, number>> {
  return {
    kill: 10,
    stop: 6,
    'kill-guard': 1,
    'kill-control-plane': 3,
    'stop-control-plane': 1,
    'replace-control-plane': 0,
    'kill-client-process': 0,
    'stop-client-process': 0,
    'client-command': 0,
    edit: 4,
    command: 8,
    harm: 5,
    ...more,
  };
}

function kindOf(dice: Dice, isolation: Isolation): Kind {
  const table = Object.entries(weights[isolation]) as [Kind, number][];
  return dice.pick(table.flatMap(([kind, weight]) => Array.from({ length: weight }, () => kind)));
}

function actionOf(dice: Dice, fleet: readonly Member[], isolation: Isolation): Action {
  const { name: server, harms } = dice.pick(fleet);
  const type = kindOf(dice, isolation);
  switch (type) {
    case 'kill':
      return { type, server, victim: dice.pick(victims) };
    case 'stop':
      return { type, server, victim: dice.pick(victims), isContinued: dice.chance(0.5) };
    case 'kill-guard':
    case 'kill-client-process':
      return { type };
    case 'stop-client-process':
      return { type, isContinued: dice.chance(0.3) };
    case 'kill-control-plane': {
      const also = dice.pick(companies[isolation]);
      return { type, also, next: dice.pick(['at once', 'when all is gone'] as const) };
    }
    case 'replace-control-plane':
      return { type, isAtRest: dice.chance(0.5) };
    case 'client-command':
      return { type, command: dice.pick(clientCommands) };
    case 'stop-control-plane':
      return { type, kills: dice.some(fleet, dice.below(4)).map(({ name }) => name) };
    case 'edit':
      return { type, edit: { change: dice.pick(changes), server: editable(dice, fleet) } };
    case 'command':
      return { type, command: dice.pick(commands), servers: dice.chance(0.15) ? ['*'] : [server] };
    case 'harm':
      return harms.length === 0 ? { type: 'kill', server, victim: 'leader' } : { type, server, harm: dice.pick(harms) };
  }
}

/** One that no other depends on: without that, an edit would be refused. */
function editable(dice: Dice, fleet: readonly Member[]): string {
  const needed = new Set(fleet.flatMap(({ extra }) => extra.dependsOn ?? []));
  return dice.pick(fleet.filter(({ name }) => !needed.has(name))).name;
}

/** What a fault is counted as. */
export function kindOfAction(action: Action): string {
  switch (action.type) {
    case 'kill':
      return `SIGKILL of a ${wordsOf(action.victim)}`;
    case 'stop':
      return `SIGSTOP of a ${wordsOf(action.victim)}${action.isContinued ? ', then SIGCONT' : ''}`;
    case 'kill-guard':
      return 'SIGKILL of the guard';
    case 'kill-control-plane':
      return `SIGKILL of the control plane${action.also === 'nothing' ? '' : ` and the ${action.also}`}`;
    case 'replace-control-plane':
      return `up --replace${action.isAtRest ? ' at rest' : ''}`;
    case 'stop-control-plane':
      return 'SIGSTOP of the control plane, then SIGCONT';
    case 'kill-client-process':
      return 'SIGKILL of the client process';
    case 'stop-client-process':
      return `SIGSTOP of the client process${action.isContinued ? ', then SIGCONT' : ''}`;
    case 'edit':
      return `edit: ${action.edit.change}`;
    case 'command':
    case 'client-command':
      return action.command;
    case 'harm':
      return action.harm.kind;
  }
}

function wordsOf(victim: Victim): string {
  return {
    leader: 'server or its wrapper',
    last: 'process behind it',
    group: 'whole group',
    stray: 'process that fled',
  }[victim];
}
