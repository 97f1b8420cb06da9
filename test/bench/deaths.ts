/** How late the last of many servers is told as gone that are all killed in one turn of the event loop. */

import { type ChildProcess, spawn } from 'node:child_process';
import { createSupervisor, type Supervisor } from '../../src/index.ts';
import { atMost, type Bench, type Figures, medianOf } from './bench.ts';
import { environment, lightProgram } from './peers.ts';
import { watchLoop } from './watch.ts';

const crowds = [1, 13, 30, 60];
/** Times that each crowd is killed. */
const times = 5;

export const deaths: Bench = {
  about: 'servers killed (SIGKILL) in one turn: until each is told as gone, vs the exit events of a bare parent',
  rounds: 3,
  variants: Object.fromEntries(
    crowds.flatMap((count) => [
      [`bare ${count}`, () => measureEach(count, bareCrowd)],
      [`supervised ${count}`, () => measureEach(count, supervisedCrowd)],
    ]),
  ),
  judge: (results) =>
    crowds.map((count) => {
      const ms = (variant: string, figure: string) => results.median(`${variant} ${count}`, figure);
      const spread = results.difference('spreadMs', `supervised ${count}`, `bare ${count}`);
      const told = (variant: string) => `${ms(variant, 'firstMs').toFixed(1)}–${ms(variant, 'lastMs').toFixed(1)}`;
      return {
        what: `${count} killed: from the first told to the last, beyond bare`,
        measured: `${spread.toFixed(1)} ms (${told('supervised')} / ${told('bare')} ms; all in their next state after ${ms('supervised', 'movedMs').toFixed(1)} ms, loop ${ms('supervised', 'worstMs').toFixed(0)} ms late)`,
        budget: atMost(spread, 10, ' ms'),
      };
    }),
};

/** Processes that live. */
interface Crowd extends AsyncDisposable {
  readonly pids: readonly number[];
  /** Resolves when everything is told of all of them that are killed from now on. */
  gone(): Promise<Told>;
}

interface Told {
  /** When each process was told to be gone. */
  readonly goneAt: readonly number[];
  /** When the last server was told to be in another state; bare ones have none. */
  readonly movedAt: number;
}

async function measureEach(count: number, assemble: (count: number) => Promise<Crowd>): Promise<Figures> {
  const rounds: Figures[] = [];
  for (let round = 0; round < times; round += 1) rounds.push(await measureOnce(await assemble(count)));
  const [first = {}] = rounds;
  return Object.fromEntries(
    Object.keys(first).map((figure) => [figure, medianOf(rounds.map((figures) => figures[figure] ?? Number.NaN))]),
  );
}

async function measureOnce(assembled: Crowd): Promise<Figures> {
  await using crowd = assembled;
  const loop = await watchLoop();
  const gone = crowd.gone();
  const killedAt = performance.now();
  for (const pid of crowd.pids) process.kill(-pid, 'SIGKILL');
  const { goneAt, movedAt } = await gone;
  const [firstAt, lastAt] = [Math.min(...goneAt), Math.max(...goneAt)];
  return {
    firstMs: firstAt - killedAt,
    lastMs: lastAt - killedAt,
    spreadMs: lastAt - firstAt,
    movedMs: movedAt - killedAt,
    worstMs: (await loop()).worstMs,
  };
}

/** What the system and Node take by themselves. */
async function bareCrowd(count: number): Promise<Crowd> {
  const children = Array.from({ length: count }, () =>
    spawn(lightProgram.command, lightProgram.args, { env: environment, detached: true }),
  );
  await Promise.all(children.map(isReady));
  return {
    pids: children.flatMap(({ pid }) => pid ?? []),
    async gone() {
      const goneAt = await Promise.all(
        children.map((child) => new Promise<number>((resolve) => child.once('exit', () => resolve(performance.now())))),
      );
      return { goneAt, movedAt: Math.max(...goneAt) };
    },
    async [Symbol.asyncDispose]() {
      for (const child of children) child.kill('SIGKILL');
    },
  };
}

/** It answers a ping. */
function isReady({ stdin, stdout }: ChildProcess): Promise<void> {
  return new Promise((resolve) => {
    stdout?.once('data', () => resolve());
    stdin?.write('{"jsonrpc":"2.0","id":1,"method":"ping"}\n');
  });
}

async function supervisedCrowd(count: number): Promise<Crowd> {
  const mcpServers = Object.fromEntries(Array.from({ length: count }, (_, index) => [`server-${index}`, lightProgram]));
  const supervisor = await createSupervisor({ env: environment, config: { mcpServers } });
  await supervisor.ready();
  const pids = supervisor.status().servers.flatMap(({ pid }) => pid ?? []);
  if (pids.length !== count) throw new Error(`${pids.length} of ${count} servers have a process`);
  return {
    pids,
    gone: () => toldAsGone(supervisor, count),
    [Symbol.asyncDispose]: () => supervisor.close(),
  };
}

async function toldAsGone(supervisor: Supervisor, count: number): Promise<Told> {
  const goneAt: number[] = [];
  let moved = 0;
  for await (const fact of supervisor.facts()) {
    if (fact.type === 'process.exited') goneAt.push(performance.now());
    else if (fact.type === 'server.transitioned' && fact.from.startsWith('connected')) moved += 1;
    if (goneAt.length === count && moved === count) break;
  }
  return { goneAt, movedAt: performance.now() };
}
