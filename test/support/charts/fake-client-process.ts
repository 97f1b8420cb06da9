/**
 * A client process of the imagination, and what `holder` would see of it: it is found, forked, adopted, lost and killed
 * as a script of fates says, on the virtual clock.
 */

import type { ClientProcessEvent, HolderOrder } from '../../../machines/client-process/events.ts';
import { failure } from '../../../machines/failure.ts';
import type { VirtualClock } from './virtual-clock.ts';

/** What one process does, or what is found instead of one. Times are in milliseconds from the step before. */
export interface ClientFate {
  /** What a look finds when nothing is left of the last process; `silence`: nothing answers. */
  readonly finds: 'none' | 'ours' | 'outdated' | 'ending' | 'refused' | 'silence';
  readonly probeMs: number;
  readonly fork: 'ok' | 'never' | 'fails';
  readonly handshake: 'ok' | 'never' | 'exits' | 'disconnects';
  readonly answerMs: number;
  readonly fate: 'serves' | 'exits' | 'hangs' | 'disconnects' | 'disconnects again and again';
  /** From the connection to its fate. */
  readonly fateMs: number;
  /** From `drain` to the last answer; null: never. */
  readonly drainMs: number | null;
  /** From `end` to its end; null: never. */
  readonly endMs: number | null;
  /** From `clear` to the end of everything; null: it survives the first ones. */
  readonly clearMs: number | null;
  /** A server is to blame for its death. */
  readonly blames: boolean;
}

export const goodFate: ClientFate = {
  finds: 'none',
  probeMs: 5,
  fork: 'ok',
  handshake: 'ok',
  answerMs: 20,
  fate: 'serves',
  fateMs: 0,
  drainMs: 50,
  endMs: 50,
  clearMs: 50,
  blames: false,
};

type Fields = Readonly<Record<string, unknown>>;
export type TellClient = (generation: number, type: ClientProcessEvent['type'], fields?: Fields) => void;

export interface FakeClientProcess {
  readonly holder: (order: HolderOrder) => void;
  /** Processes that live now, with all that they hold. */
  readonly living: () => number;
  readonly mostLivingEver: () => number;
  /** When the last sign of life of the process that is connected was told. */
  readonly lastBeatAt: () => number;
  /** Makes the process exit now, if one is connected. */
  readonly kill: () => void;
  /** Another control plane has it now: what lives is none of ours. */
  readonly forget: () => void;
}

export interface FakeClientOptions {
  readonly clock: VirtualClock;
  readonly fates: readonly ClientFate[];
  readonly beatMs: number;
  readonly tell: TellClient;
  /** In `clear`, when everything is gone: every session is told that it ended. */
  readonly loseSessions?: () => void;
  /** In `end`: every session ends. */
  readonly endSessions?: () => void;
}

const gone = failure('clientLost', 'exited with code 1', { exitCode: 1 });

export function createFakeClientProcess(options: FakeClientOptions): FakeClientProcess {
  const { clock, fates, tell, beatMs } = options;
  let [used, living, mostLiving, lastBeatAt] = [0, 0, 0, 0];
  let [isRunning, isConnected, isHung, isKilled, clears] = [false, false, false, false, 0];
  let [generation, life, breaks] = [0, 0, 0];
  const fateNow = (): ClientFate => fates[used % fates.length] ?? goodFate;

  /** Steps of a process that is gone are dropped. */
  const later = (delayMs: number, act: () => void) => {
    const own = life;
    clock.setTimeout(() => {
      if (own === life) act();
    }, delayMs);
  };
  const say = (type: ClientProcessEvent['type'], fields?: Fields) => tell(generation, type, fields);
  const born = () => {
    isRunning = true;
    living += 1;
    mostLiving = Math.max(mostLiving, living);
  };
  /** Nothing of it is left. */
  const dead = () => {
    if (isRunning) living -= 1;
    [isRunning, isConnected, isHung, isKilled, clears] = [false, false, false, false, 0];
    used += 1;
    life += 1;
  };
  const lost = () => {
    isConnected = false;
    isKilled = true;
    say('holder.lost', { failure: gone });
  };
  const beat = () => {
    if (!isConnected) return;
    if (!isHung) {
      lastBeatAt = clock.now();
      say('holder.beat', { lagMs: 1, sessions: 1 });
    }
    later(beatMs, beat);
  };
  const meet = () => {
    const { fate } = fateNow();
    if (fate === 'exits') lost();
    else if (fate === 'hangs') isHung = true;
    else if (fate === 'disconnects again and again' || (fate === 'disconnects' && breaks === 0)) {
      breaks += 1;
      isConnected = false;
      say('holder.disconnected');
    }
  };
  const connect = (adopted: boolean) => {
    isConnected = true;
    lastBeatAt = clock.now();
    say('holder.connected', { pid: 1_000 + used, startedAt: 1, adopted, sessions: 0 });
    later(beatMs, beat);
    later(fateNow().fateMs, meet);
  };
  const found = { none: 'none', ours: 'found', outdated: 'outdated', ending: 'ending', refused: 'refused' } as const;

  const probe = () => {
    const { finds, endMs } = fateNow();
    if (isRunning) return say(isKilled ? 'holder.none' : 'holder.found');
    if (finds === 'silence') return undefined;
    if (finds === 'refused') {
      used += 1;
      return say('holder.refused', { failure: failure('misconfigured', 'another program listens there') });
    }
    if (finds !== 'none') born();
    say(`holder.${found[finds]}`);
    if (finds === 'ending' && endMs !== null) {
      later(endMs, () => {
        dead();
        say('holder.none');
      });
    }
    return undefined;
  };
  const fork = () => {
    const { fork: forking, handshake, answerMs } = fateNow();
    if (forking === 'never') return;
    if (forking === 'fails') return say('holder.lost', { failure: gone });
    born();
    say('holder.forked', { pid: 1_000 + used });
    later(answerMs, () => {
      if (handshake === 'ok') connect(false);
      else if (handshake === 'exits') lost();
      else if (handshake === 'disconnects') say('holder.disconnected');
    });
  };
  const end = () => {
    const { endMs } = fateNow();
    if (endMs === null || isHung || isKilled) return;
    later(endMs, () => {
      isConnected = false;
      dead();
      options.endSessions?.();
      say('holder.gone');
    });
  };
  const clear = () => {
    clears += 1;
    const { clearMs, blames } = fateNow();
    if (clearMs === null && clears < 3) return;
    isConnected = false;
    later(clearMs ?? 100, () => {
      dead();
      options.loseSessions?.();
      say('holder.cleared', { blamed: blames ? ['s0'] : [] });
    });
  };

  return {
    holder: (order) => {
      generation = order.generation;
      const { probeMs, answerMs, drainMs } = fateNow();
      if (order.type === 'probe') later(probeMs, probe);
      else if (order.type === 'adopt') later(answerMs, () => (isRunning && !isKilled ? connect(true) : undefined));
      else if (order.type === 'fork') later(0, fork);
      else if (order.type === 'drain' && drainMs !== null) later(drainMs, () => say('holder.drained'));
      else if (order.type === 'end') end();
      else if (order.type === 'clear') clear();
    },
    living: () => living,
    mostLivingEver: () => mostLiving,
    lastBeatAt: () => lastBeatAt,
    kill: () => {
      if (isConnected) lost();
    },
    forget: dead,
  };
}
