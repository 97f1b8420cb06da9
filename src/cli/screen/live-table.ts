/** The servers as a short table below the log of `up`, on a terminal only. */

import type { Environment } from '../../config/expand/environment.ts';
import type { LineStream } from '../../observe/log/destination.ts';
import { openLineWriter } from '../../observe/log/line-writer.ts';
import type { Supervisor } from '../../supervisor/contract.ts';
import { forEach } from '../for-each.ts';
import type { Output } from '../invocation.ts';
import { createBlock } from './block.ts';
import { toServerTable } from './server-table.ts';
import { sizeOf, terminalOf } from './terminal.ts';
import { throttle } from './throttle.ts';

export interface LiveTable {
  /** Where the log is written: above the table. */
  readonly log: LineStream;
  /** From now on the servers of this one are shown. */
  show(supervisor: Pick<Supervisor, 'status' | 'facts'>): void;
  /** Takes the table away and writes out what is buffered. Does not throw. */
  close(): Promise<void>;
}

/** Facts that come together are shown together, in milliseconds. */
const calmMs = 100;
/** Times go on without facts. */
const tickMs = 1_000;
const maxBufferedBytes = 1024 * 1024;

export function createLiveTable({
  stdout,
  fd,
  env,
}: {
  readonly stdout: Output;
  readonly fd: number;
  readonly env: Environment;
}): LiveTable {
  // By its descriptor: a terminal that was stopped (Ctrl-S) would hold up everything.
  const writer = openLineWriter({ target: fd, maxBufferedBytes, onProblem: () => {} });
  let isOver = false;
  const ending = new AbortController();

  // At most half of it: the log is what a person scrolls back for.
  const half = () => Math.floor(sizeOf(stdout).rows / 2);
  let block = createBlock(half);

  function write(text: string): boolean {
    if (text === '') return true;
    const isTaken = writer.write(text);
    // What is on the terminal is no longer what the block believes: the next one begins below.
    if (!isTaken) block = createBlock(half);
    return isTaken;
  }

  return {
    log: { isTTY: true, write: (line: string) => write(block.above(line)) },
    show(supervisor) {
      const redraw = throttle(() => {
        if (isOver) return;
        const { servers } = supervisor.status();
        if (servers.length > 0) write(block.draw(toServerTable(servers, terminalOf(stdout, env), Date.now())));
      }, calmMs);
      const tick = setInterval(redraw, tickMs);
      tick.unref();
      ending.signal.addEventListener('abort', () => clearInterval(tick), { once: true });
      redraw();
      // It ends with the supervisor or with us, and does not reject.
      void forEach(supervisor.facts({ signal: ending.signal }), redraw);
    },
    async close() {
      if (isOver) return;
      isOver = true;
      ending.abort();
      write(block.clear());
      await writer.close(1_000);
    },
  };
}
