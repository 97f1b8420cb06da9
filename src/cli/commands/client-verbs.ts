/** `mcpvisor start client-process`, `mcpvisor restart client-process`: a command for the process that holds the sessions. */

import { setTimeout as delay } from 'node:timers/promises';
import type { ApiClient } from '../../http/client/client.ts';
import { posted } from '../../http/schemas/actor.ts';
import { statusSchema } from '../../http/schemas/control-plane.ts';
import type { ClientEventType } from '../../supervisor/contract.ts';
import { type ExitCode, exitCodes } from '../exit-code.ts';
import type { Invocation } from '../invocation.ts';

export const clientProcess = 'client-process';

const events = { start: 'client.start', restart: 'client.restart' } as const satisfies Record<string, ClientEventType>;

export type ClientVerb = keyof typeof events;

export function isClientVerb(verb: string): verb is ClientVerb {
  return Object.hasOwn(events, verb);
}

interface Waiting {
  readonly verb: ClientVerb;
  /** Null: it is not waited for. */
  readonly waitMs: number | null;
  readonly asJson: boolean;
}

const lookMs = 100;

/** Waits until it holds sessions again, or has failed. Throws what the API throws. */
export async function commandClientProcess(
  client: ApiClient,
  { verb, waitMs, asJson }: Waiting,
  { stdout, stderr }: Pick<Invocation, 'stdout' | 'stderr'>,
): Promise<ExitCode> {
  await client.post(`/api/actors/${clientProcess}/events`, posted, { body: { type: events[verb] } });
  const deadline = performance.now() + (waitMs ?? 0);
  const look = async () => (await client.get('/api/status', statusSchema)).clientProcess?.state ?? 'gone';
  let state = await look();
  while (waitMs !== null && !isSettled(state) && performance.now() < deadline) {
    await delay(lookMs);
    state = await look();
  }
  const isGood = waitMs === null || state === 'connected';
  const how = waitMs === null ? 'accepted' : isGood ? 'done' : isSettled(state) ? 'rejected' : 'not done yet';
  if (asJson) stdout.write(`${JSON.stringify({ actor: clientProcess, outcome: how, state })}\n`);
  else (isGood ? stdout : stderr).write(`${clientProcess}: ${verb} is ${how}, it is ${state}\n`);
  return isGood ? exitCodes.done : exitCodes.rejected;
}

function isSettled(state: string): boolean {
  return state === 'connected' || state === 'failed' || state === 'gone';
}
