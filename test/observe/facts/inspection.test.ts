import { afterEach, describe, expect, it, vi } from 'vitest';
import { type ActorRefFrom, assign, createActor, fromCallback, not, raise, sendTo, setup } from 'xstate';
import { type Failure, failure } from '../../../machines/failure.ts';
import type { FactBody } from '../../../src/observe/facts/fact.ts';
import { createInspection } from '../../../src/observe/facts/inspection.ts';

type ServerEvent =
  | {
      readonly type:
        | 'server.start'
        | 'server.stop'
        | 'server.restart'
        | 'session.opened'
        | 'session.heard'
        | 'session.ended'
        | 'counters.reset'
        | 'retry.due';
    }
  | { readonly type: 'session.failed'; readonly failure: Failure };

const server = setup({
  types: {
    context: {} as { generation: number; attempt: number; failure: Failure | null },
    events: {} as ServerEvent,
    input: {} as { generation: number },
  },
  delays: { quietTime: 5 },
  guards: { mayRetry: ({ context }, { most }: { most: number }) => context.attempt < most, isStill: () => false },
  actions: {
    begin: assign({ generation: ({ context }) => context.generation + 1, failure: null }),
    reset: assign({ attempt: 0 }),
    note: assign({
      attempt: ({ context }) => context.attempt + 1,
      failure: (_, noted: { failure: Failure }) => noted.failure,
    }),
  },
}).createMachine({
  id: 'server',
  context: ({ input }) => ({ generation: input.generation, attempt: 0, failure: null }),
  initial: 'idle',
  on: { 'counters.reset': { actions: 'reset' } },
  states: {
    idle: { on: { 'server.start': { target: 'starting', actions: 'begin' } } },
    starting: { initial: 'listing', states: { listing: {} }, on: { 'session.opened': 'connected' } },
    connected: {
      initial: 'quiet',
      states: {
        quiet: { after: { quietTime: 'probing' } },
        probing: {
          entry: raise({ type: 'retry.due' }),
          on: {
            'session.heard': [
              { guard: 'isStill', target: 'quiet' },
              { target: 'probing', reenter: true },
            ],
          },
        },
      },
      on: {
        'session.failed': {
          target: 'deciding',
          actions: { type: 'note', params: ({ event }) => ({ failure: event.failure }) },
        },
        'server.stop': 'idle',
      },
    },
    deciding: {
      always: [
        { guard: { type: 'mayRetry', params: { most: 2 } }, target: 'backoff' },
        { guard: not({ type: 'mayRetry', params: { most: 2 } }), target: 'failed' },
      ],
    },
    backoff: {
      on: {
        'server.start': { target: 'starting', actions: 'begin' },
        'server.stop': 'idle',
        'server.restart': 'deciding',
      },
    },
    failed: {},
  },
});

const supervisor = setup({
  types: { context: {} as { one: ActorRefFrom<typeof server> }, events: {} as { readonly type: 'boot' | 'rest' } },
  actors: { server, ticker: fromCallback(() => {}) },
}).createMachine({
  id: 'supervisor',
  context: ({ spawn }) => ({ one: spawn('server', { id: 'one', systemId: 'server:files', input: { generation: 4 } }) }),
  initial: 'booting',
  states: {
    booting: {
      on: { boot: { target: 'up', actions: sendTo(({ context }) => context.one, { type: 'server.start' }) } },
    },
    up: { invoke: { src: 'ticker', id: 'ticker' } },
  },
});

let stop = (): void => {};
afterEach(() => stop());

function watched(options: { readonly publish?: (fact: FactBody) => void; readonly nowMs?: () => number } = {}) {
  const facts: FactBody[] = [];
  const bugs: unknown[] = [];
  const inspection = createInspection({
    publish: (fact) => facts.push(fact),
    onError: (error) => bugs.push(error),
    ...options,
  });
  const names: string[] = [];
  inspection.onActor((_, name) => names.push(name));
  const root = createActor(supervisor, {
    id: 'supervisor',
    systemId: 'supervisor',
    inspect: inspection.inspect,
  }).start();
  stop = () => void root.stop();
  return { facts, bugs, names, inspection, root, one: root.getSnapshot().context.one };
}

describe('steps of inspected charts', () => {
  it('become one fact each, with the exact edges, the generation and the reason', () => {
    const { facts, one, bugs } = watched();
    one.send({ type: 'server.start' });
    one.send({ type: 'session.opened' });
    one.send({ type: 'session.failed', failure: failure('exited', 'gone') });
    expect(facts).toEqual([
      {
        type: 'server.transitioned',
        actor: 'server:files',
        generation: 5,
        from: 'idle',
        to: 'starting.listing',
        event: 'server.start',
        reason: null,
        edges: [{ source: 'idle', event: 'server.start', targets: ['starting'], guard: null }],
      },
      {
        type: 'server.transitioned',
        actor: 'server:files',
        generation: 5,
        from: 'starting.listing',
        to: 'connected.quiet',
        event: 'session.opened',
        reason: null,
        edges: [{ source: 'starting', event: 'session.opened', targets: ['connected'], guard: null }],
      },
      {
        type: 'server.transitioned',
        actor: 'server:files',
        generation: 5,
        from: 'connected.quiet',
        to: 'backoff',
        event: 'session.failed',
        reason: 'exited',
        edges: [
          { source: 'connected', event: 'session.failed', targets: ['deciding'], guard: null },
          { source: 'deciding', event: 'always', targets: ['backoff'], guard: 'mayRetry' },
        ],
      },
    ]);
    expect(bugs).toEqual([]);
  });

  it('name delays and combined guards readably', async () => {
    const { facts, one } = watched();
    for (let round = 0; round < 2; round += 1) {
      one.send({ type: 'server.start' });
      one.send({ type: 'session.opened' });
      if (round === 0)
        await vi.waitFor(() => expect(one.getSnapshot().value).toEqual({ connected: 'probing' }), { timeout: 5000 });
      one.send({ type: 'session.failed', failure: failure('hung', 'silent') });
    }
    expect(facts.find((fact) => 'event' in fact && fact.event.startsWith('after'))).toMatchObject({
      from: 'connected.quiet',
      to: 'connected.probing',
      event: 'after quietTime',
      edges: [{ source: 'connected.quiet', event: 'after quietTime', targets: ['connected.probing'], guard: null }],
    });
    expect(facts.at(-1)).toMatchObject({ to: 'failed', edges: [{}, { event: 'always', guard: 'not(mayRetry)' }] });
  });

  it('are not told when they lead nowhere: a state is entered again, or only the context changed', async () => {
    const { facts, one } = watched();
    one.send({ type: 'server.start' });
    one.send({ type: 'session.opened' });
    await vi.waitFor(() => expect(one.getSnapshot().value).toEqual({ connected: 'probing' }), { timeout: 5000 });
    facts.length = 0;
    one.send({ type: 'counters.reset' });
    expect(facts).toEqual([]);
    one.send({ type: 'session.heard' });
    expect(facts).toMatchObject([{ type: 'event.ignored', event: 'retry.due' }]);
    facts.length = 0;
    one.send({ type: 'session.failed', failure: failure('hung', 'silent') });
    expect(facts, 'with the edges of its own step alone').toMatchObject([
      { from: 'connected.probing', to: 'backoff', edges: [{ source: 'connected' }, { source: 'deciding' }] },
    ]);
  });

  it('are told when they lead elsewhere and back', () => {
    const { facts, one } = watched();
    one.send({ type: 'server.start' });
    one.send({ type: 'session.opened' });
    one.send({ type: 'session.failed', failure: failure('exited', 'gone') });
    facts.length = 0;
    one.send({ type: 'server.restart' });
    expect(facts).toMatchObject([
      { from: 'backoff', to: 'backoff', edges: [{ source: 'backoff' }, { source: 'deciding' }] },
    ]);
  });

  it('are told in their order when one chart sends to another in the middle of its own step', () => {
    const { facts, root } = watched();
    root.send({ type: 'boot' });
    expect(facts).toMatchObject([
      {
        type: 'supervisor.transitioned',
        actor: 'supervisor',
        from: 'booting',
        to: 'up',
        edges: [{ source: 'booting', targets: ['up'] }],
      },
      { type: 'server.transitioned', actor: 'server:files', edges: [{ source: 'idle' }] },
    ]);
    expect(facts[0]).not.toHaveProperty('generation');
  });
});

describe('events no edge takes', () => {
  it('are facts, of whatever actor', () => {
    const { facts, one, root } = watched();
    one.send({ type: 'session.heard' });
    root.send({ type: 'rest' });
    expect(facts).toEqual([
      { type: 'event.ignored', actor: 'server:files', generation: 4, event: 'session.heard', state: 'idle' },
      { type: 'event.ignored', actor: 'supervisor', event: 'rest', state: 'booting' },
    ]);
  });
});

describe('actors that are made', () => {
  it('are told with their names', () => {
    const { names, root } = watched();
    root.send({ type: 'boot' });
    expect(names).toEqual(['supervisor', 'server:files', 'ticker']);
  });

  it('have a time since which they are in their top-level state', async () => {
    let clockMs = 1000;
    const { inspection, one } = watched({ nowMs: () => clockMs });
    clockMs = 2000;
    one.send({ type: 'server.start' });
    one.send({ type: 'session.opened' });
    expect(inspection.sinceMs(one)).toBe(2000);
    clockMs = 3000;
    await vi.waitFor(() => expect(one.getSnapshot().value).toEqual({ connected: 'probing' }), { timeout: 5000 });
    expect(inspection.sinceMs(one)).toBe(2000);
    expect(inspection.sinceMs(createActor(server, { input: { generation: 0 } }))).toBeNull();
  });
});

describe('an inspection that fails', () => {
  it('tells of its error and loses no event', () => {
    const { bugs, one } = watched({
      publish: () => {
        throw new Error('of publishing');
      },
    });
    one.send({ type: 'server.start' });
    expect(one.getSnapshot().value).toEqual({ starting: 'listing' });
    expect(bugs).toHaveLength(1);
  });

  it('is not disturbed by a listener that throws', () => {
    const { bugs, inspection, names, root } = watched();
    inspection.onActor(() => {
      throw new Error('of a listener');
    });
    inspection.onActor((_, name) => names.push(`again ${name}`));
    root.send({ type: 'boot' });
    expect(bugs).toHaveLength(1);
    expect(names).toContain('again ticker');
  });
});

describe('an inspection that comes late', () => {
  it('knows where the first step it sees began', () => {
    const facts: FactBody[] = [];
    const root = createActor(supervisor, { systemId: 'supervisor' }).start();
    stop = () => void root.stop();
    root.system.inspect(createInspection({ publish: (fact) => facts.push(fact) }).inspect);
    root.getSnapshot().context.one.send({ type: 'server.start' });
    expect(facts).toMatchObject([{ actor: 'server:files', from: 'idle', to: 'starting.listing' }]);
  });
});
