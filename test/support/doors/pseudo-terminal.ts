/** A program on a pseudo-terminal, as a person has it before them. Needs `script` of util-linux. */

import { spawn } from 'node:child_process';
import { onTestFinished } from '../finishing.ts';
import { until } from '../processes.ts';

export interface PseudoTerminal {
  /** Everything written to the terminal so far, escape sequences included. */
  text(): string;
  type(keys: string): void;
  /** Resolves when `text()` has what is looked for after what it had at the last call. */
  shows(what: string | RegExp): Promise<void>;
  /** The exit code of the program. */
  readonly ended: Promise<number | null>;
}

export interface PseudoTerminalOptions {
  /** A line for `/bin/sh`. */
  readonly command: string;
  readonly cwd: string;
  readonly env: Readonly<Record<string, string>>;
}

/** Called within a test: the program is gone when that test is over. */
export function openPseudoTerminal({ command, cwd, env }: PseudoTerminalOptions): PseudoTerminal {
  // Without a terminal of its own `script` cannot know a size; the width is more than any line of the tests.
  const child = spawn('script', ['-q', '-e', '-c', `stty cols 200 rows 50; exec ${command}`, '/dev/null'], {
    cwd,
    env: { PATH: process.env.PATH ?? '', TERM: 'xterm', LANG: 'C.UTF-8', ...env },
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  let text = '';
  let seen = 0;
  child.stdout.setEncoding('utf8').on('data', (piece: string) => {
    text += piece;
  });
  // The program may end before it has read what was typed.
  child.stdin.on('error', () => undefined);
  const ended = new Promise<number | null>((resolve) => child.on('close', (code) => resolve(code)));
  onTestFinished(async () => {
    // The program's terminal goes with it.
    child.kill('SIGKILL');
    await ended;
  });
  return {
    text: () => text,
    type: (keys) => void child.stdin.write(keys),
    async shows(what) {
      let end = -1;
      const isThere = () => {
        const fresh = text.slice(seen);
        const found = typeof what === 'string' ? fresh.indexOf(what) : fresh.search(what);
        if (found >= 0) end = text.length;
        return found >= 0;
      };
      await until(`the terminal shows ${String(what)}`, isThere).catch((error: Error) => {
        throw new Error(`${error.message}; it shows ${JSON.stringify(text.slice(seen))}`);
      });
      seen = end;
    },
    ended,
  };
}
