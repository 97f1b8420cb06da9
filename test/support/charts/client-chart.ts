/** The chart of the client process at work: its real actor on a virtual clock, with a holder that does as a test says. */

import { type AnyActorRef, createActor, enqueueActions, fromCallback, setup } from 'xstate';
import type { ClientProcessContext } from '../../../machines/client-process/context.ts';
import type {
  ClientEmitted,
  ClientProcessEvent,
  ClientReport,
  HolderOrder,
} from '../../../machines/client-process/events.ts';
import type { ClientProcessTag } from '../../../machines/client-process/meaning.ts';
import { failure } from '../../../machines/failure.ts';
import { defaultClientProcessPolicy } from '../../../machines/policy/defaults.ts';
import type { ClientProcessPolicy } from '../../../machines/policy/policy.ts';
import { pathOf } from '../../../machines/state-path.ts';
import { charts } from './chart.ts';
import { createVirtualClock, type VirtualClock } from './virtual-clock.ts';

type Fields = Readonly<Record<string, unknown>>;

export interface ClientRecord {
  readonly at: number;
  readonly what: 'order' | 'emitted' | 'report' | 'state';
  readonly text: string;
}

export interface ClientOptions {
  readonly policy?: Partial<ClientProcessPolicy>;
  readonly stopMs?: number;
  readonly random?: () => number;
  readonly clock?: VirtualClock;
  /** Carries out the orders. Default: nothing does. */
  readonly holder?: (order: HolderOrder, tell: (type: ClientProcessEvent['type'], fields?: Fields) => void) => void;
  /** After every step. */
  readonly onChange?: (client: ClientUnderTest) => void;
}

export interface ClientUnderTest {
  readonly clock: VirtualClock;
  readonly records: ClientRecord[];
  readonly orders: HolderOrder[];
  readonly reports: ClientReport[];
  readonly emitted: ClientEmitted[];
  /** Types of the events for which the chart had no edge. */
  readonly ignored: string[];
  /** Errors that ended the actor: bugs of the chart. */
  readonly bugs: unknown[];
  /** The innermost state: `starting.probing`. */
  readonly state: () => string;
  readonly context: () => ClientProcessContext;
  readonly hasTag: (tag: ClientProcessTag) => boolean;
  readonly snapshot: () => ReturnType<AnyActorRef['getSnapshot']>;
  /** Sends an event with time and chance. */
  readonly send: (type: ClientProcessEvent['type'], fields?: Fields) => void;
  /** Sends news of the current try. */
  readonly news: (type: ClientProcessEvent['type'], fields?: Fields) => void;
  readonly stop: () => void;
}

/** What news says, unless a test says otherwise. */
function newsFields(type: ClientProcessEvent['type']): Fields {
  switch (type) {
    case 'holder.refused':
      return { failure: failure('misconfigured', 'another program listens there') };
    case 'holder.lost':
      return { failure: failure('clientLost', 'exited with code 1', { exitCode: 1, stderrTail: ['oh'] }) };
    case 'holder.forked':
      return { pid: 4_711 };
    case 'holder.connected':
      return { pid: 4_711, startedAt: 1, adopted: false, sessions: 0 };
    case 'holder.beat':
      return { lagMs: 2, sessions: 3 };
    default:
      return {};
  }
}

export function startClient(options: ClientOptions = {}): ClientUnderTest {
  const clock = options.clock ?? createVirtualClock();
  const random = options.random ?? (() => 0.5);
  const records: ClientRecord[] = [];
  const orders: HolderOrder[] = [];
  const reports: ClientReport[] = [];
  const emitted: ClientEmitted[] = [];
  const ignored: string[] = [];
  const bugs: unknown[] = [];
  const record = (what: ClientRecord['what'], text: string) => records.push({ at: clock.now(), what, text });
  const holder = fromCallback<HolderOrder>(({ sendBack, receive }) =>
    receive((order) => {
      orders.push(order);
      record('order', `${order.type}${order.type === 'clear' && order.isCareful ? ' carefully' : ''}`);
      options.holder?.(order, (type, fields) =>
        sendBack({
          generation: order.generation,
          at: clock.now(),
          random: random(),
          type,
          ...newsFields(type),
          ...fields,
        }),
      );
    }),
  );
  const input = {
    policy: { ...defaultClientProcessPolicy, ...options.policy },
    stopMs: options.stopMs ?? 7_000,
  };
  const hear = (report: ClientReport) => {
    reports.push(report);
    record('report', reportText(report));
  };
  const root = createActor(rootOf(input, holder, { hear, bugs }), {
    clock,
    systemId: 'supervisor',
    inspect: (inspection) => {
      if (inspection.type !== '@xstate.microstep' || inspection._transitions.length > 0) return;
      if (!inspection.event.type.startsWith('xstate.')) ignored.push(inspection.event.type);
    },
  });
  root.subscribe({ error: (error) => bugs.push(error) });
  root.start();
  const actor = root.system.get('client-process') as AnyActorRef;
  const client: ClientUnderTest = {
    clock,
    records,
    orders,
    reports,
    emitted,
    ignored,
    bugs,
    state: () => pathOf(actor.getSnapshot().value),
    context: () => actor.getSnapshot().context as ClientProcessContext,
    hasTag: (tag) => actor.getSnapshot().hasTag(tag) as boolean,
    snapshot: () => actor.getSnapshot(),
    send: (type, fields = {}) => actor.send({ type, at: clock.now(), random: random(), ...fields }),
    news: (type, fields = {}) =>
      client.send(type, { generation: client.context().generation, ...newsFields(type), ...fields }),
    stop: () => root.stop(),
  };
  actor.on('*', (event) => {
    emitted.push(event as ClientEmitted);
    record('emitted', emittedText(event as ClientEmitted));
  });
  let last = client.state();
  record('state', last);
  actor.subscribe({
    next: () => {
      if (client.state() !== last) record('state', stateText(client));
      last = client.state();
      options.onChange?.(client);
    },
    error: () => undefined,
  });
  return client;
}

interface RootOptions {
  readonly hear: (report: ClientReport) => void;
  readonly bugs: unknown[];
}

/** Stands where the real root stands: hears reports, and outlives a bug of the chart. */
function rootOf(
  input: { readonly policy: ClientProcessPolicy; readonly stopMs: number },
  holder: ReturnType<typeof fromCallback<HolderOrder>>,
  { hear, bugs }: RootOptions,
) {
  return setup({
    types: {} as { events: ClientReport },
    actors: { client: charts.clientProcess.provide({ actors: { holder } }) },
  }).createMachine({
    entry: enqueueActions(({ enqueue }) => {
      enqueue.spawnChild('client', { id: 'client-process', systemId: 'client-process', input });
    }),
    on: {
      'xstate.error.actor.*': {
        actions: ({ event }: { event: unknown }) => {
          bugs.push((event as { error: unknown }).error);
        },
      },
      'client.changed': { actions: ({ event }) => hear(event) },
    },
  });
}

function stateText(client: ClientUnderTest): string {
  const { attempt, delayMs } = client.context();
  const state = client.state();
  return state === 'backoff.delaying' ? `${state} (attempt ${attempt}, ${delayMs} ms)` : state;
}

function reportText({ standing, nextRetryAt, isCareful }: ClientReport): string {
  const parts = [standing, ...(nextRetryAt === null ? [] : [`again at ${nextRetryAt}`])];
  return [...parts, ...(isCareful ? ['carefully'] : [])].join(', ');
}

function emittedText(event: ClientEmitted): string {
  if (event.type === 'client.connected')
    return `${event.type} ${event.pid}${event.adopted ? `, adopted with ${event.sessions} sessions` : ''}`;
  return `${event.type} ${event.failure.class}: ${event.failure.message}${event.isCounted ? '' : ' (not counted)'}`;
}
