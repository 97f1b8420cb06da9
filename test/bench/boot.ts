/** How long `mcpvisor up` takes to its first answer and to ready servers, and what it weighs then, against mcp-hub. */

import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { request } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import { atMost, type Bench, type Figures, type Line, type Results } from './bench.ts';
import { type ControlPlane, type Place, prepareMcpHub, prepareOurs, preparePlace, start } from './control-planes.ts';
import { lightProgram } from './peers.ts';

const fleets = [1, 50];
/** Between two questions, as a share of the time so far: answering costs, and more servers take longer to tell of. */
const pollShare = 0.02;
const shortestPollMs = 4;
/** From the last server's being ready to the weighing: what a start leaves behind has been collected or will stay. */
const restMs = 3_000;
const patienceMs = 60_000;

export const boot: Bench = {
  about: `the command from its spawn to ${fleets.join(' and ')} ready servers, and its memory ${restMs / 1000} s later, vs mcp-hub`,
  rounds: 7,
  variants: Object.fromEntries(
    fleets.flatMap((servers) => [
      [`mcpvisor, ${servers}`, async () => await measure(await prepareOurs(), servers)],
      [`mcp-hub, ${servers}`, async () => await measure(await prepareMcpHub(), servers)],
    ]),
  ),
  judge: (results) => fleets.flatMap((servers) => linesOf(results, servers)),
};

function linesOf(results: Results, servers: number): readonly Line[] {
  const ours = `mcpvisor, ${servers}`;
  const theirs = `mcp-hub, ${servers}`;
  const line = (what: string, figure: string, unit: string): Line => {
    const ratio = results.ratio(figure, ours, theirs);
    const [one, other] = [ours, theirs].map((variant) => results.median(variant, figure).toFixed(0));
    return {
      what: `${servers} server${servers === 1 ? '' : 's'}: ${what}`,
      measured: `${ratio.toFixed(2)} × (${one} / ${other} ${unit})`,
      budget: atMost(ratio, 1, ' ×'),
    };
  };
  return [
    line('first answer', 'firstMs', 'ms'),
    line('all ready', 'readyMs', 'ms'),
    { ...line('processor time until then', 'cpuMs', 'ms'), budget: null },
    line('resident size', 'residentMb', 'MB'),
    { ...line('of it not shared with others (PSS)', 'ownMb', 'MB'), budget: null },
  ];
}

async function measure(controlPlane: ControlPlane, servers: number): Promise<Figures> {
  const place = await preparePlace(
    Object.fromEntries(Array.from({ length: servers }, (_, index) => [`server-${index}`, lightProgram])),
  );
  await controlPlane.prepare(place);
  const startedAt = performance.now();
  const child = start(controlPlane, place);
  try {
    const { firstAt, readyAt } = await untilReady(controlPlane, place, { child, servers, startedAt });
    const cpuMs = await cpuMsOf(child);
    await delay(restMs);
    return { firstMs: firstAt - startedAt, readyMs: readyAt - startedAt, cpuMs, ...(await weigh(child)) };
  } finally {
    await end(child);
    await place.remove();
  }
}

async function untilReady(
  controlPlane: ControlPlane,
  place: Place,
  { child, servers, startedAt }: { readonly child: ChildProcess; readonly servers: number; readonly startedAt: number },
) {
  let firstAt: number | null = null;
  while (performance.now() < startedAt + patienceMs) {
    if (child.exitCode !== null) throw new Error(`the control plane ended with ${child.exitCode}`);
    const answer = await ask(controlPlane, place);
    if (answer !== null) {
      const now = performance.now();
      firstAt ??= now;
      if (controlPlane.readyIn(JSON.parse(answer) as never) === servers) return { firstAt, readyAt: now };
    }
    await delay(Math.max(shortestPollMs, (performance.now() - startedAt) * pollShare));
  }
  throw new Error(`the servers were not ready within ${patienceMs} ms`);
}

/** The body of a 200; null: no answer yet. */
function ask({ path, token }: ControlPlane, { port }: Place): Promise<string | null> {
  return new Promise((resolve) => {
    const asked = request(
      { host: '127.0.0.1', port, path, headers: { authorization: `Bearer ${token}` } },
      (response) => {
        let body = '';
        response.setEncoding('utf8').on('data', (text: string) => {
          body += text;
        });
        response.on('end', () => resolve(response.statusCode === 200 ? body : null)).on('error', () => resolve(null));
      },
    );
    asked.on('error', () => resolve(null)).end();
  });
}

/** Of the control plane alone: on a busy machine it says more than the clock. */
async function cpuMsOf({ pid }: ChildProcess): Promise<number> {
  const fields = (await readFile(`/proc/${pid}/stat`, 'utf8')).split(') ')[1]?.split(' ') ?? [];
  const [user, system] = fields.slice(11, 13).map(Number);
  // A tick is 10 ms on every Linux that Node runs on.
  return ((user ?? Number.NaN) + (system ?? Number.NaN)) * 10;
}

/** Of the control plane alone. PSS counts what several processes share, the runtime's code above all, by share. */
async function weigh({ pid }: ChildProcess): Promise<{ readonly ownMb: number; readonly residentMb: number }> {
  const text = await readFile(`/proc/${pid}/smaps_rollup`, 'utf8');
  const megabytesOf = (name: string) => Number(new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(text)?.[1]) / 1024;
  return { ownMb: megabytesOf('Pss'), residentMb: megabytesOf('Rss') };
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, 'exit');
  child.kill('SIGTERM');
  const killing = setTimeout(() => child.kill('SIGKILL'), 10_000);
  await ended;
  clearTimeout(killing);
}
