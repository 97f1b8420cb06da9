/** What must be left, and what must not, when a control plane has been killed or has ended. */

import { isRunning, until } from '../../support/processes.ts';
import type { Shown } from '../judge/rest.ts';
import { type Member, clientProcess as settings, stop } from '../schedule/fleet.ts';
import type { ControlPlane } from './control-plane.ts';
import { livingOf, signal } from './living.ts';
import { serversOf } from './rest.ts';

/** What the guard itself may take beside the stop times, on a machine with much else to do. */
const marginMs = 5_000;
/** Five times as long as tools may be out of reach after the start of another control plane. */
const adoptedMs = 5_000;
const stopMs = stop.closeMs + stop.terminateMs + stop.killMs;

export interface Left {
  readonly mark: string;
  /** The process that owns the groups' guard, and the guard itself. */
  readonly guard: number | null;
  /** It lives on for a while, and its servers with it; null: there is none. */
  readonly clientProcess: number | null;
}

/** Resolves when nothing is left, or with what is left when it should be gone. */
export async function untilAllGone({ mark, guard, clientProcess }: Left): Promise<readonly string[]> {
  const withinMs = stopMs + marginMs + (clientProcess === null ? 0 : settings.orphanGraceMs);
  // One that was stopped could not end anything.
  if (clientProcess !== null) signal(clientProcess, 'SIGCONT');
  const isGone = (pid: number | null): boolean => pid === null || !isRunning(pid);
  try {
    await until(
      'nothing is left',
      () => livingOf(mark).length === 0 && isGone(guard) && isGone(clientProcess),
      withinMs,
    );
  } catch {
    return [
      ...left(mark).map((words) => `${words}, ${withinMs} ms after its owner was killed`),
      ...(isGone(guard) ? [] : [`guard ${guard} is left`]),
      ...(isGone(clientProcess) ? [] : [`client process ${clientProcess} is left`]),
    ];
  }
  // A process that was spawned while its owner was killed is seen late, but its guard waits for it.
  return left(mark);
}

/** What lives though everything has ended. */
export function left(mark: string): readonly string[] {
  return livingOf(mark).map((one) => `process ${one.pid} is left of "${one.server}", generation ${one.generation}`);
}

/**
 * Resolves when each steady server that was connected has been shown with the process and generation that it had, or
 * with what was not. Everything was at rest, and nothing has been done to a server since.
 */
export async function untilAdopted(
  plane: ControlPlane,
  before: readonly Shown[],
  fleet: readonly Member[],
): Promise<readonly string[]> {
  const steady = new Set(fleet.filter(({ isSteady }) => isSteady).map(({ name }) => name));
  const missing = new Map(
    before
      .filter(({ name, state }) => steady.has(name) && state === 'connected')
      .map((server) => [server.name, server]),
  );
  let last: readonly Shown[] = [];
  const isAdopted = async (): Promise<boolean> => {
    last = await serversOf(plane);
    for (const { name, pid, generation, state } of last) {
      const had = missing.get(name);
      if (state === 'connected' && had?.pid === pid && had.generation === generation) missing.delete(name);
    }
    return missing.size === 0;
  };
  try {
    await until('every session is adopted', isAdopted, adoptedMs);
  } catch {
    // What is missing is told.
  }
  return [...missing.values()].map(({ name, pid }) => {
    const now = last.find((server) => server.name === name);
    return `"${name}" with process ${pid} was not adopted within ${adoptedMs} ms, but is ${JSON.stringify(now)}`;
  });
}
