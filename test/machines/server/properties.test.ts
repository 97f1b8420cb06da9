import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isAway, type Past } from '../../../machines/policy/patience.ts';
import { isCounted } from '../../../machines/policy/restart.ts';
import type { ServerContext } from '../../../machines/server/context.ts';
import type { CommandKind } from '../../../machines/server/settlement.ts';
import { policyOf, type ServerUnderTest, startServer } from '../../support/charts/chart.ts';
import { createFakeSystem, type FakeSystem } from '../../support/charts/fake-system.ts';
import { createVirtualClock } from '../../support/charts/virtual-clock.ts';
import { goodLife, life, ms, often } from '../lives.ts';
import { states } from './states.ts';

/** `MCPVISOR_RUNS=20000` for more, `MCPVISOR_SEED` and `MCPVISOR_PATH` to replay what a failure printed. */
const { MCPVISOR_RUNS, MCPVISOR_SEED, MCPVISOR_PATH } = process.env;
const parameters = {
  numRuns: Number(MCPVISOR_RUNS ?? 400),
  ...(MCPVISOR_SEED === undefined ? {} : { seed: Number(MCPVISOR_SEED) }),
  ...(MCPVISOR_PATH === undefined ? {} : { path: MCPVISOR_PATH }),
};

type Act = 'nothing' | CommandKind | 'needed' | 'changed' | 'soft' | 'edited' | 'approved' | 'resumed';

const step = fc.record({
  waitMs: fc.oneof(ms(600), ms(20_000), ms(90_000)),
  act: fc.oneof(
    { weight: 5, arbitrary: fc.constant<Act>('nothing') },
    {
      weight: 3,
      arbitrary: fc.constantFrom<Act>(
        'start',
        'stop',
        'restart',
        'retry',
        'reset',
        'needed',
        'changed',
        'soft',
        'edited',
        'approved',
        'resumed',
      ),
    },
  ),
});

const scenario = fc.record({
  lives: fc.array(life, { minLength: 1, maxLength: 5 }),
  steps: fc.array(step, { minLength: 5, maxLength: 60 }),
  chances: fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { minLength: 1, maxLength: 7 }),
  kind: often<'permanent' | 'transient' | 'temporary'>('permanent', 'transient', 'temporary'),
  lazy: often<boolean>(false, true),
  remote: often<boolean>(false, true),
  slotAfterMs: fc.constantFrom(0, 0, 50, 3_000),
});

type Scenario = typeof scenario extends fc.Arbitrary<infer Value> ? Value : never;

/** A random server rarely both hangs and cannot be killed. */
const unkillable: Scenario = {
  lives: [{ ...goodLife, fate: 'hangs', fateMs: 1_000, deafTo: 'KILL' }],
  steps: [
    { waitMs: 90_000, act: 'restart' },
    { waitMs: 60_000, act: 'stop' },
  ],
  chances: [0.5],
  kind: 'permanent',
  lazy: false,
  remote: false,
  slotAfterMs: 0,
};

/** Failures that count, between others that are forgiven: what was missing is there, and a person brought it. */
const missingAgain: Scenario = {
  lives: [
    { ...goodLife, handshake: 'handshakeFailed' },
    { ...goodLife, spawn: 'ENOENT' },
  ],
  steps: [
    { waitMs: 90_000, act: 'nothing' },
    { waitMs: 90_000, act: 'nothing' },
    { waitMs: 90_000, act: 'start' },
  ],
  chances: [0],
  kind: 'permanent',
  lazy: false,
  remote: false,
  slotAfterMs: 0,
};

/** What is recorded while a scenario runs, to be checked afterwards. */
interface Notes {
  readonly breaches: string[];
  readonly dueStarts: number[];
  readonly commands: string[];
  forgivenAt: number;
  resetAt: number;
  steps: number;
}

/** States that were seen in any run: a property says nothing about a state that no run reaches. */
const visited = new Set<string>();

const forgiving: ReadonlySet<Act> = new Set<Act>(['start', 'restart', 'reset', 'changed', 'edited', 'approved']);

const approval = { hash: 'sha256:1', commandLine: 'x', clearedBy: 'mcpvisor approve a' };

function play({ lives, steps, chances, kind, lazy, remote, slotAfterMs }: Scenario) {
  const clock = createVirtualClock(1_000);
  let chance = 0;
  const random = () => chances[chance++ % chances.length] ?? 0.5;
  const system = createFakeSystem({ clock, lives, random });
  const notes: Notes = { breaches: [], dueStarts: [], commands: [], forgivenAt: -1, resetAt: 0, steps: 0 };
  const settings = {
    lazy,
    remote,
    idleStopMs: 40_000,
    restart: { kind, maxConsecutive: 5, intensity: 6, periodMs: 300_000 },
  };
  let before: ServerContext | undefined;
  let stateBefore = '';
  const server = startServer({
    policy: settings,
    clock,
    random,
    slotAfterMs,
    session: system.session,
    finds: system.finds,
    onChange: (changed) => {
      judge(changed, { before, stateBefore, system, notes });
      before = changed.context();
      stateBefore = changed.state();
    },
  });
  for (const { waitMs, act } of steps) {
    clock.advance(waitMs);
    notes.steps += 1;
    if (forgiving.has(act)) notes.forgivenAt = clock.now();
    if (act === 'soft' || act === 'edited' || act === 'approved' || act === 'resumed') notes.resetAt = clock.now();
    if (act === 'needed') server.send('server.needed');
    else if (act === 'resumed') server.send('machine.resumed');
    else if (act === 'changed' || act === 'soft')
      server.send('server.configure', { policy: policyOf(settings), changed: act === 'changed', wanted: null });
    else if (act === 'edited')
      server.send('server.configure', { policy: policyOf({ ...settings, approval }), changed: true, wanted: null });
    else if (act === 'approved')
      server.send('server.configure', {
        policy: policyOf(settings),
        changed: server.context().policy.approval !== null,
        wanted: null,
      });
    else if (act !== 'nothing') notes.commands.push(server.command(act));
    if (forgiving.has(act)) notes.dueStarts.length = 0;
  }
  return { server, system, notes };
}

interface Before {
  readonly before: ServerContext | undefined;
  readonly stateBefore: string;
  readonly system: FakeSystem;
  readonly notes: Notes;
}

/** Looks at every snapshot. */
function judge(server: ServerUnderTest, { before, stateBefore, system, notes }: Before): void {
  const [context, state, now] = [server.context(), server.state(), server.clock.now()];
  visited.add(state);
  const { restart, heartbeat } = context.policy;
  const claim = (holds: boolean, words: string) => {
    if (!holds) notes.breaches.push(`${now}: ${stateBefore} → ${state}: ${words}`);
  };
  const sessions = server.sessions();
  claim(system.living() <= 1, 'more than one process');
  claim(
    sessions.join() === (server.tags().has('live') ? `session:${context.generation}` : ''),
    `sessions ${sessions.join()}`,
  );
  if (/^(idle|backoff|failed|needs-auth)/.test(state)) claim(system.living() === 0, 'a process is left');
  if (state.startsWith('connected') && !stateBefore.startsWith('connected'))
    claim(system.living() === 1, 'connected without a process');
  claim(
    context.policy.approval === null || before === undefined || context.generation === before.generation,
    'a start with a specification that nobody approved',
  );
  claim(context.counters.attempt <= restart.maxConsecutive, 'more failures in a row than allowed');
  claim(
    before === undefined ||
      context.counters.attempt >= before.counters.attempt ||
      notes.forgivenAt === now ||
      (context.stable && !before.stable) ||
      stateBefore === 'failed',
    'forgiven by nobody',
  );
  // It leaves this state by itself only when what it lacked was found, which forgives it, as a person does.
  if (stateBefore === 'failed' && state !== 'failed') notes.dueStarts.length = 0;
  if (state === 'failed' && stateBefore !== state && stateBefore !== '') {
    const cause = context.failure;
    const { refusedSince } = context.counters;
    const isAnswer = cause?.class === 'misconfigured' && restart.kind !== 'temporary';
    const patienceMs = context.worked ? 600_000 : context.policy.remote ? 60_000 : 0;
    claim(!isAnswer || now - (refusedSince ?? now) >= patienceMs, 'one answer was a verdict');
  }
  if (state === 'backoff.delaying' && stateBefore !== state) judgeDelay(context, notes, claim, now);
  if (state === 'heartbeat-timeout.terminating' && stateBefore !== state) {
    const silenceMs = now - system.lastMessageAt();
    claim(
      system.life()?.fate === 'hangs' ||
        (system.life()?.fate === 'pauses' && silenceMs >= 4 * heartbeat.timeoutMs - 10),
      'a server that answers was called hung',
    );
    claim(now >= system.callUntil(), 'called hung while a call had time left');
    claim(silenceMs >= (heartbeat.misses + 1) * heartbeat.timeoutMs - 10, `killed after ${silenceMs} ms of silence`);
  }
  if (stateBefore.startsWith('connected') || state.startsWith('connected')) {
    const busy = system.callUntil() > 0 || system.life()?.usedCpu === true;
    const since = Math.max(system.lastMessageAt(), system.lagEndedAt(), notes.resetAt);
    const boundMs = heartbeat.intervalMs + ((busy ? heartbeat.busyMisses : heartbeat.misses) + 1) * heartbeat.timeoutMs;
    const isLagged = (system.life()?.lagForMs ?? 0) > 0;
    const isAwaited = now <= system.callUntil() + 150;
    claim(isLagged || isAwaited || now - since <= boundMs + 50, `silent for ${now - since} ms and still connected`);
  }
}

function judgeDelay(
  context: ServerContext,
  notes: Notes,
  claim: (holds: boolean, words: string) => void,
  now: number,
): void {
  const { restart } = context.policy;
  const cause = context.failure;
  const past: Past = { ...context, remote: context.policy.remote, renewed: false };
  const isFree = cause !== null && context.stable && !isAway(cause, past);
  claim(
    isFree || (context.delayMs >= restart.baseMs / 2 && context.delayMs <= restart.capMs),
    `a delay of ${context.delayMs} ms`,
  );
  claim(context.nextRetryAt === now + context.delayMs, 'nextRetryAt is not the delay from now');
  if (cause === null || !isCounted(cause, past)) return;
  notes.dueStarts.push(now + context.delayMs);
  const recent = notes.dueStarts.filter((dueAt) => dueAt > now + context.delayMs - restart.periodMs);
  claim(recent.length <= restart.intensity, `${recent.length} automatic starts within the period`);
}

describe('a server on an operating system that does its worst', () => {
  it('keeps every invariant at every instant', { timeout: 600_000 }, () => {
    let steps = 0;
    fc.assert(
      fc.property(scenario, (one) => {
        const { server, system, notes } = play(one);
        steps += notes.steps;
        const stopAt = server.clock.now();
        notes.forgivenAt = stopAt;
        notes.commands.push(server.command('stop'));
        server.clock.advance(8_000);
        const isUnkillable = system.life()?.deafTo === 'KILL' && system.living() > 0;
        const end = server.state();
        const unsettled = notes.commands.filter((id) => {
          const accepted = server.emitted.some((event) => event.type === 'command.accepted' && event.command.id === id);
          return (
            accepted &&
            server.outcomes(id).length !==
              (isUnkillable && server.context().open.some((open) => open.id === id) ? 0 : 1)
          );
        });
        server.stop();
        expect(notes.breaches).toEqual([]);
        expect(server.bugs).toEqual([]);
        expect(system.mostLivingEver()).toBeLessThanOrEqual(1);
        expect(unsettled, 'settled not exactly once').toEqual([]);
        expect(end).toMatch(isUnkillable ? /stuck$/ : /^idle\.resting$/);
      }),
      { ...parameters, examples: [[unkillable], [missingAgain]] },
    );
    if (MCPVISOR_PATH !== undefined) return;
    expect(steps).toBeGreaterThan(parameters.numRuns);
    expect(states.filter((state) => !visited.has(state))).toEqual([]);
  });
});
