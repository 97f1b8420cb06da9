/** One trial: connect, call with progress, kill, wait until it is back, call again. */

import { setTimeout as delay } from 'node:timers/promises';
import { createSupervisor, type Supervisor } from '../../src/index.ts';
import { until } from '../support/processes.ts';
import { freePort, startListener } from './listener.ts';
import type { Program } from './programs.ts';

/** How long a start, and a server's way back, may take on a busy machine. */
const patienceMs = 120_000;
/** How long a session may look sound after its server was replaced, before a call is risked on it. */
const soundPatienceMs = 30_000;
/** How long the server is away. */
const awayMs = 1_000;
const name = 'tried';

/** Resolves with what was seen, as text with times; rejects with what went wrong. */
export async function tryOut(program: Program, bins: readonly string[]): Promise<string> {
  const port = await freePort();
  const start = () => startListener(program.start(port, bins), port);
  let listener = await start();
  try {
    const sinceOpened = stopwatch();
    await using supervisor = await createSupervisor({ config: { mcpServers: { [name]: program.entry(port, bins) } } });
    await untilSession(supervisor, 1);
    const seen = [`connected in ${sinceOpened()}`, await call(supervisor, program)];

    const { pid, generation } = supervisor.status(name);
    const sinceKilled = stopwatch();
    if (program.killed === 'process') process.kill(pid ?? Number.NaN, 'SIGKILL');
    else {
      await listener.kill();
      await delay(awayMs);
      listener = await start();
      seen.push(`killed, listens again after ${sinceKilled()}`);
    }
    seen.push(`${await untilBack(supervisor, generation)} after ${sinceKilled()}`, await call(supervisor, program));
    return seen.join(', ');
  } finally {
    await listener.kill();
  }
}

/** Resolves with how it is back: what has no sessions on its side may have lost none. */
async function untilBack(supervisor: Supervisor, generation: number): Promise<string> {
  const isSound = () =>
    supervisor.status(name).generation === generation && supervisor.status(name).state === 'connected';
  try {
    await until('the session is lost', () => !isSound(), soundPatienceMs);
  } catch {
    return 'still connected';
  }
  await untilSession(supervisor, generation + 1);
  return 'connected again';
}

/** Resolves when a session with at least this number is open. */
async function untilSession(supervisor: Supervisor, generation: number): Promise<void> {
  const isOpen = () =>
    supervisor.status(name).generation >= generation && supervisor.status(name).state === 'connected';
  try {
    await until('a session is open', isOpen, patienceMs);
  } catch (cause) {
    const { state, lastFailure } = supervisor.status(name);
    throw new Error(`not connected within ${patienceMs} ms: ${state}, ${lastFailure?.message ?? 'no failure'}`, {
      cause,
    });
  }
}

async function call(supervisor: Supervisor, { tool, tellsProgress }: Program): Promise<string> {
  const sinceCalled = stopwatch();
  let told = 0;
  const onProgress = () => {
    told += 1;
  };
  const { isError } = await supervisor.callTool(name, tool.name, tool.args, { onProgress });
  if (isError === true) throw new Error('the tool answered with an error');
  if (told === 0 && tellsProgress) throw new Error('the call was answered, but no progress was told');
  return `call ${sinceCalled()} with ${told === 0 ? 'no progress (as expected of it)' : `progress ${told} ×`}`;
}

/** Starts now; tells the seconds so far. */
function stopwatch(): () => string {
  const startedAt = performance.now();
  return () => `${((performance.now() - startedAt) / 1_000).toFixed(1)} s`;
}
