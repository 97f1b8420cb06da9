/** Finds what bears one mark, tells it, and ends it step by step. */

import { setTimeout as delay } from 'node:timers/promises';
import type { StopSettings } from '../../../specification.ts';
import type { StrayNews } from '../../contract.ts';
import { signalProcess } from '../identity.ts';
import { type Bearer, commandLineOf } from './bearers.ts';
import type { Mark } from './mark.ts';
import { createScan } from './scan.ts';
import { watchUntilGone } from './watch.ts';

export type TellStray = (news: StrayNews) => void;

/** Whose strays are looked for. */
export interface Quarry {
  readonly mark: Mark;
  readonly stop: StopSettings;
  /** Null: unknown. */
  readonly secrets: readonly string[] | null;
}

export interface HuntParts {
  readonly tell: TellStray;
  readonly onError: (message: string) => void;
  /** Aborted: nothing is watched any longer. */
  readonly signal: AbortSignal;
}

/** Resolves with whether nothing is left: false of what survived SIGKILL, and of what is only to be told. */
export type Hunt = (quarry: Quarry) => Promise<boolean>;

/** The time between two passes while something is being ended, in milliseconds; it grows. */
const firstPauseMs = 50;
const lastPauseMs = 500;

export function createHunt({ tell, onError, signal }: HuntParts): Hunt {
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
    const look = lookerFor(quarry);
    const first = await look();
    if (first.length === 0) return true;
    if (stop.strays === 'end' && (await endAll(first, look, stop))) return true;
    if (stop.strays === 'end') onError(`What server "${mark.server}" left behind survived SIGKILL: ${pidsOf(first)}.`);
    const what = `What server "${mark.server}" left behind`;
    // It does not reject, and each look tells what has gone.
    void watchUntilGone(async () => (await look()).length > 0, { what, onError, signal });
    return false;
  };
}

/** SIGTERM to each, SIGKILL after `terminateMs`. False: some are alive `killMs` after that. */
async function endAll(
  first: readonly Bearer[],
  look: () => Promise<readonly Bearer[]>,
  { terminateMs, killMs }: StopSettings,
): Promise<boolean> {
  const begunAtMs = performance.now();
  const asked = new Set<string>();
  let left = first;
  for (let pauseMs = firstPauseMs; left.length > 0; pauseMs = Math.min(pauseMs * 1.5, lastPauseMs)) {
    const passedMs = performance.now() - begunAtMs;
    if (passedMs >= terminateMs + killMs) return false;
    for (const bearer of left) {
      const id = `${bearer.pid} ${bearer.startTime}`;
      if (passedMs >= terminateMs) signalProcess(bearer, 'SIGKILL');
      else if (!asked.has(id)) terminate(bearer);
      asked.add(id);
    }
    await delay(passedMs < terminateMs ? Math.min(pauseMs, terminateMs - passedMs) : pauseMs);
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
