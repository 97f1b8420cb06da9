/**
 * The logs of servers: what they write on stderr, and notable protocol lines. Kept per server, read from the end,
 * followed live. With a folder they are kept in files, which outlive this process; without one in memory.
 */

import { join } from 'node:path';
import type { Redactor } from '../secrets/redact.ts';
import { createLogFile } from './file.ts';
import { createLogFollower, type LogFollower } from './follower.ts';
import type { LinesMissed, LogLine, LogStream } from './line.ts';
import { fileNameOf, ignoresCase } from './names.ts';
import { createLogMemory, type LogStore } from './store.ts';

export interface ServerLogsOptions {
  /** Absolute path, created with the first line. Null: lines are kept in memory. */
  readonly folder: string | null;
  readonly redactor: Pick<Redactor, 'text'>;
  /** The wall clock in milliseconds. */
  readonly now: () => number;
  /** Bytes kept per server without a folder. Default 64 KiB. */
  readonly memoryBytesOf?: (server: string) => number | undefined;
  /** Size at which a file is rotated, in bytes. Default 5 MiB. */
  readonly maxFileBytes?: number;
  /** Files per server, the newest included; at least 2. Default 3. */
  readonly files?: number;
  /** Bytes that may wait per server for a slow disk, and for each slow reader. Default 1 MiB. */
  readonly maxBufferedBytes?: number;
  /** Time before a disk that failed is tried again, in milliseconds. Default 10 000. */
  readonly retryMs?: number;
  /**
   * Called when a server's file cannot be written, and with null once it can be again. Default: the lines are only
   * counted as dropped.
   */
  readonly onTrouble?: (path: string, error: unknown) => void;
}

export interface FollowOptions {
  /** Earlier lines to begin with; later ones follow without gap or duplicate. Default 0. */
  readonly tail?: number;
  /** Ends the reading at once, without an error. */
  readonly signal?: AbortSignal;
}

export interface ServerLogs {
  /** Lines that could not be written. */
  readonly droppedLines: number;
  /** Redacts the text and keeps it as one line. Never blocks and never throws. */
  write(server: string, stream: LogStream, text: string): void;
  /** The last `count` lines, oldest first, those of earlier runs included. Rejects when the files cannot be read. */
  tail(server: string, count: number): Promise<readonly LogLine[]>;
  /**
   * Lines written after the call. A reader that is too slow is told how many it missed. Ends with `signal`, `forget`
   * and `close`.
   */
  follow(server: string, options?: FollowOptions): AsyncIterableIterator<LogLine | LinesMissed, undefined>;
  /** Drops a server that has been removed, and ends its readers. Its files stay. */
  forget(server: string): void;
  /** Flushes the buffers for at most a second, and ends every reader. May be called twice; does not throw. */
  close(): Promise<void>;
}

/** Longest line kept, in characters. */
const maxLineLength = 8 * 1024;

export function createServerLogs(options: ServerLogsOptions): ServerLogs {
  const { folder, redactor, now, maxBufferedBytes = 1024 * 1024 } = options;
  const stores = new Map<string, LogStore>();
  const followers = new Map<string, Set<LogFollower>>();
  /** Lines dropped by stores that have been forgotten. */
  let forgottenDrops = 0;
  /** Forgotten stores whose last lines are still being written. None of these rejects. */
  const leaving = new Set<Promise<void>>();
  let isClosed = false;
  const keyOf =
    folder !== null && ignoresCase(folder) ? (server: string) => server.toLowerCase() : (server: string) => server;

  function storeOf(server: string): LogStore {
    const known = stores.get(keyOf(server));
    if (known !== undefined) return known;
    const store =
      folder === null ? createLogMemory(() => options.memoryBytesOf?.(server) ?? 64 * 1024) : fileOf(server, folder);
    stores.set(keyOf(server), store);
    return store;
  }

  function fileOf(server: string, parent: string): LogStore {
    const { maxFileBytes = 5 * 1024 * 1024, files = 3, retryMs = 10_000, onTrouble = () => {} } = options;
    const path = join(parent, fileNameOf(server));
    const limits = { maxFileBytes, files, maxBufferedBytes, retryMs };
    return createLogFile({ path, ...limits, onTrouble: (error) => onTrouble(path, error) });
  }

  return {
    get droppedLines() {
      return [...stores.values()].reduce((lines, store) => lines + store.droppedLines, forgottenDrops);
    },
    write(server, stream, text) {
      if (isClosed) return;
      // Redacted before it is cut: half a secret is not recognised.
      const line = {
        at: new Date(now()).toISOString(),
        stream,
        text: redactor.text(text).slice(0, maxLineLength).replaceAll('\n', '\\n'),
      };
      storeOf(server).push(line);
      for (const follower of followers.get(keyOf(server)) ?? []) follower.push(line);
    },
    tail: (server, count) => (isClosed && folder === null ? Promise.resolve([]) : storeOf(server).tail(count)),
    follow(server, { tail = 0, signal } = {}) {
      const own = followers.get(keyOf(server)) ?? new Set();
      followers.set(keyOf(server), own);
      const follower = createLogFollower({
        earlier: tail === 0 ? Promise.resolve([]) : storeOf(server).tail(tail),
        maxBytes: maxBufferedBytes,
        signal,
        onEnded: (follower) => own.delete(follower),
      });
      if (isClosed) follower.end();
      else if (signal?.aborted !== true) own.add(follower);
      return follower.lines;
    },
    forget(server) {
      const store = stores.get(keyOf(server));
      stores.delete(keyOf(server));
      forgottenDrops += store?.droppedLines ?? 0;
      for (const follower of followers.get(keyOf(server)) ?? []) follower.end();
      followers.delete(keyOf(server));
      if (store === undefined) return;
      const left = store.close().then(() => void leaving.delete(left));
      leaving.add(left);
    },
    async close() {
      isClosed = true;
      for (const own of followers.values()) for (const follower of own) follower.end();
      await Promise.all([...leaving, ...[...stores.values()].map((store) => store.close())]);
    },
  };
}
