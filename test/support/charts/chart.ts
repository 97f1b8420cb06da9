/**
 * A server's chart at work: its real actor on a virtual clock, below a root that hands out slots, with a session that
 * says what the test wants.
 */

import { type AnyActorRef, createActor, enqueueActions, fromCallback, setup } from 'xstate';
import { clientProcessMachine } from '../../../machines/client-process.machine.ts';
import type { Failure } from '../../../machines/failure.ts';
import { failure } from '../../../machines/failure.ts';
import { groupMachine } from '../../../machines/group.machine.ts';
import { defaultPolicy } from '../../../machines/policy/defaults.ts';
import type { HeartbeatPolicy, RestartPolicy, ServerPolicy, StopPolicy } from '../../../machines/policy/policy.ts';
import type { ServerContext } from '../../../machines/server/context.ts';
import type {
  ServerEmitted,
  ServerEvent,
  ServerInput,
  ServerReport,
  SessionOrder,
} from '../../../machines/server/events.ts';
import type { LookOrder, LookoutInput } from '../../../machines/server/looking.ts';
import type { SessionInput } from '../../../machines/server/session-actions.ts';
import type { CommandKind } from '../../../machines/server/settlement.ts';
import { serverMachine } from '../../../machines/server.machine.ts';
import { supervisorMachine } from '../../../machines/supervisor.machine.ts';
import { underTest } from '../../mutation/mutant.ts';
import { createVirtualClock, type VirtualClock } from './virtual-clock.ts';

/** The charts under test; one of them is a mutant, if one is at work. */
export const charts = {
  get server() {
    return underTest(serverMachine);
  },
  get group() {
    return underTest(groupMachine);
  },
  get clientProcess() {
    return underTest(clientProcessMachine);
  },
  get supervisor() {
    return underTest(supervisorMachine);
  },
};

export type PolicyOverrides = Partial<Omit<ServerPolicy, 'restart' | 'heartbeat' | 'stop'>> & {
  readonly restart?: Partial<RestartPolicy>;
  readonly heartbeat?: Partial<HeartbeatPolicy>;
  readonly stop?: Partial<StopPolicy>;
};

/** The defaults, but for what a test says. */
export function policyOf({ restart, heartbeat, stop, ...rest }: PolicyOverrides = {}): ServerPolicy {
  return {
    ...defaultPolicy,
    restart: { ...defaultPolicy.restart, ...restart },
    heartbeat: { ...defaultPolicy.heartbeat, ...heartbeat },
    stop: { ...defaultPolicy.stop, ...stop },
    ...rest,
  };
}

/** A failure with an exit code or signal. */
export function exit(code: number | null, signal: string | null = null): Failure {
  return failure('exited', signal === null ? `exited with code ${code}` : `ended by ${signal}`, {
    exitCode: code,
    signal,
  });
}

/** What the session says when it is asked, and whether it answers probes. */
export interface Temper {
  answers: boolean;
  lagMs: number;
  inFlight: number;
  /** When the time of the calls in flight is over, in milliseconds of the clock. */
  callUntil: number;
  usedCpu: boolean;
  /** When the last call ended, in milliseconds of the clock. */
  unusedSince: number;
  lastMessageAt: number;
  /** Whether a look finds what the server lacks. */
  isFound: boolean;
  /** Whether `session.heard` comes by itself. */
  reports: boolean;
}

export interface Recorded {
  readonly at: number;
  readonly what: 'order' | 'emitted' | 'report' | 'opened' | 'closed' | 'state' | 'look';
  readonly text: string;
}

export type SessionLogic = (
  input: SessionInput,
  tell: (event: ServerEvent) => void,
  listen: (hear: (order: SessionOrder) => void) => void,
) => (() => void) | undefined;

export interface ServerOptions {
  readonly policy?: PolicyOverrides;
  readonly wanted?: 'up' | 'down';
  readonly generation?: number;
  /** Whether it has been connected with its specification in an earlier run. Default false. */
  readonly worked?: boolean;
  readonly failure?: ServerInput['failure'];
  /** When a wanted slot is given, in milliseconds after it was asked for; null: never by itself. Default null. */
  readonly slotAfterMs?: number | null;
  readonly random?: () => number;
  /** Instead of the session that says what the test wants. */
  readonly session?: SessionLogic;
  /** Whether a look finds what the server lacks. Default: what the test sets in `temper`. */
  readonly finds?: () => boolean;
  readonly clock?: VirtualClock;
  readonly onChange?: (server: ServerUnderTest) => void;
}

type Fields = Readonly<Record<string, unknown>>;

export interface ServerUnderTest {
  readonly clock: VirtualClock;
  readonly temper: Temper;
  readonly records: Recorded[];
  readonly emitted: ServerEmitted[];
  readonly orders: SessionOrder[];
  readonly reports: ServerReport[];
  /** Types of the events for which the chart had no edge. */
  readonly ignored: string[];
  /** Errors that ended the actor: bugs of the chart. */
  readonly bugs: unknown[];
  /** The innermost state: `stopping.closing`. */
  readonly state: () => string;
  readonly context: () => ServerContext;
  readonly tags: () => ReadonlySet<string>;
  /** Generations of the open sessions. */
  readonly sessions: () => readonly string[];
  /** Sends an event with time and chance. */
  readonly send: (type: ServerEvent['type'], fields?: Fields) => void;
  /** Sends a command; returns its id. */
  readonly command: (kind: CommandKind) => string;
  /** Sends news of the current life. */
  readonly news: (type: ServerEvent['type'], fields?: Fields) => void;
  /** How a command settled: each of its outcomes, in order. */
  readonly outcomes: (commandId: string) => readonly string[];
  readonly stop: () => void;
}

export function stateText(value: unknown): string {
  if (typeof value === 'string') return value;
  return Object.entries(value as Record<string, unknown>)
    .map(([key, below]) => `${key}.${stateText(below)}`)
    .join(' ');
}

export function startServer(options: ServerOptions = {}): ServerUnderTest {
  const clock = options.clock ?? createVirtualClock();
  const random = options.random ?? (() => 0.5);
  const temper: Temper = {
    answers: true,
    lagMs: 0,
    inFlight: 0,
    callUntil: 0,
    usedCpu: false,
    unusedSince: 0,
    lastMessageAt: 0,
    isFound: false,
    reports: true,
  };
  const records: Recorded[] = [];
  const emitted: ServerEmitted[] = [];
  const orders: SessionOrder[] = [];
  const reports: ServerReport[] = [];
  const bugs: unknown[] = [];
  const ignored: string[] = [];
  let lastCommand = 0;

  const record = (what: Recorded['what'], text: string) => records.push({ at: clock.now(), what, text });
  const session = fromCallback<SessionOrder, SessionInput>(({ input, sendBack, receive }) => {
    record('opened', `session ${input.generation}`);
    const tell = (event: ServerEvent) => sendBack(event);
    const own = options.session ?? obedient(temper, () => ({ at: clock.now(), random: random() }));
    const close = own(input, tell, (hear) =>
      receive((order) => {
        orders.push(order);
        if (order.type !== 'report') record('order', `${order.type} ${order.kind}`);
        hear(order);
      }),
    );
    return () => {
      record('closed', `session ${input.generation}`);
      close?.();
    };
  });

  const lookout = fromCallback<LookOrder, LookoutInput>(({ input, sendBack, receive }) =>
    receive(() => {
      record('look', input.sought);
      if (options.finds?.() ?? temper.isFound) sendBack({ type: 'look.found', at: clock.now(), random: random() });
    }),
  );

  const input: ServerInput = {
    name: 'a',
    policy: policyOf(options.policy),
    wanted: options.wanted ?? 'up',
    holder: 'supervisor',
    ...(options.generation === undefined ? {} : { generation: options.generation }),
    ...(options.worked === undefined ? {} : { worked: options.worked }),
    ...(options.failure === undefined ? {} : { failure: options.failure }),
  };
  const chart = charts.server.provide({ actors: { session, lookout } });
  const root = createActor(
    rootOf(chart, input, { reports, bugs, slotAfterMs: options.slotAfterMs ?? null, clock, record }),
    {
      clock,
      systemId: 'supervisor',
      inspect: (inspection) => {
        if (
          inspection.type !== '@xstate.microstep' ||
          inspection._transitions.length > 0 ||
          inspection.event.type.startsWith('xstate.')
        )
          return;
        ignored.push(inspection.event.type);
      },
    },
  );
  root.subscribe({ error: (error) => bugs.push(error) });
  root.start();
  const actor = root.system.get('server:a') as AnyActorRef;
  const server: ServerUnderTest = {
    clock,
    temper,
    records,
    emitted,
    orders,
    reports,
    ignored,
    bugs,
    state: () => stateText(actor.getSnapshot().value),
    context: () => actor.getSnapshot().context as ServerContext,
    tags: () => actor.getSnapshot().tags as ReadonlySet<string>,
    sessions: () => Object.keys(actor.getSnapshot().children as object).filter((child) => child.startsWith('session:')),
    send: (type, fields = {}) => actor.send({ type, at: clock.now(), random: random(), ...fields }),
    command: (kind) => {
      lastCommand += 1;
      server.send(`server.${kind}`, { commandId: `c${lastCommand}` });
      return `c${lastCommand}`;
    },
    news: (type, fields = {}) => {
      temper.lastMessageAt = clock.now();
      server.send(type, { generation: server.context().generation, ...newsFields(type), ...fields });
    },
    outcomes: (commandId) =>
      emitted.flatMap((event) =>
        event.type === 'command.settled' && event.command.id === commandId ? [event.outcome] : [],
      ),
    stop: () => root.stop(),
  };
  actor.on('*', (event) => {
    emitted.push(event as ServerEmitted);
    record('emitted', emittedText(event as ServerEmitted));
  });
  let last = server.state();
  record('state', last);
  actor.subscribe({
    next: () => {
      if (server.state() !== last) record('state', server.state());
      last = server.state();
      options.onChange?.(server);
    },
    error: () => undefined,
  });
  return server;
}

/** What news of a life says, unless a test says otherwise. */
function newsFields(type: ServerEvent['type']): Fields {
  switch (type) {
    case 'session.spawned':
      return { pid: 4_711 };
    case 'session.failed':
    case 'session.exited':
      return { failure: exit(1) };
    case 'session.ended':
      return { failure: null };
    case 'session.doubted':
      return { reason: 'a stream ended' };
    case 'session.unread':
      return { lists: [{ list: 'prompts', reason: 'prompts/list was not answered' }] };
    case 'session.crowded':
      return { crowding: { bound: 'server', most: 9 } };
    case 'probe.answered':
      return { latencyMs: 3 };
    default:
      return {};
  }
}

/** A session that does what the test set: answers probes or not, and reports when asked. */
function obedient(temper: Temper, moment: () => { at: number; random: number }): SessionLogic {
  return ({ generation }, tell, listen) => {
    listen((order) => {
      const { at, random } = moment();
      if (order.type === 'probe' && temper.answers) {
        temper.lastMessageAt = at;
        tell({ type: 'probe.answered', generation, latencyMs: 3, at, random });
      }
      if (order.type === 'report' && temper.reports) {
        const { lagMs, inFlight, usedCpu } = temper;
        const [quietForMs, unusedForMs] = [at - temper.lastMessageAt, at - temper.unusedSince];
        tell({
          type: 'session.heard',
          generation,
          question: order.question,
          quietForMs,
          unusedForMs,
          inFlight,
          callLeftMs: inFlight > 0 ? Math.max(0, temper.callUntil - at) : 0,
          lagMs,
          usedCpu,
          at,
          random,
        });
      }
    });
    return undefined;
  };
}

interface RootOptions {
  readonly reports: ServerReport[];
  readonly bugs: unknown[];
  readonly slotAfterMs: number | null;
  readonly clock: VirtualClock;
  readonly record: (what: Recorded['what'], text: string) => void;
}

/** Stands where the real root stands: gives slots, hears reports, and outlives a bug of the server. */
function rootOf(
  chart: typeof serverMachine,
  input: ServerInput,
  { reports, bugs, slotAfterMs, clock, record }: RootOptions,
) {
  return setup({
    types: {} as { events: ServerReport },
    actors: { server: chart },
  }).createMachine({
    entry: enqueueActions(({ enqueue }) => {
      enqueue.spawnChild('server', { id: 'server:a', systemId: 'server:a', input });
    }),
    on: {
      'xstate.error.actor.*': {
        actions: ({ event }: { event: unknown }) => {
          bugs.push((event as { error: unknown }).error);
        },
      },
      '*': {
        actions: ({ event, system }) => {
          reports.push(event);
          record('report', event.type);
          if (event.type === 'slot.wanted' && slotAfterMs !== null) {
            clock.setTimeout(
              () => (system.get('server:a') as AnyActorRef | undefined)?.send({ type: 'slot.granted' }),
              slotAfterMs,
            );
          }
        },
      },
    },
  });
}

function emittedText(event: ServerEmitted): string {
  switch (event.type) {
    case 'command.accepted':
      return `${event.type} ${event.command.id} ${event.command.kind}`;
    case 'command.settled':
      return `${event.type} ${event.command.id} ${event.command.kind}: ${event.outcome}${event.reason === null ? '' : ` (${event.reason})`}`;
    case 'server.failed':
      return `${event.type} ${event.failure.class}: ${event.failure.message}`;
    case 'probe.sent':
      return `${event.type} ${event.kind}`;
    case 'probe.missed':
      return `${event.type} ${event.misses}${event.counted ? '' : ' (not counted)'}`;
    case 'lists.unread':
      return `${event.type} ${event.lists.map(({ list }) => list).join(' ') || 'none'}`;
    case 'connections.crowded':
      return `${event.type} ${event.crowding === null ? 'none' : event.crowding.bound}`;
    case 'dependencies.changed':
      return `${event.type} ${event.waitingFor.join(' ') || 'none'}${event.blockedBy === null ? '' : ` (blocked by ${event.blockedBy})`}`;
  }
}
