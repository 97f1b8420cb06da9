/** One run from its schedule: what was done, and what was seen to be wrong. */

import { type Life, reusedGenerations, violationsIn } from './judge/facts.ts';
import type { Shown } from './judge/rest.ts';
import { createCommands } from './scene/commands.ts';
import { left, untilAllGone } from './scene/deaths.ts';
import { carryOut } from './scene/faults.ts';
import { guardOf } from './scene/living.ts';
import { startLoad } from './scene/load.ts';
import { createReplacement } from './scene/replacement.ts';
import { comeToRest } from './scene/rest.ts';
import { openScene, type Scene } from './scene/scene.ts';
import { startWatch } from './scene/watch.ts';
import { createDice } from './schedule/dice.ts';
import { clientProcess as settings, shutdownMs } from './schedule/fleet.ts';
import { kindOfAction, type Schedule, type Step } from './schedule/schedule.ts';

export interface Outcome {
  readonly seed: number;
  /** How often something of a kind was done. */
  readonly done: ReadonlyMap<string, number>;
  readonly calls: number;
  readonly seconds: number;
  readonly violations: readonly string[];
  /** For the person who looks into a violation. */
  readonly lives: readonly Life[];
  readonly output: string;
}

/** A process that has died may be shown as connected for 100 ms; ten times that, since the machine may be busy. */
const noticeMs = 1_000;

/** Does not reject. Everything has ended when it resolves, also when `signal` aborts it. */
export async function oneRun(schedule: Schedule, signal: AbortSignal): Promise<Outcome> {
  const startedAtMs = performance.now();
  const violations: string[] = [];
  const done = new Map<string, number>();
  const scene = openScene(schedule);
  const violate = (what: string): void => {
    // What is wrong for long is seen again and again.
    if (violations.length < 20) violations.push(what);
  };
  let calls = 0;
  signal.addEventListener('abort', scene.kill, { once: true });
  try {
    calls = await act({ schedule, scene, signal, violate, done });
  } catch (error) {
    violate(
      signal.aborted ? 'the run was interrupted' : `the run broke off: ${error instanceof Error ? error.stack : error}`,
    );
  }
  signal.removeEventListener('abort', scene.kill);
  const output = scene.output();
  await scene.close();
  const lives = scene.planes.map(({ life }) => life());
  const seconds = (performance.now() - startedAtMs) / 1_000;
  return { seed: schedule.seed, done, calls, seconds, violations, lives, output };
}

interface Acting {
  readonly schedule: Schedule;
  readonly scene: Scene;
  readonly signal: AbortSignal;
  readonly violate: (what: string) => void;
  readonly done: Map<string, number>;
}

/** Resolves with the number of calls. */
async function act({ schedule, scene, signal, violate, done }: Acting): Promise<number> {
  const { fleet, isolation, seed } = schedule;
  await scene.start();
  const running = () => (scene.planes.at(-1)?.isUp() === true ? scene.plane() : null);
  const servers = fleet.map(({ name }) => name);
  const load = startLoad({ controlPlane: running, servers, dice: createDice(seed), violate });
  const commands = createCommands(violate);
  const watch = startWatch({
    mark: scene.mark,
    controlPlane: running,
    noticeMs: noticeMs + (isolation === 'process' ? settings.watchdogMs : 0),
    violate,
  });
  const rest = async (): Promise<readonly Shown[]> => {
    await load.pause();
    await commands.settled();
    const parts = { mark: scene.mark, controlPlane: scene.plane(), names: scene.names(), violate };
    const servers = await comeToRest(parts);
    load.resume();
    return servers;
  };
  const run = { scene, load, commands, replace: createReplacement({ scene, load, fleet, rest, violate }) };

  const step = async ({ afterFacts, actions, comesToRest }: Step): Promise<void> => {
    await scene.plane().factsLater(afterFacts);
    for (const action of actions) {
      signal.throwIfAborted();
      const kind = kindOfAction(action);
      if (await carryOut(run, action)) done.set(kind, (done.get(kind) ?? 0) + 1);
    }
    if (comesToRest) await rest();
  };
  load.resume();
  try {
    for (const one of schedule.steps) await step(one);
    await rest();
    await end(schedule, scene, violate);
  } finally {
    await watch.end();
    await load.pause();
    await commands.settled();
  }
  judge(scene, violate);
  for (const { life } of scene.planes) for (const what of commands.contradictions(life())) violate(what);
  return load.count();
}

/** Calls are in flight as it ends. */
async function end(schedule: Schedule, scene: Scene, violate: (what: string) => void): Promise<void> {
  const plane = scene.plane();
  await plane.factsLater(20);
  const clientProcess = await scene.clientProcess();
  const guard = guardOf(clientProcess ?? plane.pid);
  if (schedule.end === 'SIGKILL') {
    await plane.kill(clientProcess === null);
    for (const what of await untilAllGone({ mark: scene.mark, guard, clientProcess })) violate(what);
    return;
  }
  await plane.askToEnd(schedule.end);
  const code = await plane.ended(shutdownMs + 20_000);
  if (code !== 0) violate(`the control plane ended with ${code}`);
  for (const what of left(scene.mark)) violate(`after the shutdown ${what}`);
}

function judge({ planes }: Scene, violate: (what: string) => void): void {
  const lives = planes.map(({ life }) => life());
  for (const [index, life] of lives.entries()) {
    const next = lives[index + 1];
    const wrong = [...violationsIn(life), ...(next === undefined ? [] : reusedGenerations(life, next))];
    for (const what of wrong) violate(`control plane ${index + 1}: ${what}`);
    if (!life.isKilled && life.end !== 0) violate(`control plane ${index + 1} ended with ${life.end}`);
  }
}
