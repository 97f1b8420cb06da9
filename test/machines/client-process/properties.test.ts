import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { ClientProcessContext } from '../../../machines/client-process/context.ts';
import type { ClientProcessEvent, HolderOrder } from '../../../machines/client-process/events.ts';
import type { ClientStanding } from '../../../machines/client-process/standing.ts';
import { type ClientUnderTest, startClient } from '../../support/charts/client-chart.ts';
import { createFakeClientProcess, type FakeClientProcess, goodFate } from '../../support/charts/fake-client-process.ts';
import { createVirtualClock } from '../../support/charts/virtual-clock.ts';
import { clientFate } from '../client-fates.ts';
import { ms } from '../lives.ts';
import { states } from './states.ts';

/** `MCPVISOR_RUNS=20000` for more, `MCPVISOR_SEED` and `MCPVISOR_PATH` to replay what a failure printed. */
const { MCPVISOR_RUNS, MCPVISOR_SEED, MCPVISOR_PATH } = process.env;
const parameters = {
  numRuns: Number(MCPVISOR_RUNS ?? 600),
  ...(MCPVISOR_SEED === undefined ? {} : { seed: Number(MCPVISOR_SEED) }),
  ...(MCPVISOR_PATH === undefined ? {} : { path: MCPVISOR_PATH }),
};

type EventType = ClientProcessEvent['type'];
type Act = 'nothing' | 'start' | 'restart' | 'drain' | 'leave' | 'configure' | 'resumed' | 'kill' | 'stale';

const step = fc.record({
  waitMs: fc.oneof(ms(300), ms(9_000), ms(70_000)),
  act: fc.oneof(
    { weight: 6, arbitrary: fc.constant<Act>('nothing') },
    {
      weight: 3,
      arbitrary: fc.constantFrom<Act>('start', 'restart', 'drain', 'leave', 'configure', 'resumed', 'kill', 'stale'),
    },
  ),
});

const scenario = fc.record({
  fates: fc.array(clientFate, { minLength: 1, maxLength: 6 }),
  steps: fc.array(step, { minLength: 5, maxLength: 40 }),
  chances: fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { minLength: 1, maxLength: 7 }),
});

type Scenario = typeof scenario extends fc.Arbitrary<infer Value> ? Value : never;

/** A random process rarely both hangs and survives SIGKILL. */
const unkillable: Scenario = {
  fates: [{ ...goodFate, fate: 'hangs', fateMs: 1_000, clearMs: null }],
  steps: [
    { waitMs: 25_000, act: 'restart' },
    { waitMs: 90_000, act: 'nothing' },
  ],
  chances: [0.5],
};

interface Notes {
  readonly breaches: string[];
  /** When each automatic try began that no counted failure preceded, by what led to it. */
  readonly uncounted: Record<'connection' | 'version', number[]>;
  /** Type of the event that is being taken. */
  event: string;
  forgivenAt: number;
  /** Counted failures since anything was forgiven. */
  failures: number;
  isLeft: boolean;
}

const policy = { watchdogMs: 10_000, baseMs: 250, factor: 2, capMs: 3_000, maxConsecutive: 5, stableAfterMs: 60_000 };
const stopMs = 7_000;
const news = [
  'holder.connected',
  'holder.lost',
  'holder.cleared',
  'holder.gone',
  'holder.none',
  'holder.beat',
] as const;
const commands = {
  start: 'client.start',
  restart: 'client.restart',
  drain: 'client.drain',
  leave: 'client.leave',
} as const;
const cause = { class: 'clientLost', message: 'late', code: null, exitCode: 1, signal: null, stderrTail: [] } as const;

/** States that were seen in any run: a property says nothing about a state that no run reaches. */
const visited = new Set<string>();

interface Before {
  readonly context: ClientProcessContext | undefined;
  readonly state: string;
}

function play({ fates, steps, chances }: Scenario) {
  const clock = createVirtualClock(1_000);
  let chance = 0;
  const random = () => chances[chance++ % chances.length] ?? 0.5;
  const notes: Notes = {
    breaches: [],
    uncounted: { connection: [], version: [] },
    event: '',
    forgivenAt: -1,
    failures: 0,
    isLeft: false,
  };
  const send = (type: EventType, fields: Readonly<Record<string, unknown>> = {}) => {
    notes.event = type;
    client.send(type, fields);
    notes.event = '';
  };
  const system = createFakeClientProcess({
    clock,
    fates,
    beatMs: policy.watchdogMs / 2,
    tell: (generation, type, fields) => send(type, { generation, ...fields }),
  });
  let before: Before = { context: undefined, state: '' };
  const client: ClientUnderTest = startClient({
    clock,
    random,
    policy,
    stopMs,
    holder: (order) => {
      judgeOrder(client, order, notes);
      system.holder(order);
    },
    onChange: (changed) => {
      judge(changed, { before, system, notes });
      before = { context: changed.context(), state: changed.state() };
    },
  });
  send('client.start');
  for (const { waitMs, act } of steps) {
    clock.advance(waitMs);
    if (act === 'start' || act === 'restart') notes.isLeft = false;
    if (act === 'start' || act === 'restart' || act === 'drain') forgive(notes, clock.now());
    if (act === 'kill') system.kill();
    else if (act === 'configure') send('client.configure', { policy, stopMs });
    else if (act === 'resumed') send('machine.resumed');
    else if (act === 'stale') judgeStale(client, notes);
    else if (act === 'leave') {
      // What is being ended is ended before it is let go.
      notes.isLeft ||= /^(starting|connected|draining)/.test(client.state());
      send('client.leave');
      if (notes.isLeft) system.forget();
    } else if (act !== 'nothing') send(commands[act]);
  }
  return { client, system, notes, send };
}

function forgive(notes: Notes, now: number): void {
  notes.forgivenAt = now;
}

/** Sessions end by these two orders. */
function judgeOrder(client: ClientUnderTest, { type }: HolderOrder, { breaches }: Notes): void {
  if ((type === 'end' || type === 'clear') && client.reports.at(-1)?.standing === 'up')
    breaches.push(`${client.clock.now()}: ${type} is ordered before the root knows`);
}

function judgeStale(client: ClientUnderTest, { breaches }: Notes): void {
  const [state, context, orders] = [client.state(), client.context(), client.orders.length];
  for (const type of news) client.news(type, { generation: context.generation - 1, failure: cause });
  if (client.state() !== state || client.context() !== context || client.orders.length !== orders)
    breaches.push(`${client.clock.now()}: stale news led from ${state} to ${client.state()}`);
}

const standingIn: readonly (readonly [RegExp, ClientStanding])[] = [
  [/^connected/, 'up'],
  [/^failed/, 'failed'],
  [/^idle/, 'down'],
  [/^/, 'coming'],
];

interface Look {
  readonly before: Before;
  readonly system: FakeClientProcess;
  readonly notes: Notes;
}

/** Looks at every snapshot. */
function judge(client: ClientUnderTest, { before, system, notes }: Look): void {
  const [context, state, now] = [client.context(), client.state(), client.clock.now()];
  visited.add(state);
  const claim = (holds: boolean, words: string) => {
    if (!holds) notes.breaches.push(`${now}: ${before.state} → ${state}: ${words}`);
  };
  const enters = (pattern: RegExp) => pattern.test(state) && !pattern.test(before.state);
  const leaves = (pattern: RegExp) => pattern.test(before.state) && !pattern.test(state);
  claim(system.living() <= 1, 'more than one process');
  if (/^(backoff|failed)/.test(state) || (state === 'idle' && !notes.isLeft))
    claim(system.living() === 0, 'a process is left');
  claim((context.nextRetryAt !== null) === (state === 'backoff.delaying'), 'nextRetryAt');
  const told = { standing: standingIn.find(([pattern]) => pattern.test(state))?.[1], nextRetryAt: context.nextRetryAt };
  const { isCareful } = context;
  expect(context.told).toEqual({ ...told, isCareful });
  if (before.state !== '') expect(client.reports.at(-1)).toEqual({ type: 'client.changed', ...told, isCareful });
  if (enters(/^connected/)) claim(notes.event === 'holder.connected' && system.living() === 1, 'connected to nothing');
  if (leaves(/^(heartbeat-timeout|stopping)/) && !enters(/^(heartbeat-timeout|stopping)/))
    claim(/^holder\.(gone|cleared)$/.test(notes.event) && system.living() === 0, 'left with something left');
  if (enters(/^heartbeat-timeout/)) {
    const silenceMs = now - system.lastBeatAt();
    claim(silenceMs >= policy.watchdogMs, `called hung after ${silenceMs} ms`);
  }
  judgeCounts(client, { before, system, notes }, claim);
}

function judgeCounts(
  client: ClientUnderTest,
  { before, notes }: Look,
  claim: (holds: boolean, words: string) => void,
): void {
  const [context, state, now] = [client.context(), client.state(), client.clock.now()];
  const [attempt, lastAttempt] = [context.attempt, before.context?.attempt ?? 0];
  if (attempt < lastAttempt) {
    const isStable = before.state.startsWith('connected') && now - (context.connectedAt ?? now) >= policy.stableAfterMs;
    claim(notes.forgivenAt === now || isStable, 'forgiven by nobody');
    notes.failures = 0;
  }
  if (attempt > lastAttempt) notes.failures += attempt - lastAttempt;
  claim(attempt <= policy.maxConsecutive && notes.failures <= policy.maxConsecutive, 'more failures than the budget');
  claim(
    state !== 'failed' || before.state === 'failed' || notes.failures === policy.maxConsecutive,
    'failed too early',
  );
  if (state === 'backoff.delaying' && before.state !== state) {
    claim(context.delayMs >= policy.baseMs / 2 && context.delayMs <= policy.capMs, `a delay of ${context.delayMs} ms`);
    claim(context.nextRetryAt === now + context.delayMs, 'nextRetryAt is not the delay from now');
  }
  if (notes.event === 'holder.disconnected' && state.startsWith('starting'))
    noteUncounted(notes, 'connection', { now, claim });
  if (notes.event === 'holder.outdated' && state === 'draining') noteUncounted(notes, 'version', { now, claim });
}

function noteUncounted(
  { uncounted, forgivenAt }: Notes,
  kind: keyof Notes['uncounted'],
  { now, claim }: { now: number; claim: (holds: boolean, words: string) => void },
): void {
  const last = uncounted[kind].at(-1);
  claim(last === undefined || forgivenAt > last || now - last >= policy.stableAfterMs, `${kind} again, uncounted`);
  uncounted[kind].push(now);
}

describe('the client process on an operating system that does its worst', () => {
  it('keeps every invariant at every instant, and ends when it is told', { timeout: 600_000 }, () => {
    let steps = 0;
    fc.assert(
      fc.property(scenario, (one) => {
        const { client, system, notes, send } = play(one);
        steps += one.steps.length;
        send('client.shutdown');
        // Its own end, `clear` and twice the time until it is ordered again.
        client.clock.advance(stopMs + 10_000 + 2 * 30_000 + 1_000);
        const [end, living] = [client.state(), notes.isLeft ? 0 : system.living()];
        send('client.start');
        const afterwards = client.state();
        client.stop();
        expect(notes.breaches).toEqual([]);
        expect(client.bugs).toEqual([]);
        expect(system.mostLivingEver()).toBeLessThanOrEqual(1);
        expect([end, living, afterwards]).toEqual(['idle', 0, 'idle']);
      }),
      { ...parameters, examples: [[unkillable]] },
    );
    if (MCPVISOR_PATH !== undefined) return;
    expect(steps).toBeGreaterThan(parameters.numRuns);
    expect(states.filter((state) => !visited.has(state))).toEqual([]);
  });
});
