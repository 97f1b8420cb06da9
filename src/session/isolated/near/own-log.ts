/** What a client process writes: into a file that outlives both it and its control plane. */

import {
  closeSync,
  constants,
  copyFileSync,
  fstatSync,
  ftruncateSync,
  mkdirSync,
  openSync,
  readSync,
  renameSync,
} from 'node:fs';
import { dirname } from 'node:path';

const { O_APPEND, O_CREAT, O_NOFOLLOW, O_RDWR } = constants;

/** A file is replaced when it is larger, in bytes, and so many are kept. */
const mostBytes = 1024 * 1024;
const files = 3;

/** Of the end of a log, in bytes: more than is shown. */
const tailBytes = 16 * 1024;
const tailLines = 20;

export interface OwnLog {
  readonly fd: number;
  /** The last lines since it was opened. */
  tail(): readonly string[];
  /** Keeps it within its size while somebody writes to it. Does not throw for want of room. */
  trim(): void;
  close(): void;
}

/** Throws the system's error. */
export function openOwnLog(path: string): OwnLog {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  const fd = openSync(path, O_RDWR | O_APPEND | O_CREAT | O_NOFOLLOW, 0o600);
  let begin = 0;
  const log: OwnLog = {
    fd,
    tail() {
      const { size } = fstatSync(fd);
      const from = Math.max(size < begin ? 0 : begin, size - tailBytes);
      const buffer = Buffer.alloc(size - from);
      readSync(fd, buffer, 0, buffer.length, from);
      const text = buffer.toString().trimEnd();
      return text === '' ? [] : text.split('\n').slice(-tailLines);
    },
    // what writes to it appends, so that it goes on at the new end.
    trim() {
      if (fstatSync(fd).size <= mostBytes) return;
      keepCopy(path);
      ftruncateSync(fd);
      begin = 0;
    },
    close: () => closeSync(fd),
  };
  log.trim();
  begin = fstatSync(fd).size;
  return log;
}

/** Without room for a copy there is none: who holds sessions must not suffer from its log. */
function keepCopy(path: string): void {
  makeRoom(path);
  try {
    copyFileSync(path, `${path}.1`);
  } catch {
    // The file itself stays within its size all the same.
  }
}

function makeRoom(path: string): void {
  for (let index = files - 1; index > 1; index -= 1) {
    try {
      renameSync(`${path}.${index - 1}`, `${path}.${index}`);
    } catch {
      // There are not so many yet.
    }
  }
}
