/** The last lines of a rotated log, read from its end. */

import { constants } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { isSystemError } from '../../system-error.ts';
import { type LogLine, parseWritten } from './line.ts';

const chunkBytes = 64 * 1024;
const lineEnd = 10;

/**
 * `paths` has the newest file first. What is missing, or not a file of ours (a link, or one that has another name,
 * too), is skipped. Returns the oldest line first.
 */
export async function readTail(paths: readonly string[], count: number): Promise<readonly LogLine[]> {
  let lines: readonly LogLine[] = [];
  const read = new Set<number>();
  for (const path of paths) {
    if (lines.length >= count) break;
    const file = await openIfThere(path);
    if (file === null) continue;
    try {
      const stats = await file.stat();
      if (stats.isFile() && stats.nlink > 1) continue;
      const { ino } = stats;
      // Rotated while we read: it has been read already, under its earlier name.
      if (read.has(ino)) continue;
      read.add(ino);
      lines = [...(await lastLinesOf(file, count - lines.length)), ...lines];
    } finally {
      await file.close();
    }
  }
  return lines;
}

async function openIfThere(path: string): Promise<FileHandle | null> {
  try {
    const { O_NOFOLLOW, O_NONBLOCK, O_RDONLY } = constants;
    // Without O_NONBLOCK, a pipe without a writer would be waited for.
    return await open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
  } catch (error) {
    if (isSystemError(error, 'ENOENT') || isSystemError(error, 'ELOOP')) return null;
    throw error;
  }
}

async function lastLinesOf(file: FileHandle, count: number): Promise<readonly LogLine[]> {
  const chunks: Buffer[] = [];
  let ends = 0;
  let { size: from } = await file.stat();
  // One more than asked for, so that the first one wanted is whole.
  while (from > 0 && ends <= count) {
    const length = Math.min(chunkBytes, from);
    from -= length;
    const { buffer, bytesRead } = await file.read({ buffer: Buffer.alloc(length), position: from });
    const chunk = buffer.subarray(0, bytesRead);
    ends += countEnds(chunk);
    chunks.unshift(chunk);
  }
  const lines = Buffer.concat(chunks).toString('utf8').split('\n');
  if (from > 0) lines.shift();
  const parsed = lines.map(parseWritten).filter((line) => line !== null);
  return parsed.slice(-count);
}

function countEnds(chunk: Buffer): number {
  let ends = 0;
  for (let at = chunk.indexOf(lineEnd); at !== -1; at = chunk.indexOf(lineEnd, at + 1)) ends += 1;
  return ends;
}
