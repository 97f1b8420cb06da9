import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { expectBlessed } from './blessed.ts';
import { replayClient } from './client-process/transcript.ts';
import { replay } from './server/transcript.ts';
import { replayTree } from './tree/transcript.ts';

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

const clientFolder = new URL('./client-transcripts/', import.meta.url);

describe('a transcript of the client process', () => {
  it.each(readdirSync(clientFolder))('%s is what the chart does', async (name) => {
    const file = new URL(name, clientFolder);
    await expectBlessed(file, replayClient(readFileSync(file, 'utf8')));
  });
});

const treeFolder = new URL('./tree-transcripts/', import.meta.url);

describe('a transcript of a tree', () => {
  it.each(readdirSync(treeFolder))('%s is what the charts do', async (name) => {
    const file = new URL(name, treeFolder);
    await expectBlessed(file, await replayTree(readFileSync(file, 'utf8')));
  });
});
