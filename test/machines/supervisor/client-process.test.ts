import { describe, expect, it } from 'vitest';
import type { ClientProcessContext } from '../../../machines/client-process/context.ts';
import type { ClientProcessEvent, HolderOrder } from '../../../machines/client-process/events.ts';
import { failure, suspectedCode } from '../../../machines/failure.ts';
import { defaultClientProcessPolicy } from '../../../machines/policy/defaults.ts';
import { plantTrees } from '../tree/planted.ts';
import { startTree, type Tree, type TreeOptions } from '../tree/tree.ts';

const trees = plantTrees();
const clientLost = failure('clientLost', 'the client process is gone');

interface Planted {
  readonly tree: Tree;
  readonly orders: HolderOrder[];
  readonly client: () => { readonly value: unknown; readonly context: ClientProcessContext };
  /** News of the current try. */
  readonly tell: (...types: readonly ClientProcessEvent['type'][]) => void;
  readonly comeUp: () => void;
  /** Loses the client process; each of these servers is told so, as the holder does. */
  readonly lose: (...servers: readonly string[]) => void;
  readonly states: (...names: readonly string[]) => readonly (string | null)[];
}

async function plant(options: TreeOptions = {}): Promise<Planted> {
  const orders: HolderOrder[] = [];
  const tree = await startTree({
    clientProcess: { policy: defaultClientProcessPolicy, stopMs: 7_000 },
    holder: (order) => orders.push(order),
    slots: 99,
    ...options,
  });
  trees.push(tree);
  const actor = tree.client();
  const tell = (...types: readonly ClientProcessEvent['type'][]) => {
    for (const type of types)
      actor.send({
        type,
        generation: actor.getSnapshot().context.generation,
        at: tree.clock.now(),
        random: 0.5,
        pid: 1,
        startedAt: 1,
        adopted: false,
        sessions: 0,
        lagMs: 0,
        failure: clientLost,
      });
  };
  return {
    tree,
    orders,
    client: () => actor.getSnapshot(),
    tell,
    comeUp: () => tell('holder.none', 'holder.forked', 'holder.connected'),
    lose: (...servers) => {
      tell('holder.lost');
      for (const server of servers) tree.news(server, 'session.ended', { failure: clientLost });
      tell('holder.cleared');
    },
    states: (...names) => names.map((name) => tree.serverState(name)),
  };
}

describe('the client process of a supervisor', () => {
  it('is looked for before the boot is over', async () => {
    const { tree, orders } = await plant({ booted: false });
    expect([tree.state(), orders.map(({ type }) => type)]).toEqual(['booting.reaping', ['probe']]);
  });

  it('is not looked for while another control plane uses the store, and then has not to be ended or left', async () => {
    for (const type of ['supervisor.shutdown', 'supervisor.leave'] as const) {
      const orders: HolderOrder[] = [];
      const clientProcess = { policy: defaultClientProcessPolicy, stopMs: 7_000 };
      const tree = await startTree({ claimed: false, clientProcess, holder: (order) => orders.push(order) });
      trees.push(tree);
      expect([tree.state(), tree.client()]).toEqual(['booting.claiming', undefined]);
      tree.send({ type });
      expect([tree.state(), orders]).toEqual(['closed', []]);
    }
  });

  it('is waited for by every server, related or not, and by a person’s start', async () => {
    const { tree, comeUp, states } = await plant();
    tree.add(['a', 'b']);
    tree.server('b').send({ type: 'server.start', commandId: 'c', at: 1, random: 0.5 });
    expect(states('a', 'b')).toEqual(['idle.waiting', 'idle.waiting']);
    expect(tree.serverContext('a').waitingFor).toEqual(['client-process']);
    comeUp();
    expect(states('a', 'b')).toEqual(['starting.spawning', 'starting.spawning']);
    expect(tree.serverContext('a').waitingFor).toEqual([]);
  });

  it('comes before the dependencies of a server', async () => {
    const { tree, comeUp } = await plant();
    const policy = { related: true };
    tree.add(['a'], 'default', policy);
    tree.plan({ dependencies: { b: ['a'] } });
    tree.add(['b'], 'default', { ...policy, dependsOn: ['a'] });
    expect(tree.serverContext('b').waitingFor).toEqual(['client-process', 'a']);
    comeUp();
    expect(tree.serverContext('b').waitingFor).toEqual(['a']);
  });

  it('takes its servers along, which start again with it and are not charged', async () => {
    const { tree, client, comeUp, lose, states } = await plant();
    comeUp();
    tree.add(['a', 'b']);
    for (const name of ['a', 'b']) tree.connect(name);
    lose('a', 'b');
    tree.clock.advance(1);
    expect(states('a', 'b')).toEqual(['backoff.waiting', 'backoff.waiting']);
    expect(tree.serverContext('a')).toMatchObject({
      waitingFor: ['client-process'],
      counters: { attempt: 0 },
      nextRetryAt: client().context.nextRetryAt,
    });
    tree.clock.advance(client().context.delayMs);
    expect(tree.serverContext('a').nextRetryAt).toBeNull();
    comeUp();
    expect(states('a', 'b')).toEqual(['starting.spawning', 'starting.spawning']);
  });

  it('is known to be gone before its sessions end', async () => {
    const { tree, comeUp, tell } = await plant();
    comeUp();
    tree.add(['a']);
    tree.connect('a');
    tell('holder.lost');
    expect([tree.serverState('a'), tree.serverContext('a').waitingFor]).toEqual([
      'connected.quiet',
      ['client-process'],
    ]);
  });

  it('that has failed keeps its servers back, and commands are rejected', async () => {
    const { tree, client, tell, comeUp, states } = await plant();
    tree.add(['a']);
    tree.server('a').send({ type: 'server.start', commandId: 'open', at: 1, random: 0.5 });
    for (let tries = 1; tries <= 5; tries += 1) {
      tell('holder.refused');
      tree.clock.advance(client().context.delayMs);
    }
    expect(client().value).toBe('failed');
    expect(tree.serverContext('a').blockedBy).toEqual({ server: 'client-process', standing: 'failed' });
    tree.server('a').send({ type: 'server.start', commandId: 'late', at: 1, random: 0.5 });
    expect([tree.commands.get('open'), tree.commands.get('late'), states('a')]).toEqual([
      ['accepted', 'rejected'],
      ['accepted', 'rejected'],
      ['idle.waiting'],
    ]);
    expect(tree.records.map(({ text }) => text)).toContain(
      '! command.settled start: rejected (the client process is failed)',
    );
    tree.client().send({ type: 'client.restart', at: 1, random: 0.5 });
    comeUp();
    expect(states('a')).toEqual(['starting.spawning']);
  });

  it('that was lost three times is started with one server at a time, however long that takes', async () => {
    const { tree, client, comeUp, lose, states } = await plant();
    comeUp();
    for (let loss = 1; loss <= 3; loss += 1) {
      lose();
      tree.clock.advance(client().context.delayMs);
      comeUp();
    }
    expect(tree.context().client?.isCareful).toBe(true);
    tree.add(['a', 'b']);
    tree.clock.advance(6_000);
    expect(states('a', 'b')).toEqual(['starting.spawning', 'idle.queued']);
    tree.connect('a');
    expect(states('a', 'b')).toEqual(['connected.quiet', 'starting.spawning']);
    tree.news('b', 'session.ended', { failure: { ...clientLost, code: suspectedCode } });
    expect(states('b')).toEqual(['failed']);
  });

  it('is ended at shutdown when no server is left', async () => {
    const { tree, orders, comeUp, tell } = await plant();
    comeUp();
    tree.add(['a']);
    tree.connect('a');
    tree.send({ type: 'supervisor.shutdown' });
    expect(orders.map(({ type }) => type)).not.toContain('end');
    tree.news('a', 'session.ended');
    await expect.poll(() => orders.at(-1)?.type).toBe('end');
    expect(tree.state()).toBe('shutting-down.ending');
    tell('holder.gone');
    expect(tree.state()).toBe('closed');
  });

  it('is ended by a shutdown during the boot, and when nothing was reaped', async () => {
    for (const isFailed of [false, true]) {
      const { tree, tell } = await plant({ booted: false });
      if (isFailed) tree.boot.fail(new Error('no'));
      await expect.poll(() => tree.state()).toBe(isFailed ? 'failed' : 'booting.reaping');
      tree.send({ type: 'supervisor.shutdown' });
      expect(tree.state()).toBe('shutting-down.ending');
      tell('holder.gone');
      expect(tree.state()).toBe('closed');
    }
  });

  it('that does not end is killed with everything in time', async () => {
    const { tree, comeUp } = await plant({ shutdownMs: 5_000 });
    comeUp();
    tree.send({ type: 'supervisor.shutdown' });
    tree.clock.advance(5_000);
    expect([tree.state(), tree.kills()]).toEqual(['shutting-down.killing', 1]);
    tree.clock.advance(2_000);
    expect(tree.state()).toBe('closed');
  });

  it('is left to another control plane without an order that ends anything', async () => {
    const { tree, client, orders, comeUp } = await plant();
    comeUp();
    tree.add(['a']);
    tree.connect('a');
    const before = orders.length;
    tree.send({ type: 'supervisor.leave' });
    expect([tree.state(), client().value, orders.slice(before)]).toEqual(['closed', 'idle', []]);
    expect(tree.serverState('a')).toBeNull();
  });

  it('whose actor dies counts as failed, and everything is killed at shutdown', async () => {
    const { tree, states } = await plant({
      holder: ({ type }) => {
        if (type === 'fork') throw new Error('a bug');
      },
    });
    tree.add(['a']);
    tree.client().send({ type: 'holder.none', generation: 1, at: 1, random: 0.5 });
    expect(tree.rootError()).toBeNull();
    expect(tree.emitted).toContainEqual({ type: 'client.died', message: 'a bug' });
    expect([tree.client(), states('a'), tree.serverContext('a').blockedBy]).toEqual([
      undefined,
      ['idle.waiting'],
      { server: 'client-process', standing: 'failed' },
    ]);
    tree.send({ type: 'supervisor.shutdown' });
    await expect.poll(() => tree.state()).toBe('shutting-down.killing');
    tree.clock.advance(2_000);
    expect([tree.state(), tree.kills()]).toEqual(['closed', 1]);
  });
});
