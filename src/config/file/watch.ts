/**
 * Notices edits of a configuration file: in place, by renaming another file over it, or by changing the target of a
 * symbolic link.
 */

import { type FSWatcher, watch } from 'node:fs';
import { readlink, stat } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { isSystemError } from '../../system-error.ts';
import { maxConfigBytes, readTextFile, reasonOf } from './text-file.ts';

export interface WatchOptions {
  /** Stops watching. */
  readonly signal: AbortSignal;
  /** Quiet time after the last sign of an edit, in milliseconds. Default 200. */
  readonly debounceMs?: number;
  /** The text that the caller has read: an edit since then is reported. Default: the current text. */
  readonly text?: string;
  /** Receives what `onChange` threw. Default: ignored. */
  readonly onError?: (error: unknown) => void;
}

/** What is in the place of the file: its text, or why it cannot be read. */
export type Content = { readonly text: string } | { readonly unreadable: string };

/**
 * In milliseconds: with the quiet time of 200 ms an edit is noticed within a second even where the system reports none
 * (network file systems).
 */
const pollMs = 700;

/** The number of links that Linux follows. */
const maxLinks = 40;

/**
 * Calls `onChange` whenever the file has another text, or cannot be read any more. A missing file is waited for and is
 * no change. Keeps no process alive.
 */
export function watchConfig(
  file: string,
  onChange: (content: Content) => void,
  { signal, debounceMs = 200, text, onError = () => {} }: WatchOptions,
): void {
  if (signal.aborted) return;
  const path = resolve(file);
  const watchers = new Map<string, FSWatcher>();
  let known = text ?? textNow(path);
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
    const content = contentOf(path);
    const isTorn = before !== (await fingerprintOf(path));
    if (signal.aborted) return;
    if (isTorn) seen = null;
    if (isTorn) return look();
    if (content === null || ('text' in content && content.text === known)) return;
    // The former text is a change again after one that could not be read.
    known = 'text' in content ? content.text : null;
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

  /** One task at a time. What one throws must not end the watching. */
  const queue = (task: () => Promise<void>) => {
    work = work.then(task).catch(onError);
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

/** Null: there is no file. Its return is a change. */
function contentOf(path: string): Content | null {
  try {
    return { text: readTextFile(path, { maxBytes: maxConfigBytes }) };
  } catch (error) {
    return isMissing(error) ? null : { unreadable: reasonOf(error) };
  }
}

function textNow(path: string): string | null {
  const content = contentOf(path);
  return content !== null && 'text' in content ? content.text : null;
}

function isMissing(error: unknown): boolean {
  return isSystemError(error, 'ENOENT') || isSystemError(error, 'ENOTDIR');
}

/** Identifies a state of the file without reading it. Null: there is no file. */
async function fingerprintOf(path: string): Promise<string | null> {
  try {
    const { dev, ino, size, mtimeNs, ctimeNs } = await stat(path, { bigint: true });
    return [dev, ino, size, mtimeNs, ctimeNs].join(':');
  } catch (error) {
    return isMissing(error) ? null : reasonOf(error);
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
    // Missing, closed to us, or broken: the poll looks at the file all the same.
    const identity = await stat(folder).catch(() => null);
    if (identity !== null) folders.set(`${folder}:${identity.dev}:${identity.ino}`, folder);
    // Not a link, or one that cannot be read: what there is to know of the file, the poll finds.
    const target: string | null = await readlink(hop).catch(() => null);
    hop = target === null ? null : resolve(folder, target);
  }
  return folders;
}
