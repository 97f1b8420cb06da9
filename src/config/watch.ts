/**
 * Notices edits of a configuration file: in place, by renaming another file over it, or by changing the target of a
 * symbolic link.
 */

import { type FSWatcher, readFileSync, watch } from 'node:fs';
import { readFile, readlink, stat } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';

export interface WatchOptions {
  /** Stops watching. */
  readonly signal: AbortSignal;
  /** Quiet time after the last sign of an edit, in milliseconds. Default 200. */
  readonly debounceMs?: number;
  /** The text that the caller has read: an edit since then is reported. Default: the current text. */
  readonly text?: string;
}

/**
 * In milliseconds: with the quiet time of 200 ms an edit is noticed within a second even where the system reports none
 * (network file systems).
 */
const pollMs = 700;

/** The number of links that Linux follows. */
const maxLinks = 40;

/**
 * Calls `onChange` with the file's text whenever it has changed. A missing file is waited for and is no change. Keeps
 * no process alive. `onChange` must not throw.
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
    const content = await readFile(path, 'utf8').catch(() => null); // Missing or unreadable: its return is a change.
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
      watcher.on('error', () => watcher.close()); // The poll continues.
      watchers.set(key, watcher);
    } catch {
      // No watch possible (too many, or not supported): the poll also sees edits, only later.
    }
  };

  /** One task at a time; a task rejects only if `onChange` has a bug. */
  const queue = (task: () => Promise<void>) => {
    work = work.then(task);
  };

  /** A folder may be busy with other files: many events lead to one look. */
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
    return null; // Not there yet: any text will be a change.
  }
}

/** Identifies a state of the file without reading it. Null: there is no file. */
async function fingerprintOf(path: string): Promise<string | null> {
  try {
    const { dev, ino, size, mtimeNs, ctimeNs } = await stat(path, { bigint: true });
    return [dev, ino, size, mtimeNs, ctimeNs].join(':');
  } catch {
    return null; // The file or a folder on its path is missing.
  }
}

/**
 * The folders where something happens when the file is edited: its own, and those that its links lead through. The key
 * is the identity of a folder, so that a recreated one counts as another.
 */
async function foldersOf(path: string): Promise<ReadonlyMap<string, string>> {
  const folders = new Map<string, string>();
  let hop: string | null = path;
  for (let links = 0; hop !== null && links <= maxLinks; links += 1) {
    const folder: string = dirname(hop);
    const identity = await stat(folder).catch(() => null); // Missing: watched again when it is back.
    if (identity !== null) folders.set(`${folder}:${identity.dev}:${identity.ino}`, folder);
    const target: string | null = await readlink(hop).catch(() => null); // Not a link, or missing: the last one.
    hop = target === null ? null : resolve(folder, target);
  }
  return folders;
}
