import { execFileSync } from 'node:child_process';
import { closeSync, constants, fstatSync, openSync, readFileSync, readSync, writeFileSync, writeSync } from 'node:fs';
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { openLineWriter } from '../../../src/observe/log/line-writer.ts';
import { createScratchFolder } from '../../support/scratch-folder.ts';

/** Room for all that a test writes. */
const maxBufferedBytes = 1024 * 1024;

function open(target: number | string) {
  const problems: (Error | null)[] = [];
  const writer = openLineWriter({ target, maxBufferedBytes, onTrouble: (error) => problems.push(error) });
  onTestFinished(() => writer.close(0));
  return { ...writer, problems };
}

/** More lines than a pipe holds. */
function manyLines(of: string): string[] {
  return Array.from({ length: 4000 }, (_, index) => `${`${of} ${index} `.padEnd(59, '.')}\n`);
}

/** A pipe: what is written stays in it until it is read. `blocks`: a write to `fd` waits for room. */
function createPipe({ blocks = false, isFull = false }: { readonly blocks?: boolean; readonly isFull?: boolean } = {}) {
  const path = join(createScratchFolder(), 'pipe');
  execFileSync('mkfifo', [path]);
  // Read and write, so that opening waits for no other end.
  const end = openSync(path, constants.O_RDWR | constants.O_NONBLOCK);
  const fd = openSync(path, blocks ? constants.O_RDWR : constants.O_RDWR | constants.O_NONBLOCK);
  const buffer = Buffer.alloc(4096);
  if (isFull) expect(() => writeForever(end, buffer)).toThrow('EAGAIN');
  let text = '';
  const read = (): string => {
    try {
      for (;;) text += buffer.toString('latin1', 0, readSync(end, buffer));
    } catch {
      // Empty.
    }
    return text;
  };
  onTestFinished(async () => {
    await vi.waitFor(
      () => {
        read();
        expect(isOpen(fd)).toBe(false);
      },
      { timeout: 5000 },
    );
    closeSync(end);
  });
  return { fd, read };
}

function writeForever(fd: number, bytes: Buffer): never {
  for (;;) writeSync(fd, bytes);
}

function isOpen(fd: number): boolean {
  try {
    return fstatSync(fd).isFIFO();
  } catch {
    return false;
  }
}

/** A file with the number that a closed descriptor had: the system gives the lowest one that is free. */
function openFileAs(fd: number): string {
  const path = join(createScratchFolder(), 'other-file');
  const opened: number[] = [];
  onTestFinished(() => {
    for (const one of opened) closeSync(one);
  });
  while (!opened.includes(fd)) {
    opened.push(openSync(path, 'a'));
    expect(opened.at(-1)).toBeLessThanOrEqual(fd);
  }
  return path;
}

describe('a full pipe', () => {
  it('gets every line once and in order when it is read at last', async () => {
    const pipe = createPipe();
    const writer = open(pipe.fd);
    const lines = manyLines('line');
    for (const line of lines) expect(writer.write(line)).toBe(true);
    await vi.waitFor(() => expect(pipe.read()).not.toBe(''), { timeout: 5000 });
    const closed = writer.close(60_000);
    await vi.waitFor(() => expect(pipe.read()).toHaveLength(lines.join('').length), { timeout: 30_000 });
    await closed;
    expect(pipe.read()).toBe(lines.join(''));
    expect(writer.problems).toEqual([]);
  });

  it('is given up when the time is over, and its lines go to no file that has its number next', async () => {
    const pipe = createPipe({ isFull: true });
    const writer = open(pipe.fd);
    for (const line of manyLines('lost')) writer.write(line);
    await writer.close(20);
    await vi.waitFor(() => expect(isOpen(pipe.fd)).toBe(false), { timeout: 5000 });
    const file = openFileAs(pipe.fd);

    // What another writer tries again, having begun later, is written later than anything of the first would be.
    const later = createPipe();
    const clock = open(later.fd);
    const lines = manyLines('later');
    for (const line of lines) clock.write(line);
    const closed = clock.close(60_000);
    await vi.waitFor(() => expect(later.read()).toHaveLength(lines.join('').length), { timeout: 30_000 });
    await closed;
    expect(readFileSync(file, 'utf8')).toBe('');
  });

  it('is not closed under a write that is on its way', async () => {
    const pipe = createPipe({ blocks: true, isFull: true });
    const writer = open(pipe.fd);
    for (const line of manyLines('line')) writer.write(line);
    await writer.close(20);
    for (let round = 0; round < 20; round += 1) await stat('.');
    expect(isOpen(pipe.fd)).toBe(true);
    expect(writer.write('after close\n')).toBe(false);
    await vi.waitFor(
      () => {
        pipe.read();
        expect(isOpen(pipe.fd)).toBe(false);
      },
      { timeout: 5000 },
    );
    expect(writer.problems).toEqual([]);
  });
});

describe('a descriptor that cannot be written to', () => {
  it('is told of once, and closed', async () => {
    const path = join(createScratchFolder(), 'read-only');
    writeFileSync(path, '');
    const fd = openSync(path, 'r');
    const writer = open(fd);
    writer.write('line\n');
    await vi.waitFor(() => expect(writer.problems).toMatchObject([{ code: 'EBADF' }]), { timeout: 5000 });
    expect(writer.write('line\n')).toBe(false);
    await writer.close(5000);
    expect(() => fstatSync(fd)).toThrow('EBADF');
    expect(writer.problems).toHaveLength(1);
  });
});

describe('a process that exits without closing', () => {
  it('writes out what it has first', async () => {
    const path = join(createScratchFolder(), 'file');
    const others = process.listeners('exit');
    const writer = open(openSync(path, 'a'));
    const own = process.listeners('exit').filter((listener) => !others.includes(listener));
    for (const line of ['under way\n', 'a\n', 'b\n']) writer.write(line);
    for (const listener of own) listener(0);
    expect(readFileSync(path, 'utf8')).toContain('a\nb\n');
    await writer.close(5000);
    expect(readFileSync(path, 'utf8').split('\n').sort()).toEqual(['', 'a', 'b', 'under way']);
    expect(process.listeners('exit')).toEqual(others);
  });
});
