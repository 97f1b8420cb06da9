import { beforeAll, describe, expect, it } from 'vitest';
import { type EventFrom, initialTransition, type SnapshotFrom, transition } from 'xstate';
import { toDefinition } from '../../../machines/chart/definition.ts';
import { edgeOf, transitionsOf } from '../../../machines/chart/edges.ts';
import { clientExampleEvents } from '../../../machines/client-process/example-events.ts';
import { defaultClientProcessPolicy } from '../../../machines/policy/defaults.ts';
import { charts, stateText } from '../../support/charts/chart.ts';
import { states } from './states.ts';

type Snapshot = SnapshotFrom<typeof charts.clientProcess>;
type Event = EventFrom<typeof charts.clientProcess>;

interface Edge {
  readonly from: Snapshot;
  readonly event: Event;
  readonly to: Snapshot;
  readonly orders: readonly string[];
}

const input = { policy: { ...defaultClientProcessPolicy, maxConsecutive: 2 }, stopMs: 7_000 };
const moment = { at: 1_000_000, random: 0.5 };

/** Every event that the chart may receive, news of this try and of an older one, and its own timers. */
function eventsIn({ context: { generation }, _nodes: nodes }: Snapshot): readonly Event[] {
  const events = clientExampleEvents.flatMap((event): readonly Event[] => {
    if (!('generation' in event)) return [{ ...event, ...moment }];
    return [generation, generation - 1].map((one) => ({ ...event, ...moment, generation: one }));
  });
  const blaming = { type: 'holder.cleared', generation, ...moment, blamed: ['a'] } as const;
  const timers = nodes.flatMap((node) => node.after.map(({ eventType }) => ({ type: eventType }) as unknown as Event));
  return [...events, { ...blaming, last: null }, ...timers];
}

/** Configurations with the same key behave the same from now on. */
function keyOf({ value, context }: Snapshot): string {
  const { next, attempt, connectedAt, failure, disconnectedAt, replacedAt, shuttingDown } = context;
  const flags = [connectedAt, disconnectedAt, replacedAt, failure].map((one) => one === null);
  return [stateText(value), next, attempt, shuttingDown, ...flags].join();
}

/** Losses only decide how carefully servers are started: they are forgotten, so that there are fewer configurations. */
function clamped(snapshot: Snapshot): Snapshot {
  return { ...snapshot, context: { ...snapshot.context, losses: [] } } as Snapshot;
}

/** What is ordered of the holder. The root is not there to be told anything. */
function ordersIn(effects: readonly { readonly type: string; readonly params?: unknown }[]): readonly string[] {
  return effects.flatMap(({ type, params }) => {
    const { event } = (params ?? {}) as { readonly event?: { readonly type: string } };
    return type === 'xstate.sendTo' && event !== undefined ? [event.type] : [];
  });
}

function explore(): { readonly configurations: readonly Snapshot[]; readonly edges: readonly Edge[] } {
  const configurations = new Map<string, Snapshot>();
  const edges: Edge[] = [];
  const queue: Snapshot[] = [];
  const visit = (snapshot: Snapshot) => {
    if (configurations.has(keyOf(snapshot))) return;
    configurations.set(keyOf(snapshot), snapshot);
    queue.push(snapshot);
    if (configurations.size > 20_000) throw new Error('the chart has no bounds');
  };
  visit(initialTransition(charts.clientProcess, input)[0]);
  for (let from = queue.pop(); from !== undefined; from = queue.pop()) {
    for (const event of eventsIn(from)) {
      const [to, effects] = transition(charts.clientProcess, from, event);
      edges.push({ from, event, to, orders: ordersIn(effects) });
      if (to.status !== 'error') visit(clamped(to));
    }
  }
  return { configurations: [...configurations.values()], edges };
}

let graph: ReturnType<typeof explore>;
beforeAll(() => {
  graph = explore();
}, 300_000);

/** The first edges that break a rule, in words. */
function expectAll(holds: (edge: Edge) => boolean): void {
  const breaches = graph.edges.filter((edge) => !holds(edge)).slice(0, 5);
  expect(
    breaches.map(
      ({ from, event, to, orders }) =>
        `${stateText(from.value)} + ${JSON.stringify(event)} → ${stateText(to.value)} (${orders.join()})`,
    ),
  ).toEqual([]);
}

const isIn = (snapshot: Snapshot, pattern: RegExp) => pattern.test(stateText(snapshot.value));

describe('every event in every configuration of the client process', () => {
  it('is taken without an error', () => {
    expectAll(({ to }) => to.status === 'active');
  });

  it('reaches every state', () => {
    const seen = new Set(graph.configurations.map(({ value }) => stateText(value)));
    expect([...seen].toSorted()).toEqual([...states].toSorted());
  });

  it('takes every edge', () => {
    const taken = new Set<unknown>();
    for (const { from, event } of graph.edges)
      for (const one of charts.clientProcess.getTransitionData(from, event)) taken.add(one);
    const always = (event: string) => event === 'always';
    const left = transitionsOf(charts.clientProcess).filter((one) => !taken.has(one) && !always(edgeOf(one).event));
    expect(left.map(edgeOf)).toEqual([]);
    expect(toDefinition(charts.clientProcess).states.length).toBeGreaterThan(states.length);
  });

  it('leads into connected by holder.connected only', () => {
    expectAll(
      ({ from, event, to }) => !isIn(to, /^connected/) || isIn(from, /^connected/) || event.type === 'holder.connected',
    );
  });

  it('leads out of heartbeat-timeout and stopping only when nothing is left', () => {
    const ending = /^(heartbeat-timeout|stopping)/;
    expectAll(
      ({ from, event, to }) => !isIn(from, ending) || isIn(to, ending) || /^holder\.(gone|cleared)$/.test(event.type),
    );
  });

  it('forks only after a look that found nothing', () => {
    expectAll(({ event, orders }) => !orders.includes('fork') || event.type === 'holder.none');
  });

  it('changes nothing if it is news of an older try', () => {
    expectAll(({ from, event, to, orders }) => {
      if (!('generation' in event) || event.generation === from.context.generation) return true;
      return stateText(from.value) === stateText(to.value) && from.context === to.context && orders.length === 0;
    });
  });

  it('has told the root that it is not up when sessions end', () => {
    const endsSessions = (orders: readonly string[]) => orders.includes('end') || orders.includes('clear');
    expectAll(({ to, orders }) => !endsSessions(orders) || to.context.told.standing === 'coming');
  });

  it('keeps timers out of the resting states, but for the delay of backoff', () => {
    expectAll(({ to }) => {
      const timers = to._nodes.flatMap(({ after }) => after.map(({ delay }) => delay));
      return !isIn(to, /^(idle|backoff|failed)/) || timers.join() === (isIn(to, /^backoff/) ? 'retry' : '');
    });
  });

  it('knows no process in backoff and failed, and lets the number of the try only grow', () => {
    expectAll(({ from, to }) => {
      const { pid, connectedAt, nextRetryAt, generation } = to.context;
      const isResting = isIn(to, /^(backoff|failed)/);
      const isNone = pid === null && connectedAt === null;
      return (
        (!isResting || isNone) &&
        (nextRetryAt !== null) === isIn(to, /^backoff/) &&
        generation - from.context.generation in [0, 1]
      );
    });
  });

  it('zeroes the attempt by stability or a person only', () => {
    const forgiving = /^(client\.(start|restart|drain)|xstate\.after\.stableAfter.*)$/;
    expectAll(({ from, event, to }) => to.context.attempt >= from.context.attempt || forgiving.test(event.type));
  });

  it('brings none that is shut down back', () => {
    expectAll(({ from, orders }) => !from.context.shuttingDown || !orders.includes('probe'));
  });
});
