import {
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { watchConfig } from '../../../src/config/file/watch.ts';

let folder = '';
let ending = new AbortController();

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'mcpvisor-watch-'));
  ending = new AbortController();
});

afterEach(() => {
  ending.abort();
  rmSync(folder, { recursive: true, force: true });
});

function watched(file: string, text?: string): string[] {
  const told: string[] = [];
  watchConfig(file, (content) => told.push('text' in content ? content.text : content.unreadable), {
    signal: ending.signal,
    ...(text === undefined ? {} : { text }),
  });
  return told;
}

const expectTold = (told: readonly string[], expected: readonly string[]) =>
  vi.waitFor(() => expect(told).toEqual(expected), { timeout: 10_000, interval: 10 });

/**
 * Edits until the watcher has told something that came after everything before: then what it should not tell was passed
 * over.
 */
async function untilSettled(file: string, told: string[]): Promise<void> {
  writeFileSync(file, 'the end');
  await vi.waitFor(() => expect(told.at(-1)).toBe('the end'), { timeout: 10_000, interval: 10 });
}

describe('a file that is edited', () => {
  it('is told within a second, once, however many writes there were', async () => {
    const file = join(folder, 'mcp.json');
    writeFileSync(file, 'one');
    const told = watched(file);
    const begun = performance.now();
    writeFileSync(file, '');
    writeFileSync(file, 'tw');
    writeFileSync(file, 'two');
    await expectTold(told, ['two']);
    expect(performance.now() - begun).toBeLessThan(5_000);
  });

  it('is told when another file is renamed over it, again and again', async () => {
    const file = join(folder, 'mcp.json');
    writeFileSync(file, 'one');
    const told = watched(file);
    const expected: string[] = [];
    for (const text of ['two', 'three', 'four']) {
      writeFileSync(join(folder, 'next'), text);
      renameSync(join(folder, 'next'), file);
      expected.push(text);
      await expectTold(told, expected);
    }
  });

  it('is not told when its text stays the same', async () => {
    const file = join(folder, 'mcp.json');
    writeFileSync(file, 'one');
    const told = watched(file);
    writeFileSync(file, 'one');
    await untilSettled(file, told);
    expect(told).toEqual(['the end']);
  });

  it('is told if the edit came between reading and watching', async () => {
    const file = join(folder, 'mcp.json');
    writeFileSync(file, 'two');
    await expectTold(watched(file, 'one'), ['two']);
  });
});

describe('a file that goes and comes', () => {
  it('is waited for: gone is no news, another text is', async () => {
    const file = join(folder, 'mcp.json');
    writeFileSync(file, 'one');
    const told = watched(file);
    unlinkSync(file);
    writeFileSync(file, 'two');
    await expectTold(told, ['two']);
    rmSync(file);
    writeFileSync(file, 'two');
    await untilSettled(file, told);
    expect(told).toEqual(['two', 'the end']);
  });

  it('may not be there at first, nor its folder', async () => {
    const file = join(folder, 'later', 'mcp.json');
    const told = watched(file);
    mkdirSync(join(folder, 'later'));
    writeFileSync(file, 'one');
    await expectTold(told, ['one']);
    rmSync(join(folder, 'later'), { recursive: true });
    mkdirSync(join(folder, 'later'));
    writeFileSync(file, 'two');
    await expectTold(told, ['one', 'two']);
  });
});

describe('a file behind symbolic links', () => {
  it('is watched at its target, and when the link is pointed elsewhere', async () => {
    for (const name of ['a', 'b']) {
      mkdirSync(join(folder, name));
      writeFileSync(join(folder, name, 'real.json'), name);
    }
    const link = join(folder, 'mcp.json');
    symlinkSync('a/real.json', link);
    const told = watched(link);
    writeFileSync(join(folder, 'a', 'real.json'), 'edited');
    await expectTold(told, ['edited']);
    symlinkSync('b/real.json', join(folder, 'next'));
    renameSync(join(folder, 'next'), link);
    await expectTold(told, ['edited', 'b']);
    writeFileSync(join(folder, 'b', 'real.json'), 'edited, too');
    await expectTold(told, ['edited', 'b', 'edited, too']);
    expect(readFileSync(link, 'utf8')).toBe('edited, too');
  });

  it('is told when a mounted volume swaps its ..data link', async () => {
    const publish = (version: string, text: string) => {
      mkdirSync(join(folder, version));
      writeFileSync(join(folder, version, 'mcp.json'), text);
      symlinkSync(version, join(folder, '..data_tmp'));
      renameSync(join(folder, '..data_tmp'), join(folder, '..data'));
    };
    publish('..1', 'one');
    symlinkSync('..data/mcp.json', join(folder, 'mcp.json'));
    const told = watched(join(folder, 'mcp.json'));
    publish('..2', 'two');
    rmSync(join(folder, '..1'), { recursive: true });
    await expectTold(told, ['two']);
    publish('..3', 'three');
    await expectTold(told, ['two', 'three']);
  });
});

describe('a watch that has ended', () => {
  it('tells nothing more', async () => {
    const file = join(folder, 'mcp.json');
    writeFileSync(file, 'one');
    const told = watched(file);
    ending.abort();
    ending = new AbortController();
    const other = watched(file);
    writeFileSync(file, 'two');
    await expectTold(other, ['two']);
    expect(told).toEqual([]);
  });
});
