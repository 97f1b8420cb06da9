/** Carries out the actions of a schedule. */

import { writeFileSync } from 'node:fs';
import { isRunning, until } from '../../support/processes.ts';
import type { ToldFact } from '../judge/facts.ts';
import type { Edit } from '../schedule/fleet.ts';
import type { Action, Victim } from '../schedule/schedule.ts';
import type { Commands } from './commands.ts';
import { guardOf, isAlive, type Living, livingOf, signal } from './living.ts';
import type { Load } from './load.ts';
import type { Replace } from './replacement.ts';
import type { Scene } from './scene.ts';

/** What is acted upon. */
export interface Run {
  readonly scene: Scene;
  readonly load: Load;
  readonly commands: Commands;
  readonly replace: Replace;
}

/** Facts that come while something is stopped that will go on. */
const factsMeanwhile = 4;
const endedMs = 20_000;

/** Resolves when it is done; with false if there was nothing to do it to. */
export async function carryOut(run: Run, action: Action): Promise<boolean> {
  switch (action.type) {
    case 'kill':
      return send(victimsOf(run, action.server, action.victim), 'SIGKILL');
    case 'stop': {
      const stopped = victimsOf(run, action.server, action.victim);
      if (!send(stopped, 'SIGSTOP')) return false;
      if (!action.isContinued) return true;
      await run.scene.plane().factsLater(factsMeanwhile);
      send(stopped, 'SIGCONT');
      return true;
    }
    case 'kill-guard':
      return killGuard(run);
    case 'kill-control-plane':
    case 'replace-control-plane':
      await run.replace(action);
      return true;
    case 'stop-control-plane': {
      const { pid } = run.scene.plane();
      const killed = action.kills.flatMap((server) => victimsOf(run, server, 'leader'));
      signal(pid, 'SIGSTOP');
      send(killed, 'SIGKILL');
      await until('those that were killed have ended', () => !killed.some(isAlive), endedMs);
      return signal(pid, 'SIGCONT');
    }
    case 'kill-client-process':
      return signalClientProcess(run, 'SIGKILL');
    case 'stop-client-process': {
      const isDone = await signalClientProcess(run, 'SIGSTOP');
      if (isDone && action.isContinued) {
        await run.scene.plane().factsLater(factsMeanwhile);
        await signalClientProcess(run, 'SIGCONT');
      }
      return isDone;
    }
    case 'edit':
      return edit(run, action.edit);
    case 'command':
      run.commands.send(run.scene.plane(), action.command, action.servers);
      return true;
    case 'client-command':
      run.commands.sendToClientProcess(run.scene.plane(), action.command);
      return true;
    case 'harm':
      run.load.call(action.server, action.harm.tool, action.harm.arguments);
      return true;
  }
}

function victimsOf({ scene: { mark } }: Run, server: string, victim: Victim): readonly Living[] {
  const own = livingOf(mark).filter((one) => one.server === server);
  const inside = own.filter(({ isStray }) => !isStray);
  switch (victim) {
    case 'leader':
      return inside.filter(({ pid, group }) => pid === group);
    case 'last':
      return inside.toSorted((one, other) => Number(one.startedAt) - Number(other.startedAt)).slice(-1);
    case 'group':
      return inside;
    case 'stray':
      return own.filter(({ isStray }) => isStray);
  }
}

function send(to: readonly Living[], name: NodeJS.Signals): boolean {
  return to.filter((one) => isAlive(one) && signal(one.pid, name)).length > 0;
}

async function killGuard(run: Run): Promise<boolean> {
  const guard = guardOf((await run.scene.clientProcess()) ?? run.scene.plane().pid);
  if (guard === null || !signal(guard, 'SIGKILL')) return false;
  await until('the guard is gone', () => !isRunning(guard), endedMs);
  return true;
}

async function signalClientProcess(run: Run, name: NodeJS.Signals): Promise<boolean> {
  const pid = await run.scene.clientProcess();
  return pid !== null && signal(pid, name);
}

/** A broken file changes nothing, and is mended at once. */
async function edit(run: Run, change: Edit): Promise<boolean> {
  const { text, isChanged } = run.scene.edited(change);
  if (!isChanged) return false;
  const plane = run.scene.plane();
  if (change.change === 'break') {
    const refused = plane.nextFact('the broken file is refused', ({ type }) => type === 'config.rejected');
    writeFileSync(run.scene.config, text.slice(0, -2));
    await refused;
    // The same mistake twice would be told once, unless it was seen to be mended.
    const isCleared = ({ type, alarm }: ToldFact) => type === 'alarm.cleared' && alarm === 'config-rejected';
    const mended = plane.nextFact('the mended file is read', isCleared);
    writeFileSync(run.scene.config, text);
    await mended;
    return true;
  }
  const applied = plane.nextFact('the edit is applied', ({ type }) => type === 'config.applied');
  writeFileSync(run.scene.config, text);
  await applied;
  return true;
}
