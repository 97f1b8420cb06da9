/** Plays a scenario on a tree of charts with a fake operating system below each server. */

import { createFakeSystem, type FakeSystem } from '../../support/charts/fake-system.ts';
import { createVirtualClock } from '../../support/charts/virtual-clock.ts';
import { goodLife } from '../lives.ts';
import { type Fleet, inputOf, type PlannedServer, relationsIn, stepsFor } from '../tree/plan.ts';
import { startTree, type Tree } from '../tree/tree.ts';
import type { FleetScenario, FleetStep } from './fleet.ts';
import { createJudge, type Judge } from './judge.ts';

export interface Played {
  readonly tree: Tree;
  readonly judge: Judge;
  /** The servers of the plan in force. */
  readonly fleet: () => Fleet;
  readonly systems: ReadonlyMap<string, FakeSystem>;
  /** From now on every new process starts, serves and stops as it should. */
  readonly heal: () => void;
}

const nameOf = (index: number) => `s${index}`;
const groupOf = (index: number) => `g${index}`;

export async function play({ servers, groups, steps, chances, slots }: FleetScenario): Promise<Played> {
  const clock = createVirtualClock(1_000);
  let chance = 0;
  const random = () => chances[chance++ % chances.length] ?? 0.5;
  const lives = servers.map(({ lives: own }) => [...own]);
  const systems = new Map(
    servers.map((_, index) => [nameOf(index), createFakeSystem({ clock, lives: lives[index] ?? [], random })]),
  );
  const judge = createJudge((server) => systems.get(server));
  const tree = await startTree({
    clock,
    random,
    slots,
    session: (server) => (systems.get(server) as FakeSystem).session,
    finds: (server) => systems.get(server)?.finds() === true,
    onStep: (one, actor) => judge.look(one, actor),
  });
  let commands = 0;
  const planned = servers.map(
    ({ group, dependsOn, lazy, remote, kind }, index): PlannedServer => ({
      name: nameOf(index),
      group: groupOf(group),
      dependsOn: dependsOn.filter((back) => back <= index).map((back) => nameOf(index - back)),
      policy: {
        lazy,
        remote,
        idleStopMs: 40_000,
        restart: { kind, maxConsecutive: 5, intensity: 6, periodMs: 300_000 },
      },
    }),
  );
  let fleet: Fleet = {
    servers: planned,
    groups: Object.fromEntries(groups.map((group, index) => [groupOf(index), { ...group, periodMs: 100_000 }])),
  };

  const command = (server: string, kind: string): void => {
    commands += 1;
    const commandId = `c${commands}`;
    judge.commanded(server);
    tree.server(server).send({ type: `server.${kind}`, commandId, at: clock.now(), random: random() });
  };
  /** Applies another fleet, as the desired state would. */
  const become = (next: Fleet, changed: string | null, soft: string | null = null): void => {
    const before = new Map(fleet.servers.map((server) => [server.name, server]));
    const isGone = (server: PlannedServer) => !next.servers.some(({ name }) => name === server.name);
    const moved = next.servers.filter(
      (server) => before.has(server.name) && before.get(server.name)?.group !== server.group,
    );
    const fresh = next.servers.filter((server) => !before.has(server.name));
    const old = fleet;
    fleet = next;
    tree.plan({
      ...relationsIn(next),
      add: [...fresh, ...moved].map((server) => ({
        group: server.group,
        server: inputOf(server, next),
        keepsWish: moved.includes(server),
      })),
      remove: [...old.servers.filter(isGone), ...moved].map(({ name }) => ({
        group: before.get(name)?.group ?? '',
        server: name,
      })),
      configure: next.servers
        .filter((server) => !fresh.includes(server) && !moved.includes(server))
        .filter(
          ({ name }) =>
            name === changed ||
            name === soft ||
            wishIn(name, before, next) !== null ||
            inputOf(before.get(name) as PlannedServer, old).policy.related !== relatedIn(next, name),
        )
        .map((server) => ({
          server: server.name,
          policy: inputOf(server, next).policy,
          changed: server.name === changed,
          wanted: wishIn(server.name, before, next),
        })),
    });
  };
  const relatedIn = (one: Fleet, name: string) =>
    one.servers.filter((server) => server.name === name).map((server) => inputOf(server, one).policy.related)[0];

  /** The wish of a plan that enables or disables a server. */
  const wishIn = (name: string, before: ReadonlyMap<string, PlannedServer>, next: Fleet): 'up' | 'down' | null => {
    const wanted = next.servers.find((server) => server.name === name)?.wanted ?? 'up';
    return (before.get(name)?.wanted ?? 'up') === wanted ? null : wanted;
  };

  const strategies = ['one-for-one', 'rest-for-one', 'one-for-all'] as const;
  const replan = ({ act, target, other }: FleetStep): void => {
    const name = nameOf(target % servers.length);
    const current = fleet.servers.find((server) => server.name === name);
    const isNeeded = fleet.servers.some(({ dependsOn }) => dependsOn.includes(name));
    const others = fleet.servers.filter((server) => server.name !== name);
    const put = (server: PlannedServer): Fleet => ({
      ...fleet,
      servers: fleet.servers.map((one) => (one.name === name ? server : one)),
    });
    const isWhole =
      current?.dependsOn.every((dependency) =>
        fleet.servers.some((server) => server.name === dependency && server.wanted !== 'down'),
      ) === true;
    if (act === 'strategy') {
      const group = groupOf(target % 3);
      const strategy = strategies[other % 3] ?? 'one-for-one';
      become({ ...fleet, groups: { ...fleet.groups, [group]: { ...fleet.groups[group], strategy } } }, null);
    } else if (act === 'added') {
      const again = planned[target % servers.length];
      const isComplete = again?.dependsOn.every((dependency) =>
        fleet.servers.some((server) => server.name === dependency),
      );
      if (current === undefined && again !== undefined && isComplete === true)
        become({ ...fleet, servers: [...fleet.servers, again] }, null);
    } else if (current === undefined) return;
    else if (act === 'changed') become(fleet, name);
    else if (act === 'soft')
      become(put({ ...current, policy: { ...current.policy, lazy: current.policy?.lazy !== true } }), null, name);
    else if (act === 'moved') become(put({ ...current, group: groupOf(other % 3) }), null);
    else if (act === 'removed' && !isNeeded) become({ ...fleet, servers: others }, null);
    else if (act === 'disabled' && !isNeeded) become(put({ ...current, wanted: 'down' }), null);
    else if (act === 'enabled' && isWhole) become(put({ ...current, wanted: 'up' }), null);
    else if (act === 'depends') {
      const earlier = fleet.servers
        .filter((server) => Number(server.name.slice(1)) < Number(name.slice(1)))
        .map((server) => server.name);
      const chosen = earlier.filter((_, index) => index % 2 === other % 2).slice(0, 2);
      become(put({ ...current, dependsOn: chosen }), null, name);
    }
  };

  tree.plan(stepsFor(fleet));
  for (const step of steps) {
    clock.advance(step.waitMs);
    const name = nameOf(step.target % servers.length);
    const isThere = tree.server(name) !== undefined;
    if (step.act === 'resumed') tree.send({ type: 'machine.resumed' });
    else if (step.act === 'group.reset') tree.group(groupOf(step.target % 3))?.send({ type: 'group.reset' });
    else if (step.act === 'needed') tree.server(name)?.send({ type: 'server.needed' });
    else if (['start', 'stop', 'restart', 'retry', 'reset'].includes(step.act)) {
      if (isThere) command(name, step.act);
    } else if (step.act !== 'nothing') replan(step);
  }
  return {
    tree,
    judge,
    fleet: () => fleet,
    systems,
    heal: () => {
      for (const own of lives) own.splice(0, own.length, goodLife);
    },
  };
}
