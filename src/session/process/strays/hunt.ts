/** Finds what bears one mark, tells it, and ends it step by step. */

import { setTimeout as delay } from 'node:timers/promises';
import type { StopSettings } from '../../../specification.ts';
import { isShortage } from '../../../surroundings.ts';
import { wordsOf } from '../../../text/error-words.ts';
import type { StrayNews } from '../../contract.ts';
import { signalProcess } from '../identity.ts';
import { type Bearer, commandLineOf } from './bearers.ts';
import type { Mark } from './mark.ts';
import { createScan } from './scan.ts';
import { type WatchOptions, watchUntilGone } from './watch.ts';

export type TellStray = (news: StrayNews) => void;

/** Whose strays are looked for. */
export interface Quarry {
  readonly mark: Mark;
  readonly stop: StopSettings;
  /** Null: unknown. */
  readonly secrets: readonly string[] | null;
}

/** `signal` aborted: nothing is watched any longer. */
export interface HuntParts extends Omit<WatchOptions, 'what'> {
  readonly tell: TellStray;
}

/**
 * Resolves with whether nothing is left: false of what survived SIGKILL, and of what is only to be told. Rejects if this
 * process is short of descriptors or memory when the signal is aborted; until then it waits for them.
 */
export type Hunt = (quarry: Quarry) => Promise<boolean>;

/** The time between two passes while something is being ended, in milliseconds; it grows. */
const firstPauseMs = 50;
const lastPauseMs = 500;

export function createHunt({ tell, ...watching }: HuntParts): Hunt {
  const scan = createScan();

  /** Returns a look at what is left; each look tells what is new and what has gone. */
  const lookerFor = ({ mark, stop, secrets }: Quarry): (() => Promise<readonly Bearer[]>) => {
    const { server, generation } = mark;
    const known = new Set<number>();
    return async () => {
      // Processes are read one after another: one that forks and then ends can be missed once.
      const seen = await scan(mark);
      const bearers = seen.length > 0 ? seen : await scan(mark);
      const pids = new Set(bearers.map(({ pid }) => pid));
      for (const pid of pids) {
        if (known.has(pid)) continue;
        known.add(pid);
        const line = commandLineOf(pid);
        const command = secrets === null ? line.split(' ', 1).join() : line;
        tell({ type: 'found', server, generation, pid, command, policy: stop.strays, secrets: secrets ?? [] });
      }
      for (const pid of known) {
        if (pids.has(pid)) continue;
        known.delete(pid);
        tell({ type: 'gone', server, pid });
      }
      return bearers;
    };
  };

  return async (quarry) => {
    const { mark, stop } = quarry;
    const what = `What server "${mark.server}" left behind`;
    const watched: WatchOptions = { what, ...watching };
    const look = lookerFor(quarry);
    const first = await patiently(look, watched);
    if (first.length === 0) return true;
    if (stop.strays === 'end') {
      const step = (left: readonly Bearer[], act: (bearer: Bearer) => void) =>
        patiently(async () => left.forEach(act), watched);
      if (await endAll(first, { look: () => patiently(look, watched), step, stop })) return true;
      watching.onError(`${what} survived SIGKILL: ${pidsOf(first)}.`);
    }
    // It does not reject, and each look tells what has gone.
    void watchUntilGone(async () => (await look()).length > 0, watched);
    return false;
  };
}

/** What cannot be looked at, or sent a signal, for want of descriptors or memory is not gone: it is tried again. */
async function patiently<Result>(
  work: () => Promise<Result>,
  { what, onError, signal }: WatchOptions,
): Promise<Result> {
  for (let isTold = false; ; isTold = true) {
    try {
      return await work();
    } catch (error) {
      if (!isShortage(error) || signal.aborted) throw error;
      if (!isTold) onError(`${what} cannot be looked at now: ${wordsOf(error)}`);
    }
    // Aborted: the last try is made at once.
    await delay(lastPauseMs, undefined, { signal, ref: false }).catch(() => undefined);
  }
}

interface EndingParts {
  readonly look: () => Promise<readonly Bearer[]>;
  readonly step: (left: readonly Bearer[], act: (bearer: Bearer) => void) => Promise<void>;
  readonly stop: StopSettings;
}

/** SIGTERM to each, SIGKILL after `terminateMs`. False: some are alive `killMs` after that. */
async function endAll(
  first: readonly Bearer[],
  { look, step, stop: { terminateMs, killMs } }: EndingParts,
): Promise<boolean> {
  const begunAtMs = performance.now();
  let killedAtMs: number | null = null;
  const asked = new Set<string>();
  let left = first;
  for (let pauseMs = firstPauseMs; left.length > 0; pauseMs = Math.min(pauseMs * 1.5, lastPauseMs)) {
    const now = performance.now();
    const patienceMs = begunAtMs + terminateMs - now;
    // Time in which nothing could be done counts for nobody's death.
    if (killedAtMs !== null && now >= killedAtMs + killMs) return false;
    if (patienceMs <= 0) {
      await step(left, (bearer) => signalProcess(bearer, 'SIGKILL'));
      killedAtMs ??= performance.now();
    } else {
      await step(left, (bearer) => {
        const id = `${bearer.pid} ${bearer.startTime}`;
        if (!asked.has(id)) terminate(bearer);
        asked.add(id);
      });
    }
    await delay(patienceMs > 0 ? Math.min(pauseMs, patienceMs) : pauseMs);
    left = await look();
  }
  return true;
}

/** The SIGCONT after it lets a stopped one receive it. */
function terminate(bearer: Bearer): void {
  signalProcess(bearer, 'SIGTERM');
  signalProcess(bearer, 'SIGCONT');
}

function pidsOf(bearers: readonly Bearer[]): string {
  return bearers.map(({ pid }) => pid).join(', ');
}
