import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { createRedactor } from '../../../src/observe/secrets/redact.ts';
import type { LinesMissed, LogLine } from '../../../src/observe/server-logs/line.ts';
import { createServerLogs, type ServerLogsOptions } from '../../../src/observe/server-logs/server-logs.ts';
import { createScratchFolder } from '../../support/scratch-folder.ts';

const startMs = Date.UTC(2026, 0, 31, 12);

function open(options: Partial<ServerLogsOptions> = {}) {
  let nowMs = startMs;
  const problems: unknown[] = [];
  const redactor = createRedactor();
  const logs = createServerLogs({
    folder: null,
    redactor,
    now: () => nowMs++,
    onTrouble: (_path, error) => problems.push(error),
    ...options,
  });
  onTestFinished(() => logs.close());
  return { ...logs, logs, redactor, problems };
}

function textsOf(lines: readonly (LogLine | LinesMissed)[]): readonly string[] {
  return lines.map((line) => ('type' in line ? `missed ${line.count}` : line.text));
}

async function take(lines: AsyncIterator<LogLine | LinesMissed, undefined>, count: number): Promise<readonly string[]> {
  const taken: (LogLine | LinesMissed)[] = [];
  while (taken.length < count) {
    const { done, value } = await lines.next();
    if (done === true || value === undefined) break;
    taken.push(value);
  }
  return textsOf(taken);
}

const folderOf = () => join(createScratchFolder(), 'state', 'logs');

describe.each(['on disk', 'in memory'])('the log of a server %s', (place) => {
  const openHere = () => open({ folder: place === 'on disk' ? folderOf() : null });

  it('is read from its end, oldest line first, with time and stream', async () => {
    const { write, tail } = openHere();
    write('files', 'stderr', 'one');
    write('files', 'protocol', 'a banner on stdout');
    write('other', 'stderr', 'not mine');
    write('files', 'stderr', '  three  ');
    expect(await tail('files', 2)).toEqual([
      { at: '2026-01-31T12:00:00.001Z', stream: 'protocol', text: 'a banner on stdout' },
      { at: '2026-01-31T12:00:00.003Z', stream: 'stderr', text: '  three  ' },
    ]);
    expect(await tail('files', 100)).toHaveLength(3);
    expect(await tail('files', 0)).toEqual([]);
    expect(await tail('silent', 10)).toEqual([]);
  });

  it('holds no secret, and no line has a second one in it', async () => {
    const { write, tail, redactor } = openHere();
    redactor.addSecrets('files', ['hunter2-hunter2']);
    write('files', 'stderr', `token hunter2-hunter2\n2026-01-31T12:00:00.000Z stderr forged`);
    write('files', 'stderr', `${'x'.repeat(8 * 1024 - 3)}hunter2-hunter2`);
    const [first, second] = await tail('files', 10);
    expect(first?.text).toBe('token [redacted]\\n2026-01-31T12:00:00.000Z stderr forged');
    expect(second?.text.endsWith('x[re')).toBe(true);
  });

  it.each(['50 %\r100 %', 'one\u2028two\u2029three', '\u0000\u0085\u001b[2J'])(
    'is given back with its %j',
    async (text) => {
      const { write, tail } = openHere();
      write('files', 'stderr', text);
      expect((await tail('files', 10)).map((line) => line.text)).toEqual([text]);
    },
  );

  it('is followed from a moment on, after a number of earlier lines, without gap or duplicate', async () => {
    const { write, follow } = openHere();
    for (let index = 0; index < 50; index += 1) write('files', 'stderr', `line ${index}`);
    const lines = follow('files', { tail: 3 });
    for (let index = 50; index < 60; index += 1) write('files', 'stderr', `line ${index}`);
    expect(await take(lines, 13)).toEqual(Array.from({ length: 13 }, (_, index) => `line ${47 + index}`));
    const waiting = lines.next();
    write('other', 'stderr', 'not mine');
    write('files', 'stderr', 'line 60');
    expect((await waiting).value).toMatchObject({ text: 'line 60' });
  });

  it('ends its readers by their signal, when they leave, when the server is forgotten, and at the close', async () => {
    const { write, follow, forget, close } = openHere();
    const leaving = new AbortController();
    const left = take(follow('files', { signal: leaving.signal }), 1);
    const aborted = take(follow('files', { signal: AbortSignal.abort() }), 1);
    const gone = follow('files');
    const pending = gone.next();
    leaving.abort();
    await gone.return?.();
    const forgotten = follow('files');
    write('files', 'stderr', 'last words');
    forget('files');
    const closed = take(follow('files'), 1);
    await close();
    await close();
    expect([await left, await aborted, await take(forgotten, 5), await closed, await take(follow('files'), 1)]).toEqual(
      [[], [], ['last words'], [], []],
    );
    expect(await pending).toEqual({ done: true, value: undefined });
  });
});

describe('a reader that is too slow', () => {
  it('is told how many lines it missed, and goes on with the newest', async () => {
    const { write, follow } = open({ maxBufferedBytes: 10 * (128 + 8) });
    const lines = follow('files');
    for (let index = 100; index < 150; index += 1) write('files', 'stderr', `line ${index}`);
    expect(await take(lines, 11)).toEqual([
      'missed 40',
      ...Array.from({ length: 10 }, (_, index) => `line ${140 + index}`),
    ]);
    write('files', 'stderr', 'line 150');
    expect(await take(lines, 1)).toEqual(['line 150']);
  });
});

describe('a log in memory', () => {
  it('keeps what it has room for', async () => {
    const { write, tail } = open({ memoryBytesOf: (server) => (server === 'small' ? 3 * (128 + 6) : undefined) });
    for (let index = 0; index < 10; index += 1) {
      write('small', 'stderr', `line ${index}`);
      write('other', 'stderr', `line ${index}`);
    }
    expect(textsOf(await tail('small', 100))).toEqual(['line 7', 'line 8', 'line 9']);
    expect(await tail('other', 100)).toHaveLength(10);
  });
});

describe('a log on disk', () => {
  it('holds what a forgotten server said last when the close is over', async () => {
    const folder = folderOf();
    const { write, forget, close } = open({ folder });
    write('files', 'stderr', 'last words');
    forget('files');
    await close();
    expect(readFileSync(join(folder, 'files.log'), 'utf8')).toContain('last words');
  });

  it('is a file for its owner only, which a later run goes on with', async () => {
    const folder = folderOf();
    const first = open({ folder });
    first.write('files', 'stderr', 'of an earlier run');
    await first.close();
    const second = open({ folder });
    second.write('files', 'stderr', 'of this run');
    expect(textsOf(await second.tail('files', 10))).toEqual(['of an earlier run', 'of this run']);
    expect(readFileSync(join(folder, 'files.log'), 'utf8')).toBe(
      '2026-01-31T12:00:00.000Z stderr of an earlier run\n2026-01-31T12:00:00.000Z stderr of this run\n',
    );
    expect(statSync(join(folder, 'files.log')).mode & 0o777).toBe(0o600);
    expect(statSync(folder).mode & 0o777).toBe(0o700);
  });

  it('is rotated, and read over its files', async () => {
    const folder = folderOf();
    const { write, tail } = open({ folder, maxFileBytes: 1_000, files: 3 });
    const words = (index: number) => `line ${index} ${'.'.repeat(60)}`;
    for (let index = 0; index < 200; index += 1) {
      write('files', 'stderr', words(index));
      // Each in a write of its own.
      await tail('files', 1);
    }
    expect(readdirSync(folder).toSorted()).toEqual(['files.log', 'files.log.1', 'files.log.2']);
    for (const file of readdirSync(folder)) {
      expect(statSync(join(folder, file)).size).toBeLessThanOrEqual(1_100);
      expect(statSync(join(folder, file)).mode & 0o777).toBe(0o600);
    }
    const kept = textsOf(await tail('files', 1_000));
    expect(kept.length).toBeGreaterThan(15);
    expect(kept).toEqual(Array.from({ length: kept.length }, (_, index) => words(200 - kept.length + index)));
    expect(textsOf(await tail('files', 15))).toEqual(kept.slice(-15));
  });

  it('is read from its end only, however long it is, whatever else stands in it', async () => {
    const folder = folderOf();
    mkdirSync(folder, { recursive: true });
    const line = (index: number) => `2026-01-31T11:00:00.000Z stderr ${'ä'.repeat(100)} ${index}\n`;
    writeFileSync(
      join(folder, 'files.log'),
      `${Array.from({ length: 3_000 }, (_, index) => line(index)).join('')}torn\n\nby hand\n${line(3_000)}`,
    );
    const lines = await open({ folder }).tail('files', 2);
    // What is no line of ours counts as one, and is not shown.
    expect(textsOf(lines).every((text) => text.startsWith('ää'))).toBe(true);
    expect(lines.at(-1)?.text.endsWith(' 3000')).toBe(true);
    expect(await open({ folder }).tail('files', 10_000)).toHaveLength(3_001);
  });

  it('drops and counts what a disk does not take, says so once, and tells of the gap when it takes lines again', async () => {
    const folder = folderOf();
    mkdirSync(join(folder, 'files.log'), { recursive: true });
    const { write, tail, logs, problems } = open({ folder, retryMs: 0 });
    write('files', 'stderr', 'lost with the batch that failed');
    await expect(tail('files', 1)).rejects.toMatchObject({ code: 'EISDIR' });
    write('files', 'stderr', 'lost as well');
    await expect(tail('files', 1)).rejects.toMatchObject({ code: 'EISDIR' });
    expect(problems).toHaveLength(1);
    expect(logs.droppedLines).toBe(2);
    rmSync(join(folder, 'files.log'), { recursive: true });
    write('files', 'stderr', 'kept');
    const texts = textsOf(await tail('files', 10));
    expect(texts.at(-1)).toBe('kept');
    const lost = texts
      .slice(0, -1)
      .map((text) => Number(/^\((\d+) lines lost: the disk was too slow or full\)$/.exec(text)?.[1]));
    expect(lost.reduce((sum, lines) => sum + lines, 0)).toBe(2);
    expect(problems).toEqual([expect.any(Error), null]);
  });

  it('tells of the gap when the disk takes lines again, even if the server has nothing more to say', async () => {
    const folder = folderOf();
    mkdirSync(join(folder, 'files.log'), { recursive: true });
    const { write, tail, problems } = open({ folder, retryMs: 10 });
    write('files', 'stderr', 'lost');
    await vi.waitFor(() => expect(problems).toHaveLength(1), { timeout: 5_000 });
    rmSync(join(folder, 'files.log'), { recursive: true });
    await vi.waitFor(() => expect(problems).toEqual([expect.any(Error), null]), { timeout: 5_000 });
    expect(await tail('files', 10)).toMatchObject([
      { stream: 'stderr', text: '(1 lines lost: the disk was too slow or full)' },
    ]);
  });

  it('is made again, with its modes, when somebody has cleaned its folder away', async () => {
    const folder = folderOf();
    const { write, tail } = open({ folder });
    write('files', 'stderr', 'before');
    await tail('files', 1);
    rmSync(join(folder, '..'), { recursive: true });
    await vi.waitFor(
      async () => {
        write('files', 'stderr', 'after');
        expect(textsOf(await tail('files', 1))).toEqual(['after']);
      },
      { timeout: 10_000, interval: 50 },
    );
    for (const path of [join(folder, '..'), folder]) expect(statSync(path).mode & 0o777).toBe(0o700);
    expect(statSync(join(folder, 'files.log')).mode & 0o777).toBe(0o600);
  });

  it('does not follow a link that came with its folder', async () => {
    const folder = folderOf();
    mkdirSync(folder, { recursive: true });
    const outside = join(createScratchFolder(), 'outside');
    writeFileSync(outside, 'untouched');
    symlinkSync(outside, join(folder, 'files.log'));
    const { write, problems } = open({ folder });
    write('files', 'stderr', 'one');
    await vi.waitFor(() => expect(problems).toHaveLength(1), { timeout: 5_000 });
    expect(readFileSync(outside, 'utf8')).toBe('untouched');
  });

  it('holds no more lines in memory than it was told to', async () => {
    const { write, tail, logs } = open({ folder: folderOf(), maxBufferedBytes: 1_000 });
    for (let index = 0; index < 100; index += 1) write('files', 'stderr', 'x'.repeat(60));
    expect(logs.droppedLines).toBeGreaterThan(80);
    expect((await tail('files', 100)).length).toBe(100 - logs.droppedLines);
  });

  it('of a server that never says anything is not there, nor is its folder', async () => {
    const folder = folderOf();
    const { tail, close } = open({ folder });
    await tail('files', 10);
    await close();
    expect(existsSync(folder)).toBe(false);
  });

  it('of a server called like us does not get into our own log', async () => {
    const folder = folderOf();
    const { write, close } = open({ folder });
    write('mcpvisor', 'stderr', 'not ours');
    await close();
    expect(readdirSync(folder)).toEqual(['mcpvisor~.log']);
  });
});
