/**
 * How long a loop is held up while somebody attacks it: as long as one hostile server or client can stop it, all others
 * wait.
 */

import { monitorEventLoopDelay } from 'node:perf_hooks';
import { setTimeout as delay } from 'node:timers/promises';
import { expect } from 'vitest';
import type { Client } from './doors/client.ts';

export interface AttackOptions {
  /** Of the control plane that is attacked. Default: it is in this process. */
  readonly client?: Client;
  /** Longest delay that is accepted, in milliseconds: at least five times the usual one. Default 5 000. */
  readonly mostMs?: number;
}

/** Runs an attack, prints the loop's worst delay meanwhile, and expects that it was bounded. */
export async function underAttack<Result>(
  what: string,
  attack: () => Result | Promise<Result>,
  { client, mostMs = 5_000 }: AttackOptions = {},
): Promise<Result> {
  const worst = await (client === undefined ? watchOwnLoop() : watchLoopOf(client));
  const result = await attack();
  const worstMs = await worst();
  process.stdout.write(`${what}: the loop was held up for ${worstMs} ms at most\n`);
  expect(worstMs, what).toBeLessThan(mostMs);
  return result;
}

const resolutionMs = 10;

async function watchOwnLoop(): Promise<() => Promise<number>> {
  const histogram = monitorEventLoopDelay({ resolution: resolutionMs });
  histogram.enable();
  // A delay is counted from one tick of its timer to the next.
  await delay(3 * resolutionMs);
  return async () => {
    await delay(3 * resolutionMs);
    histogram.disable();
    return Math.round(histogram.max / 1e6);
  };
}

/** The metric tells the worst delay since it was last asked for. */
async function watchLoopOf(client: Client): Promise<() => Promise<number>> {
  const ask = async () => {
    const { text } = await client.get('/metrics');
    const [, seconds] = /^mcpvisor_event_loop_delay_seconds\{quantile="1"\} (\S+)$/m.exec(text) ?? [];
    return Math.round(Number(seconds) * 1_000);
  };
  await ask();
  return async () => {
    const first = await ask();
    await delay(3 * resolutionMs);
    return Math.max(first, await ask());
  };
}
