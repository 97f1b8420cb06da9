import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { expectBlessed } from './blessed.ts';
import { replay } from './transcript.ts';

const folder = new URL('./transcripts/', import.meta.url);
const names = readdirSync(folder).filter((name) => name.endsWith('.txt'));

describe('a transcript', () => {
  it.each(names)('%s is what the chart does', async (name) => {
    const file = new URL(name, folder);
    await expectBlessed(file, replay(readFileSync(file, 'utf8')));
  });

  it('is there for each story', () => {
    expect(names.length).toBeGreaterThanOrEqual(10);
  });
});
