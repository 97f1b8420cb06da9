/** Trouble of our own surroundings: what the system or a disk refuses us is neither a bug nor a server's failure. */

import { systemCodeOf } from './system-error.ts';

export interface Trouble {
  /** `shortage`: the machine has run out of something. `disk`: a file of ours cannot be read or written. */
  readonly kind: 'shortage' | 'disk';
  /** For people, with the system's code. */
  readonly reason: string;
}

const shortages: ReadonlyMap<string, string> = new Map([
  ['EMFILE', 'this process has too many files open (ulimit -n)'],
  ['ENFILE', 'the system has too many files open'],
  ['EAGAIN', 'no further process may be started (ulimit -u, or a limit of the container)'],
  ['ENOMEM', 'no memory is left'],
  ['ENOBUFS', 'no buffers are left'],
]);

const diskTroubles: ReadonlyMap<string, string> = new Map([
  ['ENOSPC', 'no space is left on the device'],
  ['EDQUOT', 'the disk quota is used up'],
  ['EROFS', 'the file system is read-only'],
  ['EACCES', 'permission is denied'],
  ['EPERM', 'it is not permitted'],
  ['ENOENT', 'it is gone'],
  ['ENOTDIR', 'a file is where its folder should be'],
  ['EISDIR', 'a folder is where the file should be'],
  ['ELOOP', 'a link is where the file should be'],
  ['ESTALE', 'the network file system has lost it'],
  ['EIO', 'the device reports an error'],
]);

/** An error and its causes, at most so many. */
const maxCauses = 8;

/** Null: the error has another reason. Decided by the codes of the error and its causes, the outermost first. */
export function troubleOf(error: unknown): Trouble | null {
  let cause = error;
  for (let depth = 0; depth < maxCauses && cause instanceof Error; depth += 1) {
    const code = systemCodeOf(cause);
    const shortage = shortages.get(code ?? '');
    if (shortage !== undefined) return { kind: 'shortage', reason: `${shortage} (${code})` };
    const disk = diskTroubles.get(code ?? '');
    if (disk !== undefined) return { kind: 'disk', reason: `${disk} (${code})` };
    cause = cause.cause;
  }
  return null;
}

/** Whether the error, or one that caused it, means that the machine has run out of something. */
export function isShortage(error: unknown): boolean {
  return troubleOf(error)?.kind === 'shortage';
}
