/** A control plane is killed, or told to go, and another one takes its place. */

import { isRunning } from '../../support/processes.ts';
import type { ToldFact } from '../judge/facts.ts';
import type { Shown } from '../judge/rest.ts';
import type { Member } from '../schedule/fleet.ts';
import type { Action, Company } from '../schedule/schedule.ts';
import type { ControlPlane } from './control-plane.ts';
import { untilAdopted, untilAllGone } from './deaths.ts';
import { guardOf, signal } from './living.ts';
import type { Load } from './load.ts';
import type { Scene } from './scene.ts';

type Kill = Extract<Action, { readonly type: 'kill-control-plane' }>;
type InOrder = Extract<Action, { readonly type: 'replace-control-plane' }>;

export type Replace = (how: Kill | InOrder) => Promise<void>;

export interface ReplacementParts {
  readonly scene: Scene;
  readonly load: Load;
  readonly fleet: readonly Member[];
  /** Resolves when everything has come to rest, with the servers. Calls begin again then. */
  readonly rest: () => Promise<readonly Shown[]>;
  readonly violate: (what: string) => void;
}

/** Its calls in flight settle first. */
const leftMs = 30_000;

export function createReplacement({ scene, load, fleet, rest, violate }: ReplacementParts): Replace {
  const adopted = async (before: readonly Shown[]): Promise<void> => {
    for (const what of await untilAdopted(scene.plane(), before, fleet)) violate(what);
  };
  const kill = async ({ also, next }: Kill): Promise<void> => {
    const plane = scene.plane();
    const shown = await scene.clientProcess();
    // One that was killed a moment ago is still shown, and can end nothing any more.
    const clientProcess = shown !== null && isRunning(shown) ? shown : null;
    // Only what nobody has done anything to has to be as it was.
    const isAdopted = clientProcess !== null && also === 'nothing' && next === 'at once';
    const before = isAdopted ? await rest() : [];
    const guard = guardOf(clientProcess ?? plane.pid);
    const isGuarded = guard !== null && !lacksGuard(plane.life().facts);
    await killWith(plane, { also, next }, { clientProcess, guard });
    await load.pause();
    if (next === 'when all is gone' && !isLeftAlone(also, { clientProcess, isGuarded }))
      for (const what of await untilAllGone({ mark: scene.mark, guard, clientProcess })) violate(what);
    await scene.start();
    if (isAdopted) await adopted(before);
    load.resume();
  };
  const replace = async ({ isAtRest }: InOrder): Promise<void> => {
    const plane = scene.plane();
    const before = isAtRest ? await rest() : [];
    plane.isReplaced();
    await scene.start({ replaces: true });
    const code = await plane.ended(leftMs);
    if (code !== 0) violate(`the control plane that was replaced ended with ${code}`);
    await adopted(before);
    // Those that called the one before ended with it.
    await load.pause();
    load.resume();
  };
  return (how) => (how.type === 'kill-control-plane' ? kill(how) : replace(how));
}

/** Nobody is left who could end what lives: only the next start does. */
function isLeftAlone(
  also: Company,
  { clientProcess, isGuarded }: { readonly clientProcess: number | null; readonly isGuarded: boolean },
): boolean {
  const isOwnerKilled = clientProcess === null || also === 'client process' || also === 'client process and its guard';
  return isOwnerKilled && (!isGuarded || also === 'guard' || also === 'client process and its guard');
}

/** Its guard was killed before, and it has told that none works since. */
function lacksGuard(facts: readonly ToldFact[]): boolean {
  const last = facts.findLast((fact) => fact.alarm === 'no-guard');
  return last?.type === 'alarm.raised';
}

interface Others {
  readonly clientProcess: number | null;
  readonly guard: number | null;
}

async function killWith(
  plane: ControlPlane,
  { also, next }: Pick<Kill, 'also' | 'next'>,
  { clientProcess, guard }: Others,
): Promise<void> {
  const hasGuard = also === 'guard' || also === 'client process and its guard';
  const isKilled = also === 'client process' || also === 'client process and its guard';
  const isStopped = also === 'stopped client process';
  // One that sees its guard die starts another.
  if (isKilled && clientProcess !== null) signal(clientProcess, 'SIGSTOP');
  if (hasGuard && guard !== null) signal(guard, 'SIGKILL');
  if (isStopped && clientProcess !== null) signal(clientProcess, 'SIGSTOP');
  // The next one has to kill it if it is stopped and stays so.
  const killing = plane.kill(clientProcess === null || isKilled || (isStopped && next === 'at once'));
  if (isKilled && clientProcess !== null) signal(clientProcess, 'SIGKILL');
  await killing;
}
