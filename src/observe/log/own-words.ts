/** What the log of a control plane says beside the facts: its greeting, the lines of its servers, and its bugs. */

import { join } from 'node:path';
import { inspect } from 'node:util';
import { troubleOf } from '../../surroundings.ts';
import { wordsOf } from '../../text/error-words.ts';
import type { Log } from './log.ts';

export interface Greeting {
  readonly url: string;
  readonly config: string | null;
  readonly stateDir: string;
  readonly pid: number;
}

export function greet(log: Log, { url, config, stateDir, pid }: Greeting): void {
  if (pid === 1) {
    log.write(
      'warn',
      {},
      'Running as process 1: orphans of servers are not waited for. Start the container with an init (docker run --init).',
    );
  }
  if (config === null) {
    log.write(
      'info',
      {},
      'There is no configuration file, so there are no servers. Write one and start again: {"mcpServers": {"NAME": {"command": "…", "args": ["…"]}}} in ./mcp.json',
    );
  }
  log.write(
    'info',
    { url, stateDir },
    `Listening on ${url} (token in ${join(stateDir, 'token')}). Ctrl-C stops everything.`,
  );
}

export interface StderrOptions {
  readonly logFormat: 'pretty' | 'json';
  readonly serverLogs: 'on' | 'off';
}

/** Programs that collect our lines want the servers' too; people ask for a server's when they need them. */
export function stderrTo(log: Log, { logFormat, serverLogs }: StderrOptions): (server: string, line: string) => void {
  if (serverLogs === 'off') return () => {};
  const level = logFormat === 'json' ? 'info' : 'debug';
  return (server, line) => log.write(level, { actor: `server:${server}`, stream: 'stderr' }, line);
}

/** A text is something to know; an error is a bug, unless our surroundings are to blame. */
export function reportTo(log: Log, error: unknown): void {
  if (typeof error === 'string') {
    log.write('warn', {}, error);
    return;
  }
  const what = wordsOf(error);
  const trouble = troubleOf(error);
  const sentence = trouble === null ? `A bug in mcpvisor: ${what}` : `${what}: ${trouble.reason}`;
  log.write('error', { error: inspect(error) }, sentence);
}
