/** The servers as a short table below the log of `up`, on a terminal only. */

import type { Environment } from '../../config/expand/environment.ts';
import type { LineStream } from '../../observe/log/destination.ts';
import { openLineWriter } from '../../observe/log/line-writer.ts';
import type { Supervisor } from '../../supervisor/contract.ts';
import { forEach } from '../for-each.ts';
import { createBlock } from './block.ts';
import { type Drawn, fromLog } from './drawn.ts';
import type { Screen } from './screen.ts';
import { toServerTable } from './server-table.ts';
import { sizeOf, terminalOf } from './terminal.ts';
import { throttle } from './throttle.ts';

export interface LiveTable {
  /** Where the log is written: above the table. */
  readonly log: LineStream;
  /** From now on the servers of this supervisor are shown. */
  show(supervisor: Pick<Supervisor, 'status' | 'facts'>): void;
  /** Removes the table and flushes. Does not throw. */
  close(): Promise<void>;
}

/** Facts within this time are drawn together, in milliseconds. */
const calmMs = 100;
/** Relative times change without facts. */
const tickMs = 1_000;
const maxBufferedBytes = 1024 * 1024;

export function createLiveTable({
  stdout,
  fd,
  env,
}: {
  readonly stdout: Pick<Screen, 'isTTY' | 'columns' | 'rows'>;
  readonly fd: number;
  readonly env: Environment;
}): LiveTable {
  // Written by descriptor: with a stream, a terminal that is stopped (Ctrl-S) would block everything.
  const writer = openLineWriter({ target: fd, maxBufferedBytes, onTrouble: () => {} });
  let isOver = false;
  const ending = new AbortController();

  // At most half of it: the log is what a person scrolls back for.
  const half = () => Math.floor(sizeOf(stdout).rows / 2);
  let block = createBlock(half);

  function write(text: Drawn): boolean {
    if (text === '') return true;
    const isTaken = writer.write(text);
    // The terminal no longer shows what the block has drawn, so a new one starts below.
    if (!isTaken) block = createBlock(half);
    return isTaken;
  }

  return {
    log: { isTTY: true, write: (line: string) => write(block.above(fromLog(line))) },
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
      // Ends with the supervisor or with this table; never rejects.
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
