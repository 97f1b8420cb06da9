/**
 * Notices edits of a configuration file: in place, by renaming another file over it, or by pointing a symbolic link
 * elsewhere.
 */

import { type FSWatcher, readFileSync, watch } from 'node:fs';
import { readFile, readlink, stat } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';

export interface WatchOptions {
  /** Ends the watching. */
  readonly signal: AbortSignal;
  /** Quiet time after the last sign of an edit, in milliseconds. Default 200. */
  readonly debounceMs?: number;
  /** What the caller has read already: an edit since then is told. Default: what the file says now. */
  readonly text?: string;
}

/**
 * With the quiet time of 200 ms an edit is known within a second even where the system tells nothing (network file
 * systems).
 */
const pollMs = 700;

/** As many links as Linux follows. */
const maxLinks = 40;

/**
 * Calls `onChange` with the file's text whenever it has become another one. A file that is gone is waited for and
 * changes nothing. Keeps no process alive. `onChange` must not throw.
 */
export function watchConfig(
  file: string,
  onChange: (text: string) => void,
  { signal, debounceMs = 200, text }: WatchOptions,
): void {
  if (signal.aborted) return;
  const path = resolve(file);
  const watchers = new Map<string, FSWatcher>();
  let known = text ?? readNow(path);
  let seen: string | null = null;
  let settling: NodeJS.Timeout | undefined;
  let isAsked = false;
  let work = Promise.resolve();

  const look = async () => {
    isAsked = false;
    const fingerprint = await fingerprintOf(path);
    if (signal.aborted || fingerprint === seen) return;
    seen = fingerprint;
    clearTimeout(settling);
    settling = setTimeout(queue, debounceMs, settle);
    settling.unref();
  };

  const settle = async () => {
    const before = await fingerprintOf(path);
    const content = await readFile(path, 'utf8').catch(() => null); // Gone, or not readable for the moment: the next look sees it come back.
    const isTorn = before !== (await fingerprintOf(path));
    if (signal.aborted) return;
    if (isTorn) seen = null;
    if (isTorn) return look();
    if (content === null || content === known) return;
    known = content;
    onChange(content);
  };

  const follow = async () => {
    const folders = await foldersOf(path);
    if (signal.aborted) return;
    for (const [key, watcher] of watchers) {
      if (folders.has(key)) continue;
      watchers.delete(key);
      watcher.close();
    }
    for (const [key, folder] of folders) {
      if (!watchers.has(key)) watchFolder(key, folder);
    }
    await look();
  };

  const watchFolder = (key: string, folder: string) => {
    try {
      const watcher = watch(folder, { persistent: false }, ask);
      watcher.on('error', () => watcher.close()); // The poll goes on without it.
      watchers.set(key, watcher);
    } catch {
      // No watch to be had here (too many, or not supported): the poll sees edits too, only later.
    }
  };

  /** One at a time; none of them rejects but by a bug of `onChange`. */
  const queue = (task: () => Promise<void>) => {
    work = work.then(task);
  };

  /** A folder may be busy with other files: however many signs, one look. */
  const ask = () => {
    if (isAsked) return;
    isAsked = true;
    queue(look);
  };

  const poll = setInterval(queue, pollMs, follow);
  poll.unref();
  queue(follow);
  signal.addEventListener(
    'abort',
    () => {
      clearInterval(poll);
      clearTimeout(settling);
      for (const watcher of watchers.values()) watcher.close();
    },
    { once: true },
  );
}

function readNow(path: string): string | null {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return null; // Not there yet: whatever comes is news.
  }
}

/** What tells one state of the file from another without reading it. Null: there is none. */
async function fingerprintOf(path: string): Promise<string | null> {
  try {
    const { dev, ino, size, mtimeNs, ctimeNs } = await stat(path, { bigint: true });
    return [dev, ino, size, mtimeNs, ctimeNs].join(':');
  } catch {
    return null; // Gone, or a folder on the way is.
  }
}

/**
 * The folders in which something happens when the file is edited: its own, and those that its links lead through. Keyed
 * by identity: a folder made anew is another one.
 */
async function foldersOf(path: string): Promise<ReadonlyMap<string, string>> {
  const folders = new Map<string, string>();
  let hop: string | null = path;
  for (let links = 0; hop !== null && links <= maxLinks; links += 1) {
    const folder: string = dirname(hop);
    const identity = await stat(folder).catch(() => null); // Gone: watched again once it is back.
    if (identity !== null) folders.set(`${folder}:${identity.dev}:${identity.ino}`, folder);
    const target: string | null = await readlink(hop).catch(() => null); // Not a link, or not there: the last one.
    hop = target === null ? null : resolve(folder, target);
  }
  return folders;
}
