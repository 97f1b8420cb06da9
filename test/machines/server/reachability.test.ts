import { beforeAll, describe, expect, it } from 'vitest';
import { type EventFrom, initialTransition, type SnapshotFrom, transition } from 'xstate';
import { failure } from '../../../machines/failure.ts';
import type { ServerContext } from '../../../machines/server/context.ts';
import type { ServerEmitted } from '../../../machines/server/events.ts';
import { soughtBy } from '../../../machines/server/looking.ts';
import { charts, exit, policyOf, stateText } from '../../support/charts/chart.ts';

type Snapshot = SnapshotFrom<typeof charts.server>;
type Event = EventFrom<typeof charts.server>;

interface Edge {
  readonly from: Snapshot;
  readonly event: Event;
  readonly to: Snapshot;
  readonly emitted: readonly ServerEmitted[];
}

const moment = { at: 1_000_000, random: 0.5 };
const policyFor = (lazy: boolean, dependsOn: readonly string[] = []) =>
  policyOf({
    lazy,
    dependsOn,
    related: dependsOn.length > 0,
    restart: { maxConsecutive: 2, intensity: 0 },
    heartbeat: { misses: 1, busyMisses: 2 },
  });

const approval = { hash: 'sha256:1', commandLine: 'x', clearedBy: 'mcpvisor approve a' };

const causes = [
  exit(1),
  exit(78),
  failure('unauthorized', ''),
  failure('unreachable', ''),
  failure('spawnFailed', '', { code: 'ENOENT' }),
  failure('misconfigured', '', { code: 404 }),
];
/** Longer than any failure is tried again that only looks permanent. */
const muchLater = { ...moment, at: moment.at + 3_600_000 };

/** Every event that a server may receive in a configuration, its own timers included. */
function eventsIn(snapshot: Snapshot): readonly Event[] {
  const { generation, question, policy } = snapshot.context;
  const heard = {
    type: 'session.heard',
    generation,
    question,
    quietForMs: 1e9,
    unusedForMs: 0,
    inFlight: 0,
    callLeftMs: 0,
    lagMs: 0,
    usedCpu: false,
    ...moment,
  } as const;
  const news = { generation, ...moment };
  const events: Event[] = [
    ...(['start', 'stop', 'restart', 'retry', 'reset'] as const).map((kind) => ({
      type: `server.${kind}` as const,
      commandId: 'new',
      ...moment,
    })),
    ...(['server.needed', 'server.remove', 'server.shutdown', 'machine.resumed'] as const).map((type) => ({
      type,
      ...moment,
    })),
    { type: 'slot.granted' },
    { type: 'look.due' },
    { type: 'look.found', ...moment },
    ...(
      [
        { changed: true, wanted: null },
        { changed: false, wanted: 'up' },
        { changed: false, wanted: 'down' },
        { changed: false, wanted: null },
      ] as const
    ).map((change) => ({ type: 'server.configure' as const, policy, ...change, ...moment })),
    {
      type: 'server.configure',
      policy: policyFor(!policy.lazy, policy.dependsOn),
      changed: false,
      wanted: null,
      ...moment,
    },
    {
      type: 'server.configure',
      policy: policyFor(!policy.lazy, policy.dependsOn),
      changed: true,
      wanted: 'up',
      ...moment,
    },
    { type: 'session.spawned', pid: 1, ...news },
    { type: 'session.progressed', ...news },
    { type: 'session.initialized', ...news },
    { type: 'session.ready', ...news },
    { type: 'session.doubted', reason: '', ...news },
    { type: 'session.unread', lists: [{ list: 'prompts', reason: 'no answer' }], ...news },
    { type: 'session.crowded', crowding: { bound: 'process', most: 9 }, ...news },
    { type: 'probe.answered', latencyMs: 1, ...news },
    { type: 'session.ended', failure: null, ...news },
    { type: 'session.ended', failure: null, ...news, generation: generation - 1 },
    { type: 'session.failed', failure: exit(1), ...news, generation: generation - 1 },
    ...causes.flatMap((cause) =>
      (['session.failed', 'session.exited', 'session.ended'] as const).map((type) => ({
        type,
        failure: cause,
        ...news,
      })),
    ),
    { type: 'session.failed', failure: failure('unauthorized', ''), renewed: true, ...news },
    { type: 'session.ended', failure: failure('misconfigured', '', { code: 404 }), ...news, ...muchLater },
    heard,
    { ...heard, usedCpu: true },
    { ...heard, inFlight: 1, callLeftMs: 1e6 },
    { ...heard, lagMs: 1e9 },
    { ...heard, quietForMs: 0 },
    { ...heard, quietForMs: 0, unusedForMs: 1e9 },
    { type: 'idle.due' },
    { type: 'start.due' },
  ];
  const timers = snapshot._nodes.flatMap((node) =>
    node.after.map(({ eventType }) => ({ type: eventType }) as unknown as Event),
  );
  return [...events, ...timers];
}

/** Configurations with the same key behave the same from now on. */
function keyOf(snapshot: Snapshot): string {
  const { value, context, children } = snapshot;
  const looks = snapshot.hasTag('looks');
  const {
    next,
    endAsked,
    autostart,
    called,
    wanted,
    policy,
    misses,
    open,
    removing,
    shuttingDown,
    waitingFor,
    blockedBy,
    heldFor,
    heldAwake,
    worked,
    renewed,
    counters,
  } = context;
  const kinds = [...new Set(open.map(({ kind }) => (kind === 'stop' || kind === 'restart' ? kind : 'start')))].sort();
  const flags = [
    endAsked,
    autostart,
    called,
    policy.lazy,
    policy.approval === null,
    context.name,
    waitingFor.length,
    blockedBy === null,
    heldFor.length,
    heldAwake,
    removing,
    shuttingDown,
    Object.keys(children).length,
    context.failure?.class === 'unreachable',
    looks && soughtBy(context) !== null,
    context.failure === null,
    worked,
    renewed,
    counters.refusedSince === null,
  ];
  return [stateText(value), next, wanted, ...flags, Math.min(misses, 2), kinds].join();
}

/** Higher numbers make no difference, nor do further open commands of the same kind. */
function clamped(snapshot: Snapshot): Snapshot {
  const { counters, open, forgivenAttempt, cutAtWork } = snapshot.context;
  const seen = new Map(open.map((command) => [command.kind, command]));
  const context = {
    ...snapshot.context,
    forgivenAttempt: Math.min(forgivenAttempt, 1),
    cutAtWork: Math.min(cutAtWork, 1),
    counters: { ...counters, attempt: Math.min(counters.attempt, 2), unreachable: Math.min(counters.unreachable, 1) },
    open: [...seen.values()].map(({ kind }) => ({ id: `open ${kind}`, kind })),
  };
  return { ...snapshot, context } as Snapshot;
}

/** A server of this name is edited and approved. */
const edited = 'edited';

/** Events for such a server. What it fails of, and its heartbeat, do not depend on that, so they are left out. */
function editedEventsIn(snapshot: Snapshot): readonly Event[] {
  const { policy } = snapshot.context;
  const alike =
    /^(session\.(heard|doubted|unread|crowded|progressed)|probe|idle\.due|server\.(configure|reset)|xstate\.after)/;
  const usual = eventsIn(snapshot).filter((event) => {
    const { failure: cause } = event as { readonly failure?: { readonly exitCode: number | null } | null };
    return !alike.test(event.type) && (cause === undefined || cause === null || cause.exitCode === 1);
  });
  const changes = [
    { changed: true, wanted: null },
    { changed: false, wanted: null },
    { changed: true, wanted: 'down' },
  ] as const;
  const timers = snapshot._nodes.flatMap((node) =>
    node.after.flatMap(({ eventType }) => (/retry/.test(eventType) ? [{ type: eventType } as unknown as Event] : [])),
  );
  return [
    ...usual,
    ...timers,
    ...changes.flatMap((change) =>
      [approval, null].map((waits) => ({
        type: 'server.configure' as const,
        policy: { ...policy, approval: waits },
        ...change,
        ...moment,
      })),
    ),
  ];
}

/**
 * Events for a server that depends on another, in a group that acts as one. The heartbeat and plans do not depend on
 * that, so they are left out.
 */
function relatedEventsIn(snapshot: Snapshot): readonly Event[] {
  const alike =
    /^(session\.(heard|doubted)|probe|idle\.due|server\.(configure|reset)|xstate\.after\.(quiet|probe|stable|slot|stuck))/;
  const usual = eventsIn(snapshot).filter((event) => {
    const { failure: cause } = event as { readonly failure?: { readonly exitCode: number | null } | null };
    return !alike.test(event.type) && (cause === undefined || cause === null || cause.exitCode !== null);
  });
  return [
    ...usual,
    { type: 'dependencies.changed', waitingFor: [], blockedBy: null },
    { type: 'dependencies.changed', waitingFor: ['d'], blockedBy: null },
    { type: 'dependencies.changed', waitingFor: ['d'], blockedBy: { server: 'd', standing: 'failed' } },
    { type: 'dependents.changed', awake: true },
    { type: 'dependents.waiting' },
    { type: 'round.stop', heldFor: ['t'] },
    { type: 'round.hold', heldFor: [] },
    { type: 'round.hold', heldFor: ['t'] },
  ];
}

function explore(): { readonly configurations: readonly Snapshot[]; readonly edges: readonly Edge[] } {
  const configurations = new Map<string, Snapshot>();
  const edges: Edge[] = [];
  const queue: Snapshot[] = [];
  const visit = (snapshot: Snapshot) => {
    const known = clamped(snapshot);
    const key = keyOf(known);
    if (configurations.has(key)) return;
    configurations.set(key, known);
    queue.push(known);
    if (configurations.size > 50_000) throw new Error('the chart has no bounds');
  };
  for (const lazy of [false, true])
    for (const wanted of ['up', 'down'] as const)
      visit(initialTransition(charts.server, { name: 'a', policy: policyFor(lazy), wanted })[0]);
  visit(initialTransition(charts.server, { name: 'a', policy: policyFor(false, ['d']), wanted: 'up' })[0]);
  for (const lazy of [false, true])
    visit(
      initialTransition(charts.server, { name: edited, policy: { ...policyFor(lazy), approval }, wanted: 'up' })[0],
    );
  visit(
    initialTransition(charts.server, {
      name: 'a',
      policy: policyFor(false),
      wanted: 'up',
      failure: { ...failure('internal', ''), at: 0 },
    })[0],
  );
  for (let from = queue.pop(); from !== undefined; from = queue.pop()) {
    const isRelated = from.context.policy.related;
    const events = isRelated ? relatedEventsIn : from.context.name === edited ? editedEventsIn : eventsIn;
    for (const event of events(from)) {
      const [to, effects] = transition(charts.server, from, event);
      const emitted = effects.flatMap(({ type, params }: { type: string; params: unknown }) =>
        type === 'xstate.emit' ? [(params as { event: ServerEmitted }).event] : [],
      );
      edges.push({ from, event, to, emitted });
      if (to.status !== 'error') visit(to);
    }
  }
  return { configurations: [...configurations.values()], edges };
}

const live = /^(starting|connected|heartbeat-timeout|stopping)/;
const settlesUp = /^(idle\.(resting|queued)|connected|failed|needs-auth)/;
const settlesDown = /^(idle|failed|needs-auth|backoff|starting|connected)/;

let graph: ReturnType<typeof explore>;
beforeAll(() => {
  graph = explore();
}, 300_000);

/** The first edges that break a rule, in words. */
function breaches(holds: (edge: Edge) => boolean): readonly string[] {
  return graph.edges
    .filter((edge) => !holds(edge))
    .slice(0, 5)
    .map(
      ({ from, event, to }) =>
        `${stateText(from.value)} + ${JSON.stringify(event)} → ${stateText(to.value)}: ${JSON.stringify(brief(from.context))} → ${JSON.stringify(brief(to.context))}`,
    );
}

function brief({ next, wanted, open, endAsked, autostart, generation }: ServerContext) {
  return { next, wanted, open, endAsked, autostart, generation };
}

const expectAll = (holds: (edge: Edge) => boolean) => expect(breaches(holds)).toEqual([]);

describe('every event in every configuration', () => {
  it('is taken without an error', () => {
    expect(graph.configurations.length).toBeGreaterThan(500);
    expectAll(({ to }) => to.status === 'active');
  });

  it('leaves exactly one session if the server lives, that of its generation, and none otherwise', () => {
    expectAll(({ to }) => {
      const sessions = Object.keys(to.children).filter((child) => child !== 'lookout');
      const expected = to.hasTag('live') ? [`session:${to.context.generation}`] : [];
      return sessions.join() === expected.join() && to.hasTag('live') === live.test(stateText(to.value));
    });
  });

  it('opens a session only after the last one has ended', () => {
    expectAll(
      ({ from, event, to }) =>
        to.context.generation === from.context.generation ||
        !from.hasTag('live') ||
        (event.type === 'session.ended' && event.generation === from.context.generation),
    );
  });

  it('lets the generation only grow, by one', () => {
    expectAll(
      ({ from, to }) =>
        to.context.generation === from.context.generation || to.context.generation === from.context.generation + 1,
    );
  });

  it('leads into connected by session.ready only', () => {
    expectAll(
      ({ from, event, to }) =>
        !to.matches('connected') ||
        from.matches('connected') ||
        (event.type === 'session.ready' && from.matches({ starting: 'listing' })),
    );
  });

  it('opens no session with a specification that waits for approval', () => {
    expectAll(
      ({ from, to }) => to.context.policy.approval === null || to.context.generation === from.context.generation,
    );
  });

  it('ends no session because another specification waits for approval', () => {
    expectAll(
      ({ from, event, to }) =>
        event.type !== 'server.configure' ||
        event.wanted === 'down' ||
        event.policy.approval === null ||
        !(from.matches('starting') || from.matches('connected')) ||
        to.matches('starting') ||
        to.matches('connected'),
    );
  });

  it('leads out of stopping and heartbeat-timeout by session.ended only', () => {
    expectAll(({ from, event, to }) => {
      const state = from.matches('stopping')
        ? 'stopping'
        : from.matches('heartbeat-timeout')
          ? 'heartbeat-timeout'
          : null;
      return state === null || to.matches(state) || event.type === 'session.ended';
    });
  });

  it('leads into heartbeat-timeout from connected only', () => {
    expectAll(
      ({ from, to }) =>
        !to.matches('heartbeat-timeout') || from.matches('heartbeat-timeout') || from.matches('connected'),
    );
  });

  it('changes nothing if it is news of an older generation', () => {
    expectAll(({ from, event, to, emitted }) => {
      if (!('generation' in event) || event.generation === from.context.generation) return true;
      return (
        stateText(from.value) === stateText(to.value) &&
        emitted.length === 0 &&
        JSON.stringify(from.context) === JSON.stringify(to.context)
      );
    });
  });

  it('settles each accepted command once: what is open afterwards is what was open or came, less what settled', () => {
    expectAll(({ from, to, emitted }) => {
      const accepted = emitted.flatMap((event) => (event.type === 'command.accepted' ? [event.command.id] : []));
      const settled = emitted.flatMap((event) => (event.type === 'command.settled' ? [event.command.id] : []));
      const due = [...from.context.open.map(({ id }) => id), ...accepted];
      const left = due.filter((id) => !settled.includes(id));
      return (
        settled.every((id) => due.includes(id)) &&
        new Set(settled).size === settled.length &&
        left.join() === to.context.open.map(({ id }) => id).join()
      );
    });
  });

  it('leaves no command open where it would never settle', () => {
    expectAll(({ to }) => {
      const state = stateText(to.value);
      const [ups, downs] = [
        to.context.open.filter(({ kind }) => kind !== 'stop'),
        to.context.open.filter(({ kind }) => kind === 'stop'),
      ];
      const waitsInVain = state.endsWith('.waiting') && to.context.blockedBy !== null;
      return (
        (ups.length === 0 || !(settlesUp.test(state) || waitsInVain)) &&
        (downs.length === 0 || !settlesDown.test(state)) &&
        (ups.length === 0 || downs.length === 0)
      );
    });
  });

  it('keeps nextRetryAt in backoff only', () => {
    expectAll(({ to }) => (to.context.nextRetryAt !== null) === to.matches('backoff'));
  });

  it('keeps the timers of resting states unarmed: only the delay of backoff has one', () => {
    expectAll(({ to }) => {
      const timers = new Set(to._nodes.flatMap(({ after }) => after.map(({ delay }) => delay)));
      return to.hasTag('live') || [...timers].join() === (to.matches({ backoff: 'delaying' }) ? 'retry' : '');
    });
  });

  it('changes what the operator wants by commands and plans only', () => {
    expectAll(
      ({ from, event, to }) =>
        from.context.wanted === to.context.wanted ||
        /^server\.(start|stop|restart|retry|reset|configure)$/.test(event.type),
    );
  });

  it('zeroes the attempt by stability or a person only', () => {
    const forgiving = /^(look\.found|server\.(start|restart|reset|configure)|xstate\.after\.stableAfter.*)$/;
    expectAll(
      ({ from, event, to }) =>
        to.context.counters.attempt >= from.context.counters.attempt || forgiving.test(event.type),
    );
  });

  it('never leads a server that is to go into a new life', () => {
    expectAll(
      ({ from, to }) =>
        !(from.context.removing || from.context.shuttingDown) || to.context.generation === from.context.generation,
    );
  });

  it('starts nothing that is wanted down but at the wish of a person', () => {
    expectAll(({ from, to }) => to.context.generation === from.context.generation || to.context.wanted === 'up');
  });

  it('makes a server forget that it has worked by another specification only', () => {
    expectAll(
      ({ from, event, to }) =>
        !from.context.worked || to.context.worked || (event.type === 'server.configure' && event.changed),
    );
    expectAll(({ to }) => !to.matches('connected') || to.context.worked);
  });

  it('is no verdict by one answer: a server that has worked fails so only after all its patience', () => {
    const isAnswer = ({ failure: cause }: ServerContext) =>
      cause?.class === 'misconfigured' || cause?.class === 'spawnFailed';
    expectAll(({ from, event, to }) => {
      const { worked, counters } = from.context;
      const isVerdict = to.matches('failed') && !from.matches('failed') && worked && isAnswer(to.context);
      return !isVerdict || ('at' in event && event.at - (counters.refusedSince ?? event.at) >= 600_000);
    });
  });

  it('begins the time of what looks permanent again with a connection', () => {
    expectAll(
      ({ from, to }) =>
        !to.matches('connected') || from.matches('connected') || to.context.counters.refusedSince === null,
    );
  });

  it('tries renewed credentials at once only once until a life was stable or a person came', () => {
    const isForgiving = /^(look\.found|server\.(start|restart|reset|configure)|xstate\.after\.stableAfter.*)$/;
    expectAll(({ from, event, to }) => !from.context.renewed || to.context.renewed || isForgiving.test(event.type));
    expectAll(
      ({ from, event, to }) =>
        !('renewed' in event && event.renewed === true && from.context.renewed) ||
        to.context.next !== 'starting' ||
        from.context.next === 'starting',
    );
  });

  it('is never between two states', () => {
    expectAll(({ to }) => !to.matches('deciding'));
  });
});

describe('from every configuration', () => {
  it('a stop, the timers of the ladder and the end of the session lead to idle', () => {
    const lost = graph.configurations.filter((configuration) => {
      let snapshot = transition(charts.server, configuration, {
        type: 'server.stop',
        commandId: 'the stop',
        ...moment,
      })[0];
      for (const timer of [
        'close.server.stopping.closing',
        'terminate.server.stopping.terminating',
        'kill.server.stopping.killing',
      ]) {
        snapshot = transition(charts.server, snapshot, { type: `xstate.after.${timer}` } as unknown as Event)[0];
      }
      if (snapshot.hasTag('live'))
        snapshot = transition(charts.server, snapshot, {
          type: 'session.ended',
          failure: null,
          generation: snapshot.context.generation,
          ...moment,
        })[0];
      return (
        !snapshot.matches({ idle: 'resting' }) || snapshot.context.open.length > 0 || snapshot.context.wanted !== 'down'
      );
    });
    expect(lost.map(({ value, context }) => [stateText(value), brief(context)])).toEqual([]);
  });

  it('a shutdown and the end of the session lead to idle', () => {
    const lost = graph.configurations.filter((configuration) => {
      let snapshot = transition(charts.server, configuration, { type: 'server.shutdown', ...moment })[0];
      if (snapshot.hasTag('live'))
        snapshot = transition(charts.server, snapshot, {
          type: 'session.ended',
          failure: exit(1),
          generation: snapshot.context.generation,
          ...moment,
        })[0];
      return !snapshot.matches({ idle: 'resting' }) || snapshot.context.open.length > 0;
    });
    expect(lost.map(({ value, context }) => [stateText(value), brief(context)])).toEqual([]);
  });

  it('a start leads to connected once its dependencies are and it is approved, unless the server is to go', () => {
    const lost = graph.configurations
      .filter(({ context }) => !context.removing && !context.shuttingDown)
      .filter((configuration) => {
        const { policy } = configuration.context;
        const approved =
          policy.approval === null
            ? configuration
            : transition(charts.server, configuration, {
                type: 'server.configure',
                policy: { ...policy, approval: null },
                changed: true,
                wanted: null,
                ...moment,
              })[0];
        let snapshot = transition(charts.server, approved, {
          type: 'server.start',
          commandId: 'the start',
          ...moment,
        })[0];
        const tell = (type: 'session.spawned' | 'session.initialized' | 'session.ready') => {
          snapshot = transition(charts.server, snapshot, {
            type,
            pid: 1,
            generation: snapshot.context.generation,
            ...moment,
          } as Event)[0];
        };
        if (/^(stopping|heartbeat-timeout)/.test(stateText(snapshot.value))) {
          snapshot = transition(charts.server, snapshot, {
            type: 'session.ended',
            failure: null,
            generation: snapshot.context.generation,
            ...moment,
          })[0];
        }
        snapshot = transition(charts.server, snapshot, {
          type: 'dependencies.changed',
          waitingFor: [],
          blockedBy: null,
        })[0];
        // A server that was refused while a dependency was down has kept the wish and waits; a lazy one keeps resting.
        if (snapshot.matches({ idle: 'queued' }) || snapshot.matches({ backoff: 'queued' }))
          snapshot = transition(charts.server, snapshot, { type: 'slot.granted' })[0];
        if (configuration.context.blockedBy !== null && snapshot.matches({ idle: 'resting' }))
          return !snapshot.context.policy.lazy;
        for (const type of ['session.spawned', 'session.initialized', 'session.ready'] as const) tell(type);
        return !snapshot.matches('connected') || snapshot.context.open.length > 0;
      });
    expect(lost.map(({ value, context }) => [stateText(value), brief(context)])).toEqual([]);
  });
});
