/** A control plane as a person starts it, its facts as they come, and its end. */

import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, openSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type EventReader, openReader } from '../../http/streams/event-reader.ts';
import { type Client, createClient } from '../../support/doors/client.ts';
import { isRunning, until } from '../../support/processes.ts';
import type { Life, ToldFact } from '../judge/facts.ts';
import type { Isolation } from '../schedule/schedule.ts';

export interface ControlPlane {
  readonly pid: number;
  readonly client: Client;
  /** Its facts so far, and how it ended. */
  life(): Life;
  /** Resolves after so many more facts, or when none has come for a while. */
  factsLater(count: number): Promise<void>;
  /** Resolves with the next fact that is it, from now on. */
  nextFact(what: string, isIt: (fact: ToldFact) => boolean): Promise<ToldFact>;
  isUp(): boolean;
  /** When it was asked to end, on the clock of `performance`; null: it was not. */
  askedToEndAtMs(): number | null;
  /** Another one is about to take its place, and tells it to go. */
  isReplaced(): void;
  /** Asks it to end in order. */
  askToEnd(how: 'shutdown' | 'SIGTERM'): Promise<void>;
  /** `leavesRecord`: of what it held; see `Life`. */
  kill(leavesRecord: boolean): Promise<void>;
  /** Resolves with its exit code or signal when it has ended and its facts are read. */
  ended(withinMs: number): Promise<number | string>;
}

export interface Place {
  readonly folder: string;
  readonly config: string;
  readonly isolation: Isolation;
  /** It takes the place of the one that runs. */
  readonly replaces: boolean;
}

const program = fileURLToPath(new URL('../../../dist/src/bin.js', import.meta.url));
/** A machine with much else to do takes long to start it. */
const startMs = 60_000;
/** Without a fact for so long, none is waited for. */
const silenceMs = 400;

/** Resolves when its API answers and its facts are read. `own` gets the child at once, so that it can be ended. */
export async function startControlPlane(
  { folder, config, isolation, replaces }: Place,
  own: (child: ChildProcess) => void,
): Promise<ControlPlane> {
  const stateDir = join(folder, 'state');
  const output = openSync(join(folder, 'output'), 'a');
  const flags = ['--config', config, '--state-dir', stateDir, '--port', '0', '--log-level', 'warn'];
  const how = ['--isolation', isolation, ...(replaces ? ['--replace'] : [])];
  const child = spawn(process.execPath, [program, 'up', ...flags, ...how], {
    cwd: folder,
    env: { PATH: process.env.PATH, HOME: folder },
    stdio: ['ignore', output, output],
  });
  own(child);
  const pid = child.pid ?? 0;
  const exited = new Promise<number | string>((resolve) => {
    child.once('exit', (code, name) => resolve(name ?? code ?? 'nothing'));
  });
  let end: number | string | null = null;
  void exited.then((how) => {
    end = how;
  });
  const address = join(stateDir, 'control-plane.json');
  await until('the API answers', () => end !== null || pidIn(address) === pid, startMs);
  if (end !== null) throw new Error(`the control plane ended (${end}) before its API answered`);
  const { url }: { url: string } = JSON.parse(readFileSync(address, 'utf8'));
  const token = readFileSync(join(stateDir, 'token'), 'utf8').trim();
  const reader = await openReader(`${url}/api/events?since=0`, { token });

  const client = createClient(url, token);
  let isKilled = false;
  let leavesRecord = false;
  let askedToEndAtMs: number | null = null;
  const facts = (): readonly ToldFact[] =>
    reader.events.map(({ event, data }) => ({ ...data, type: event }) as unknown as ToldFact);
  return {
    pid,
    client,
    life: () => ({ facts: facts(), isKilled, leavesRecord, end }),
    isUp: () => end === null && !isKilled,
    askedToEndAtMs: () => askedToEndAtMs,
    isReplaced() {
      askedToEndAtMs = performance.now();
    },
    async askToEnd(how) {
      askedToEndAtMs = performance.now();
      if (how === 'SIGTERM') child.kill('SIGTERM');
      else await client.post('/api/shutdown', {});
    },
    factsLater: (count) => factsLater(reader, count),
    async nextFact(what, isIt) {
      const seen = reader.events.length;
      await until(what, () => facts().slice(seen).some(isIt), 20_000);
      const found = facts().slice(seen).find(isIt);
      if (found === undefined) throw new Error('it was there a moment ago');
      return found;
    },
    async kill(leaves) {
      isKilled = true;
      leavesRecord = leaves;
      child.kill('SIGKILL');
      await until('the control plane is gone', () => !isRunning(pid));
    },
    async ended(withinMs) {
      await until('the control plane has ended', () => end !== null, withinMs);
      await exited;
      return end ?? 'nothing';
    },
  };
}

async function factsLater({ events }: EventReader, count: number): Promise<void> {
  const enough = events.length + count;
  let last = events.length;
  let lastAtMs = performance.now();
  await until('facts come, or none come', () => {
    const nowMs = performance.now();
    if (events.length > last) lastAtMs = nowMs;
    last = events.length;
    return last >= enough || nowMs - lastAtMs > silenceMs;
  });
}

function pidIn(file: string): number | null {
  try {
    return existsSync(file) ? Number(JSON.parse(readFileSync(file, 'utf8')).pid) : null;
  } catch {
    // It is being written.
    return null;
  }
}
