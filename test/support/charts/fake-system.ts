/**
 * An operating system of the imagination: its processes start, talk, hang, lag, die and refuse to die as a script of
 * lives says, on the virtual clock.
 */

import { type Failure, failure } from '../../../machines/failure.ts';
import type { ServerEvent, SessionOrder } from '../../../machines/server/events.ts';
import { exit, type SessionLogic } from './chart.ts';
import type { VirtualClock } from './virtual-clock.ts';

/** How one process will behave. Times are in milliseconds from the step before. */
export interface Life {
  readonly spawn: 'ok' | 'EAGAIN' | 'ENOENT' | 'never';
  readonly spawnMs: number;
  readonly handshake: 'ok' | 'never' | 'handshakeFailed' | 'unauthorized' | 'unreachable' | 'misconfigured' | 'exits';
  readonly handshakeMs: number;
  readonly lists: 'ok' | 'never';
  readonly listMs: number;
  readonly fate:
    | 'serves'
    | 'exits'
    | 'exits with 0'
    | 'exits with 78'
    | 'is killed'
    | 'hangs'
    | 'pauses'
    | 'disconnects'
    | 'loses its session';
  /** From ready to its fate. */
  readonly fateMs: number;
  /** How long a pause lasts. */
  readonly pauseMs: number;
  /** Between two messages of its own; 0: it says nothing unasked. */
  readonly talkMs: number;
  readonly pingMs: number;
  readonly inFlight: number;
  /** The time that its calls are given, from ready; after it none is in flight. */
  readonly callForMs: number;
  readonly usedCpu: boolean;
  /** Our own loop stands still from here … */
  readonly lagAfterMs: number;
  /** … for so long; 0: never. */
  readonly lagForMs: number;
  readonly deafTo: 'nothing' | 'EOF' | 'TERM' | 'KILL';
  /** From the signal that works to the end. */
  readonly dyingMs: number;
  /** From the end of the leader to the end of its group, if nobody ends it. */
  readonly lingerMs: number;
}

export interface FakeSystem {
  readonly session: SessionLogic;
  /** Whether a look now finds what the next life will need: its command, credentials that are taken. */
  readonly finds: () => boolean;
  readonly living: () => number;
  readonly mostLivingEver: () => number;
  /** The life that runs or ran last. */
  readonly life: () => Life | undefined;
  readonly lastMessageAt: () => number;
  /** When the server's last message reached us or would have, had our own loop not stood still. */
  readonly lagEndedAt: () => number;
  /** When the time of its calls is over. */
  readonly callUntil: () => number;
}

export interface FakeSystemOptions {
  readonly clock: VirtualClock;
  readonly lives: readonly Life[];
  readonly random: () => number;
}

const ladder = { close: 1, terminate: 2, kill: 3 } as const;
const deafness = { nothing: 0, EOF: 1, TERM: 2, KILL: 3 } as const;

export function createFakeSystem({ clock, lives, random }: FakeSystemOptions): FakeSystem {
  let [born, living, mostLiving, lastMessageAt, lagEndedAt, callUntil] = [0, 0, 0, 0, 0, 0];
  let current: Life | undefined;

  const session: SessionLogic = ({ generation }, tell, listen) => {
    const life = lives[born % lives.length];
    if (life === undefined) throw new Error('a system needs a life');
    born += 1;
    current = life;
    lastMessageAt = clock.now();
    const timers = new Set<number>();
    let [isRunning, isDeaf, isOver, isLeaderGone] = [false, false, false, false];
    let lagFrom = Number.POSITIVE_INFINITY;
    const lagUntil = () => lagFrom + life.lagForMs;
    const isLagging = () => clock.now() >= lagFrom && clock.now() < lagUntil();

    const later = (ms: number, act: () => void) => {
      const id = clock.setTimeout(() => {
        timers.delete(id);
        if (!isOver) act();
      }, ms);
      timers.add(id);
    };
    /** While our loop stands still, what arrives is seen afterwards. */
    const arrives = (act: () => void) => (isLagging() ? later(lagUntil() - clock.now(), act) : act());
    const say = (event: Record<string, unknown> & { readonly type: ServerEvent['type'] }) =>
      tell({ generation, at: clock.now(), random: random(), ...event } as unknown as ServerEvent);
    const hears = (event: Record<string, unknown> & { readonly type: ServerEvent['type'] }) =>
      arrives(() => {
        if (isLeaderGone) return;
        lastMessageAt = clock.now();
        say(event);
      });
    const end = (cause: Failure | null) => {
      isOver = true;
      for (const timer of timers) clock.clearTimeout(timer);
      if (isRunning) living -= 1;
      isRunning = false;
      say({ type: 'session.ended', failure: cause });
    };
    const leaderGone = (cause: Failure) => {
      if (isLeaderGone || !isRunning) return;
      isLeaderGone = true;
      say({ type: 'session.exited', failure: cause });
      later(life.lingerMs, () => end(cause));
    };
    const fails = (cause: Failure) => say({ type: 'session.failed', failure: cause });

    const fates: Record<Life['fate'], () => void> = {
      serves: () => undefined,
      exits: () => leaderGone(exit(1)),
      'exits with 0': () => leaderGone(exit(0)),
      'exits with 78': () => leaderGone(exit(78)),
      'is killed': () => leaderGone(exit(null, 'SIGKILL')),
      hangs: () => {
        isDeaf = true;
      },
      pauses: () => {
        isDeaf = true;
        later(life.pauseMs, () => {
          isDeaf = false;
          hears({ type: 'probe.answered', latencyMs: life.pauseMs });
        });
      },
      disconnects: () => fails(failure('disconnected', 'stdout was closed')),
      'loses its session': () => fails(failure('sessionLost', 'no such session', { code: 404 })),
    };
    const talk = () => {
      if (life.talkMs === 0) return;
      if (!isDeaf) arrives(() => (lastMessageAt = clock.now()));
      later(life.talkMs, talk);
    };
    const ready = () => {
      hears({ type: 'session.ready' });
      callUntil = life.inFlight > 0 ? clock.now() + life.callForMs : 0;
      later(life.fateMs, fates[life.fate]);
      if (life.lagForMs > 0) {
        later(life.lagAfterMs, () => {
          lagFrom = clock.now();
          later(life.lagForMs, () => (lagEndedAt = clock.now()));
        });
      }
      talk();
    };
    const initialized = () => {
      hears({ type: 'session.initialized' });
      if (life.lists === 'ok') later(life.listMs, ready);
    };
    const handshake = () => {
      if (life.handshake === 'never') return;
      if (life.handshake === 'ok') initialized();
      else if (life.handshake === 'exits') leaderGone(exit(1));
      else fails(failure(life.handshake, life.handshake, { code: life.handshake === 'misconfigured' ? 404 : null }));
    };
    later(life.spawnMs, () => {
      if (life.spawn === 'never') return;
      if (life.spawn !== 'ok') return end(failure('spawnFailed', life.spawn, { code: life.spawn }));
      isRunning = true;
      living += 1;
      mostLiving = Math.max(mostLiving, living);
      say({ type: 'session.spawned', pid: 1_000 + generation });
      later(life.handshakeMs, handshake);
    });

    listen((order: SessionOrder) => {
      if (isOver) return;
      if (order.type === 'probe' && !isDeaf && !isLeaderGone)
        later(life.pingMs, () => (isDeaf ? undefined : hears({ type: 'probe.answered', latencyMs: life.pingMs })));
      if (order.type === 'report') {
        const [quietForMs, unusedForMs] = [
          clock.now() - lastMessageAt,
          callUntil > clock.now() ? 0 : clock.now() - lastMessageAt,
        ];
        const lagMs = clock.now() >= lagFrom && clock.now() < lagUntil() + 5_000 ? life.lagForMs : 0;
        const callLeftMs = Math.max(0, callUntil - clock.now());
        const inFlight = callLeftMs > 0 ? life.inFlight : 0;
        say({
          type: 'session.heard',
          question: order.question,
          quietForMs,
          unusedForMs,
          inFlight,
          callLeftMs,
          lagMs,
          usedCpu: life.usedCpu,
        });
      }
      if (order.type === 'end') {
        if (!isRunning) later(0, () => end(null));
        else if (ladder[order.kind] > deafness[life.deafTo])
          later(life.dyingMs, () => end(isLeaderGone ? exit(1) : null));
      }
    });
    return undefined;
  };

  return {
    session,
    finds: () => {
      const next = lives[born % lives.length];
      return next?.spawn !== 'ENOENT' && next?.handshake !== 'unauthorized';
    },
    living: () => living,
    mostLivingEver: () => mostLiving,
    life: () => current,
    lastMessageAt: () => lastMessageAt,
    lagEndedAt: () => lagEndedAt,
    callUntil: () => callUntil,
  };
}
