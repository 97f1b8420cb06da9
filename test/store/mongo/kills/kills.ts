/** Kills a program that writes to a store in MongoDB, again and again, and looks whether what it was told is there. */

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import type { Store } from '../../../../src/store/contract.ts';

/** How many of its writes a program has heard of, at most, when it is killed. */
const mostWrites = 30;

export interface Writer {
  readonly path: string;
  remove(): Promise<void>;
}

/** In one file, which starts at once. */
export async function bundleWriter(): Promise<Writer> {
  const folder = await mkdtemp(join(tmpdir(), 'mcpvisor-writer-'));
  const path = join(folder, 'writer.mjs');
  const banner = "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);";
  await build({
    entryPoints: [fileURLToPath(new URL('writer.ts', import.meta.url))],
    outfile: path,
    bundle: true,
    format: 'esm',
    platform: 'node',
    mainFields: ['module', 'main'],
    banner: { js: banner },
  });
  return { path, remove: () => rm(folder, { recursive: true }) };
}

export interface Kept {
  readonly version: number;
  readonly fact: number;
  readonly servers: number;
}

/**
 * Kills one writer at a random moment of its work. Resolves to what it was told and what the store has then; it may have
 * what nobody was told of.
 */
export async function killWriter(
  { path }: Writer,
  address: string,
  store: Store,
): Promise<{ readonly told: Kept; readonly kept: Kept }> {
  const child = spawn(process.execPath, [path, address], { stdio: ['ignore', 'pipe', 'inherit'] });
  const ended = once(child, 'close');
  const limit = 1 + Math.floor(Math.random() * mostWrites);
  const lines: string[] = [];
  let rest = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    const parts = (rest + text).split('\n');
    rest = parts.pop() ?? '';
    lines.push(...parts);
    // Somewhere in the next write, which takes a few milliseconds.
    if (lines.length >= limit) setTimeout(() => child.kill('SIGKILL'), Math.random() * 5);
  });
  await ended;
  if (child.signalCode !== 'SIGKILL') throw new Error(`The writer ended by itself, with ${child.exitCode}.`);
  return { told: toldBy(lines), kept: await keptBy(store) };
}

function toldBy(lines: readonly string[]): Kept {
  const newest = new Map(lines.map((line) => line.split(' ') as [string, string]));
  const numberOf = (what: string) => Number(newest.get(what) ?? 0);
  return { version: numberOf('version'), fact: numberOf('fact'), servers: numberOf('servers') };
}

/** Throws if something is missing in the middle. */
async function keptBy({ configuration, journal, servers }: Store): Promise<Kept> {
  const { version, servers: entries } = await configuration.read();
  if (version > 0 && entries.get('counted')?.version !== version) throw new Error(`The servers are not of ${version}.`);
  const versions = await configuration.versions({ limit: 1_000 });
  if (versions.some((one, index) => one.version !== version - index)) throw new Error('A version is missing.');
  const { facts, lastSeq } = await journal.extent();
  if (facts !== lastSeq) throw new Error(`Of ${lastSeq} facts there are ${facts}.`);
  return { version, fact: lastSeq, servers: Number((await servers.read()).get('counted')?.lists ?? 0) };
}
