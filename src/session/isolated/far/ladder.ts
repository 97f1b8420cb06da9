/** Ends a session whose control plane is gone, and with it the chart that would have counted the time. */

import { setTimeout as delay } from 'node:timers/promises';
import type { EndKind } from '../../contract.ts';
import type { Held } from './held-session.ts';

/** Resolves when nothing of it is left. A process that survives SIGKILL is waited for. */
export async function endByLadder(held: Held): Promise<void> {
  const { closeMs, terminateMs, killMs } = held.stop;
  const steps: readonly (readonly [EndKind, number])[] = [
    ['close', closeMs],
    ['terminate', terminateMs],
    ['kill', killMs],
  ];
  for (const [kind, ms] of steps) {
    held.end(kind);
    if (await endsWithin(held, ms)) return;
  }
  await held.ended;
}

async function endsWithin({ ended }: Held, ms: number): Promise<boolean> {
  const late = new AbortController();
  const isEnded = await Promise.race([
    ended.then(() => true),
    delay(ms, false, { signal: late.signal }).catch(() => false),
  ]);
  late.abort();
  return isEnded;
}
