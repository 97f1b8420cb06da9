/** A program of docs/examples, run as its user runs it: in a folder with an `mcp.json`, with packages that are installed. */

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { root } from '../support/markdown.ts';
import { killMarked, untilNoneMarked } from '../support/processes.ts';
import { createScratchFolder } from '../support/scratch-folder.ts';

export interface ExampleFolder {
  readonly folder: string;
  /** A folder below it that the server `files` may show: a mark in the arguments of that server alone. */
  readonly shown: string;
}

export interface RunningExample {
  readonly child: ChildProcess;
  /** Everything it has written so far. */
  readonly output: { readonly stdout: string; readonly stderr: string };
  /** The first line that it prints. */
  readonly firstLine: Promise<string>;
  /** Its exit code; null: a signal ended it. */
  readonly ended: Promise<number | null>;
}

function installed(server: string): string {
  return join(root, 'node_modules/.bin', `mcp-server-${server}`);
}

/** Within a test: nothing of it is left when that test is over. */
export function openExampleFolder(): ExampleFolder {
  const folder = createScratchFolder();
  const shown = join(folder, 'shown');
  mkdirSync(shown);
  const mcpServers = {
    everything: { command: installed('everything') },
    files: { command: installed('filesystem'), args: [shown] },
    memory: { command: installed('memory'), env: { MEMORY_FILE_PATH: join(folder, 'memory.jsonl') } },
  };
  writeFileSync(join(folder, 'mcp.json'), JSON.stringify({ mcpServers }));
  onTestFinished(async () => {
    killMarked(folder);
    await untilNoneMarked(folder);
  });
  return { folder, shown };
}

export interface RunExampleOptions {
  readonly args?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
}

export function runExample(name: string, { folder }: ExampleFolder, options: RunExampleOptions = {}): RunningExample {
  const { PATH = '' } = process.env;
  const program = join(root, 'docs/examples', name);
  const child = spawn(process.execPath, ['--import', import.meta.resolve('tsx'), program, ...(options.args ?? [])], {
    cwd: folder,
    env: { PATH, HOME: folder, ...options.env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const output = { stdout: '', stderr: '' };
  const firstLine = new Promise<string>((resolve, reject) => {
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      output.stdout += text;
      const [line, ...more] = output.stdout.split('\n');
      if (line !== undefined && more.length > 0) resolve(line);
    });
    child.once('close', () => reject(new Error(`${name} ended and printed no line: ${output.stderr}`)));
  });
  // A test that only waits for the end has not asked for the line.
  firstLine.catch(() => undefined);
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    output.stderr += text;
  });
  const ended = once(child, 'close').then(([code]: unknown[]) => (typeof code === 'number' ? code : null));
  onTestFinished(async () => {
    child.kill('SIGKILL');
    await ended;
  });
  return { child, output, firstLine, ended };
}
