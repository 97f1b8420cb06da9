/**
 * The built program as a person runs it: a folder of its own, real processes, and nothing left behind when the test is
 * over.
 */

import { type ChildProcess, spawn } from 'node:child_process';
import { chownSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { onTestFinished } from '../finishing.ts';
import { listenerWarning } from '../no-listener-warnings.ts';
import { createMark, killMarked, until, untilNoneMarked } from '../processes.ts';
import { type Client, createClient } from './client.ts';

export const program = fileURLToPath(new URL('../../../dist/src/bin.js', import.meta.url));
const talker = fileURLToPath(new URL('../../servers/speak.mjs', import.meta.url));

export interface Ending {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface Running {
  readonly pid: number;
  stdout(): string;
  stderr(): string;
  kill(signal: NodeJS.Signals): void;
  readonly ended: Promise<Ending>;
}

export interface RunningDaemon extends Running {
  readonly url: string;
  readonly token: string;
  readonly client: Client;
}

export interface RunOptions {
  readonly args?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
  /** What it can read from its stdin. Default: nothing. */
  readonly input?: string;
  /** The user and group it runs as, who then owns the folder. Default: ours. Needs root. */
  readonly uid?: number;
  /** A program that runs it, with its arguments. Default: none. */
  readonly within?: readonly string[];
}

export interface Scene {
  readonly folder: string;
  readonly stateDir: string;
  /** In the arguments of every server of `talkers`. */
  readonly mark: string;
  /** An `mcp.json` in the folder with these entries. */
  writeConfig(servers: Readonly<Record<string, unknown>>, settings?: Readonly<Record<string, unknown>>): string;
  /** The entry of a well-behaved server. */
  talker(extra?: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>>;
  /** Runs `mcpvisor` with arguments, in the folder, with an environment of its own. */
  run(args: readonly string[], options?: RunOptions): Running;
  /** Runs `mcpvisor up --port 0` and resolves when its API answers. */
  up(options?: RunOptions & { /** Default: that of the scene. */ readonly stateDir?: string }): Promise<RunningDaemon>;
}

/** Called within a test: everything is gone when that test is over. */
export function openScene(): Scene {
  const folder = mkdtempSync(join(tmpdir(), 'mcpvisor-'));
  const stateDir = join(folder, 'state');
  const mark = createMark();
  const running: Running[] = [];
  const children: ChildProcess[] = [];

  const run: Scene['run'] = (args, { env = {}, cwd = folder, input, uid, within = [] } = {}) => {
    if (uid !== undefined) chownSync(folder, uid, uid);
    const { PATH = '' } = process.env;
    const [command = '', ...words] = [...within, process.execPath, program, ...args];
    const child = spawn(command, words, {
      cwd,
      env: { PATH, HOME: folder, ...env },
      ...(uid !== undefined && { uid, gid: uid }),
      stdio: [input === undefined ? 'ignore' : 'pipe', 'pipe', 'pipe'],
    });
    child.stdin?.end(input);
    children.push(child);
    const one = watch(child);
    running.push(one);
    return one;
  };
  onTestFinished(async () => {
    for (const child of children) child.kill('SIGKILL');
    const endings = await Promise.all(running.map(({ ended }) => ended));
    // A client process has the state directory in its arguments; it outlives a control plane that was killed.
    killMarked(stateDir);
    await untilNoneMarked(stateDir);
    killMarked(mark);
    await untilNoneMarked(mark);
    rmSync(folder, { recursive: true, force: true });
    const warned = endings.find(({ stderr }) => stderr.includes(listenerWarning));
    if (warned !== undefined) throw new Error(`a process warned of a leak:\n${warned.stderr}`);
  });
  return {
    folder,
    stateDir,
    mark,
    writeConfig(servers, settings) {
      const file = join(folder, 'mcp.json');
      writeFileSync(
        file,
        JSON.stringify({ mcpServers: servers, ...(settings !== undefined && { mcpvisor: settings }) }),
      );
      return file;
    },
    talker: (extra = {}) => ({ command: process.execPath, args: [talker, mark], ...extra }),
    run,
    async up({ args = [], stateDir: own = stateDir, ...options } = {}) {
      const one = run(['up', '--state-dir', own, '--port', '0', ...args], options);
      return { ...one, ...(await addressOf(one, own)) };
    },
  };
}

function watch(child: ChildProcess): Running {
  let stdout = '';
  let stderr = '';
  child.stdout?.setEncoding('utf8').on('data', (text: string) => {
    stdout += text;
  });
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
  });
  const ended = new Promise<Ending>((resolve) => {
    child.on('close', (code, signal) => resolve({ code, signal, stdout, stderr }));
  });
  return {
    pid: child.pid ?? 0,
    stdout: () => stdout,
    stderr: () => stderr,
    kill: (signal) => void child.kill(signal),
    ended,
  };
}

async function addressOf(one: Running, stateDir: string): Promise<Pick<RunningDaemon, 'url' | 'token' | 'client'>> {
  const file = join(stateDir, 'control-plane.json');
  let ended = false;
  void one.ended.then(() => {
    ended = true;
  });
  await until(
    'the API answers',
    () => ended || (existsSync(file) && JSON.parse(readFileSync(file, 'utf8')).pid === one.pid),
    30_000,
  );
  if (ended) {
    throw new Error(`mcpvisor ended before its API answered:\n${one.stdout()}${one.stderr()}`);
  }
  const { url }: { url: string } = JSON.parse(readFileSync(file, 'utf8'));
  const token = readFileSync(join(stateDir, 'token'), 'utf8').trim();
  return { url, token, client: createClient(url, token) };
}
