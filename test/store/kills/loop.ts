/** Kills a process that writes into a store at moments that a seed chooses, and looks for what it had acknowledged. */

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { Store, StoredFact } from '../../../src/store/contract.ts';
import { openStore } from '../../../src/store/open.ts';
import { everyFact } from '../../support/every-fact.ts';

export interface KillsOptions {
  /** `level:DIR` or `lmdb:DIR`. */
  readonly address: string;
  readonly times: number;
  readonly seed: number;
}

export interface KillsReport {
  /** Writes that were acknowledged before a kill. */
  readonly acknowledged: number;
  /** What was acknowledged and is not there, or is there and should not be, in words. */
  readonly violations: readonly string[];
}

/** The highest number of each kind that was acknowledged. */
type Acknowledged = Map<string, number>;

const writer = fileURLToPath(new URL('writer.mjs', import.meta.url));
/** One of so many kills comes while the store is being opened. */
const earlyEvery = 8;

export async function killTimes({ address, times, seed }: KillsOptions): Promise<KillsReport> {
  const random = createRandom(seed);
  const best: Acknowledged = new Map();
  const violations: string[] = [];
  let acknowledged = 0;
  for (let time = 0; time < times; time += 1) {
    acknowledged += await writeUntilKilled(address, best, {
      isEarly: time % earlyEvery === earlyEvery - 1,
      afterMs: random() * 150,
    });
    for (const violation of await judge(address, best)) violations.push(`kill ${time + 1}: ${violation}`);
  }
  return { acknowledged, violations };
}

/** The same sequence for the same seed: a linear congruential generator. */
function createRandom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state * 1_103_515_245 + 12_345) % 2_147_483_648;
    return state / 2_147_483_648;
  };
}

interface Moment {
  /** Counted from its start, not from its first write. */
  readonly isEarly: boolean;
  readonly afterMs: number;
}

/** Resolves to how many writes were acknowledged. Throws if it ends by itself. */
async function writeUntilKilled(address: string, best: Acknowledged, { isEarly, afterMs }: Moment): Promise<number> {
  const child = spawn(process.execPath, [writer, address], { stdio: ['ignore', 'pipe', 'pipe'] });
  let said = '';
  let complaint = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    said += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    complaint += text;
  });
  const closed = once(child, 'close');
  if (!isEarly) await Promise.race([once(child.stdout, 'data'), closed]);
  await setTimeout(afterMs);
  kill(child);
  await closed;
  if (child.signalCode !== 'SIGKILL') throw new Error(`the writer ended by itself: ${complaint}`);
  const lines = said.split('\n').slice(0, -1);
  for (const line of lines) {
    const space = line.lastIndexOf(' ');
    best.set(line.slice(0, space), Number(line.slice(space + 1)));
  }
  return lines.length;
}

function kill(child: ChildProcess): void {
  child.kill('SIGKILL');
}

async function judge(address: string, best: Acknowledged): Promise<readonly string[]> {
  const { store, trouble } = await openStore(address, { now: Date.now, stateDir: null, env: {} });
  if (trouble !== null) return [trouble];
  try {
    return [
      ...(await judgeVersions(store, best)),
      ...(await judgeServers(store, best)),
      ...(await judgeFacts(store, best)),
    ];
  } finally {
    await store.close();
  }
}

async function judgeVersions({ configuration }: Store, best: Acknowledged): Promise<readonly string[]> {
  const { version, servers } = await configuration.read();
  const violations: string[] = [];
  if (version < (best.get('version') ?? 0)) violations.push(`version ${version} follows ${best.get('version')}`);
  const versions = await configuration.versions({ limit: 1_000 });
  const isWithoutGap = versions.every((one, index) => one.version === version - index);
  if (!isWithoutGap || versions.length !== Math.min(version, 1_000)) violations.push('versions are missing');
  for (let number = Math.max(1, version - 4); number <= version; number += 1)
    if (servers.get(`s${number % 5}`)?.number !== number) violations.push(`the servers are not those of ${number}`);
  return violations;
}

async function judgeServers({ servers }: Store, best: Acknowledged): Promise<readonly string[]> {
  const kept = await servers.read();
  return [...best].flatMap(([kind, number]) => {
    if (!kind.startsWith('server ')) return [];
    const lists = kept.get(kind.slice('server '.length))?.lists as { readonly number: number } | undefined;
    return (lists?.number ?? 0) >= number ? [] : [`${kind} has ${lists?.number} in place of ${number}`];
  });
}

async function judgeFacts({ journal }: Store, best: Acknowledged): Promise<readonly string[]> {
  const facts: readonly StoredFact[] = await journal.read({ ...everyFact, limit: 10_001 });
  const { lastSeq } = await journal.extent();
  const violations: string[] = [];
  if (lastSeq < (best.get('fact') ?? 0)) violations.push(`fact ${lastSeq} follows ${best.get('fact')}`);
  if (!facts.every(({ seq }, index) => seq === lastSeq - facts.length + 1 + index))
    violations.push('facts are missing');
  if (facts.length === 0 && lastSeq > 0) violations.push('every fact is missing');
  return violations;
}
