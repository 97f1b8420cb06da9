/** What servers did, in the order in which they did it, read off the facts. */

import type { Fact, Supervisor } from '../../src/index.ts';
import { factsSoFar, pidOf, untilFact } from './supervised.ts';

/** The number of the last fact. */
export async function lastSeq(supervisor: Supervisor): Promise<number> {
  return (await factsSoFar(supervisor)).at(-1)?.seq ?? 0;
}

/** What happened after a fact. */
export async function factsSince(supervisor: Supervisor, seq: number): Promise<readonly Fact[]> {
  return (await factsSoFar(supervisor)).filter((fact) => fact.seq > seq);
}

/** Kills a server; resolves when its chart has drawn its conclusions. */
export async function kill(supervisor: Supervisor, server: string): Promise<void> {
  const failed = untilFact(supervisor, 'server.failed', ({ actor }) => actor === `server:${server}`);
  process.kill(pidOf(supervisor, server), 'SIGKILL');
  await failed;
}

type Step = 'fails' | 'stops' | 'is gone' | 'starts' | 'is up';

/** `a stops`, `a is gone`, `a starts`, `a is up`: a line for each step of these servers, in the order of the facts. */
export function stepsIn(facts: readonly Fact[], servers: readonly string[]): readonly string[] {
  return facts.flatMap((fact) => {
    const server = servers.find((name) => fact.actor === `server:${name}`);
    const step = stepOf(fact);
    return server === undefined || step === null ? [] : [`${server} ${step}`];
  });
}

/** The names of those that took this step, in the order in which they did. */
export function whoIn(steps: readonly string[], step: Step): readonly string[] {
  return steps.filter((line) => line.endsWith(` ${step}`)).map((line) => line.slice(0, -` ${step}`.length));
}

/** Whether both steps were taken, the first of them first. */
export function isBefore(steps: readonly string[], first: string, second: string): boolean {
  return steps.includes(first) && steps.includes(second) && steps.indexOf(first) < steps.indexOf(second);
}

function stepOf(fact: Fact): Step | null {
  if (fact.type === 'process.exited') return 'is gone';
  if (fact.type !== 'server.transitioned') return null;
  const { from, to } = fact;
  if (to === 'starting.spawning') return 'starts';
  if (from.startsWith('connected') === to.startsWith('connected')) return null;
  if (to.startsWith('connected')) return 'is up';
  return to === 'stopping.closing' ? 'stops' : 'fails';
}
