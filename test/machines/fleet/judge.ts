/** What must be true of a tree after every step of every actor. */

import type { GroupContext } from '../../../machines/group/events.ts';
import { reaches } from '../../../machines/order.ts';
import type { ServerContext } from '../../../machines/server/context.ts';
import { stateText } from '../../support/charts/chart.ts';
import type { FakeSystem } from '../../support/charts/fake-system.ts';
import type { Tree } from '../tree/tree.ts';

export interface Judge {
  readonly breaches: string[];
  /** Called after each step of each actor. */
  readonly look: (tree: Tree, actor: string) => void;
  /** A person has just given this server a command. */
  readonly commanded: (server: string) => void;
  readonly steps: () => number;
}

interface Seen {
  readonly state: string;
  readonly context: ServerContext;
}

export function createJudge(systemOf: (server: string) => FakeSystem | undefined): Judge {
  const breaches: string[] = [];
  const seen = new Map<string, Seen>();
  const commandedAt = new Map<string, number>();
  const opened = new Map<string, number[]>();
  let steps = 0;

  function lookAtServer(tree: Tree, name: string): void {
    const state = tree.serverState(name);
    if (state === null) return void seen.delete(name);
    const context = tree.serverContext(name);
    const before = seen.get(name);
    seen.set(name, { state, context });
    const claim = (holds: boolean, words: string) => {
      if (!holds) breaches.push(`${tree.clock.now()} ${name}: ${before?.state ?? 'unborn'} → ${state}: ${words}`);
    };
    const system = systemOf(name);
    claim((system?.mostLivingEver() ?? 0) <= 1, 'more than one process');
    if (/^(idle|backoff|failed|needs-auth)/.test(state)) claim((system?.living() ?? 0) === 0, 'a process is left');
    claim(
      !state.endsWith('.waiting') || context.blockedBy === null || context.open.every(({ kind }) => kind === 'stop'),
      'a start waits in vain',
    );
    claim(
      !/^backoff\.(waiting|queued)/.test(state) || (context.nextRetryAt ?? Number.NaN) <= tree.clock.now(),
      'due, but nextRetryAt is still to come',
    );
    if (state === 'failed' && before !== undefined && before.state !== 'failed') {
      const { failure, worked, policy, counters } = context;
      const isAnswer = failure?.class === 'misconfigured' && policy.restart.kind !== 'temporary';
      const patienceMs = worked ? 600_000 : policy.remote ? 60_000 : 0;
      const lastedMs = tree.clock.now() - (counters.refusedSince ?? tree.clock.now());
      claim(!isAnswer || lastedMs >= patienceMs, 'one answer was a verdict');
    }
    const begins = state.startsWith('starting') && context.generation !== before?.context.generation;
    if (begins) {
      const down = (tree.context().dependencies[name] ?? []).filter(
        (dependency) => !tree.serverState(dependency)?.startsWith('connected'),
      );
      claim(down.length === 0, `started without ${down.join()}`);
      const holding = holdersOf(tree, name, before?.context.generation ?? 0);
      claim(holding.length === 0, `started though held for ${holding.join()}`);
    }
    if (
      context.shuttingDown &&
      before?.context.shuttingDown === false &&
      tree.state() === 'shutting-down.ending' &&
      isUp(before.state)
    ) {
      const needing = (tree.context().dependents[name] ?? []).filter((dependent) =>
        isLeft(tree.serverState(dependent)),
      );
      claim(needing.length === 0, `ended before ${needing.join()}`);
    }
  }

  /** Triggers that a victim has to wait for, unless a person has started it since. */
  function holdersOf(tree: Tree, name: string, generation: number): readonly string[] {
    const group = tree.server(name)._parent?.id.slice('group:'.length).split('/')[0] ?? '';
    const { context, value } = tree.group(group).getSnapshot() as {
      readonly context: GroupContext;
      readonly value: unknown;
    };
    const { triggers, victims, policy, rounds } = context;
    if (!stateText(value).startsWith('running.round') || victims[name] !== generation) return [];
    if ((commandedAt.get(name) ?? -1) >= (rounds.at(-1) ?? 0)) return [];
    return triggers.filter((trigger) => {
      const state = tree.serverState(trigger);
      const isSettled =
        state === null ||
        /^(connected|failed|needs-auth|idle\.resting)/.test(state) ||
        tree.serverContext(trigger).wanted === 'down' ||
        tree.serverContext(trigger).blockedBy !== null;
      return !isSettled && !reaches(trigger, name, policy.dependencies);
    });
  }

  function lookAtGroup(tree: Tree, id: string): void {
    const actor = tree.group(id.slice('group:'.length));
    const { context, value } = actor.getSnapshot() as { readonly context: GroupContext; readonly value: unknown };
    const { rounds, policy, victims } = context;
    const claim = (holds: boolean, words: string) => {
      if (!holds) breaches.push(`${tree.clock.now()} ${id}: ${stateText(value)}: ${words}`);
    };
    if (rounds.length === 0) opened.set(id, []);
    else if (rounds.at(-1) !== opened.get(id)?.at(-1)) opened.set(id, [...(opened.get(id) ?? []), rounds.at(-1) ?? 0]);
    const recent = (opened.get(id) ?? []).filter((at) => at > tree.clock.now() - policy.periodMs);
    claim(policy.intensity === 0 || recent.length <= policy.intensity, `${recent.length} rounds within the period`);
    if (stateText(value) !== 'running.round.stopping') return;
    const isRunning = (name: string) =>
      tree.serverState(name) !== null && tree.serverContext(name).generation === victims[name];
    for (const name of Object.keys(victims).filter(isRunning)) {
      if (!tree.serverState(name)?.startsWith('stopping') || tree.serverContext(name).heldFor.length === 0) continue;
      const needing = Object.keys(victims).filter(
        (other) =>
          other !== name &&
          isRunning(other) &&
          isUp(tree.serverState(other)) &&
          reaches(other, name, policy.dependencies),
      );
      claim(needing.length === 0, `${name} is stopped before ${needing.join()}`);
    }
  }

  /** Every group holds a server, or one is on its way to it, and nothing else is waited for. */
  function lookAtRoot(tree: Tree): void {
    if (!tree.state().startsWith('running')) return;
    const { groups, members, moving, degraded } = tree.context();
    const needed = new Set([
      ...Object.values(members).flatMap(({ holder, group }) => (holder === `group:${group}` ? [group] : [])),
      ...moving.map(({ group }) => group),
    ]);
    const claim = (wrong: readonly string[], words: string) => {
      if (wrong.length > 0) breaches.push(`${tree.clock.now()} ${wrong.join()}: ${words}`);
    };
    claim(
      groups.filter((group) => !needed.has(group)),
      'a group without servers',
    );
    claim(
      groups.filter((group) => tree.group(group) === undefined),
      'a group without an actor',
    );
    claim(
      degraded.filter((group) => !groups.includes(group)),
      'degraded, but not there',
    );
  }

  return {
    breaches,
    steps: () => steps,
    commanded: (server) => void commandedAt.set(server, Number.NaN),
    look: (tree, actor) => {
      steps += 1;
      for (const [server, at] of commandedAt) if (Number.isNaN(at)) commandedAt.set(server, tree.clock.now());
      const { holders } = tree.context();
      if (holders.length > tree.context().slots) breaches.push(`${tree.clock.now()}: ${holders.length} hold slots`);
      if (actor === 'supervisor') lookAtRoot(tree);
      else if (actor.startsWith('server:')) lookAtServer(tree, actor.slice('server:'.length));
      else if (actor.startsWith('group:') && tree.group(actor.slice('group:'.length)) !== undefined)
        lookAtGroup(tree, actor);
    },
  };
}

function isUp(state: string | null): boolean {
  return state !== null && /^(starting|connected)/.test(state);
}

function isLeft(state: string | null): boolean {
  return state !== null && /^(starting|connected|stopping|heartbeat-timeout)/.test(state) && !state.endsWith('.stuck');
}
