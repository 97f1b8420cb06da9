import { chmodSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { createSupervisor, type Supervisor } from '../../../src/index.ts';
import { createScratchFolder } from '../../support/scratch-folder.ts';
import { errorOf, untilFact } from '../../support/supervised.ts';

const asleep = { command: 'no-such-program', lazy: true };

const text = `// mine
{
  "mcpServers": {
    // the first
    "a": { "command": "no-such-program", "lazy": true, "env": { "TOKEN": "one" } }, // keep
    "b": { "command": "no-such-program", "lazy": true, "note": "unknown to mcpvisor" }
  }
}
`;

async function openFile() {
  const file = join(createScratchFolder(), 'mcp.json');
  writeFileSync(file, text);
  const supervisor = await createSupervisor({ config: file });
  onTestFinished(() => supervisor.close());
  return { file, supervisor, read: () => readFileSync(file, 'utf8') };
}

const namesIn = (supervisor: Supervisor) => supervisor.status().servers.map(({ name, source }) => `${name} ${source}`);

async function lastOf(supervisor: Supervisor) {
  const { versions } = await supervisor.versions({ limit: 1 });
  return versions[0];
}

describe('an edit that is to go to the file', () => {
  it('writes it and leaves the rest as it is, and no edit by hand is seen in it', async () => {
    const { supervisor, read } = await openFile();
    expect(await supervisor.add('c', asleep, { to: 'file', by: 'anna' })).toMatchObject({ version: 2, start: ['c'] });
    expect(await supervisor.update('a', { lazy: null }, { to: 'file' })).toMatchObject({ version: 3 });
    expect(await supervisor.remove(['b'], { to: 'file' })).toMatchObject({ version: 4, stop: ['b'] });
    expect(read()).toContain('// mine');
    expect(read()).toContain('// the first');
    expect(read()).toContain('"TOKEN": "one"');
    expect(namesIn(supervisor)).toEqual(['a file', 'c file']);
  });

  it('of a file that is not in force, or not to be written, changes nothing', async () => {
    const { supervisor, file, read } = await openFile();
    const rejected = untilFact(supervisor, 'config.rejected');
    writeFileSync(file, '{"mcpServers": {');
    await rejected;
    for (const to of ['file', 'store'] as const)
      expect(await errorOf(supervisor.add('c', asleep, { to }))).toMatchObject({
        code: 'CONFIG_READ_ONLY',
        details: { file, reason: expect.stringContaining('line 1, column 17') },
      });
    expect(read()).toBe('{"mcpServers": {');
    const mended = untilFact(supervisor, 'config.applied');
    writeFileSync(file, text);
    await mended;
    chmodSync(file, 0o444);
    expect(await errorOf(supervisor.add('c', asleep, { to: 'file' }))).toMatchObject({ code: 'CONFIG_READ_ONLY' });
    expect(supervisor.configVersion()).toBe(1);
    expect(namesIn(supervisor)).toEqual(['a file', 'b file']);
    expect(await supervisor.add('c', asleep)).toMatchObject({ version: 2 });
  });
});

describe('an edit of the file by hand', () => {
  it('makes a version, also of a secret alone', async () => {
    const { supervisor, file } = await openFile();
    const applied = untilFact(supervisor, 'config.applied');
    writeFileSync(file, text.replace('"one"', '"two"'));
    await applied;
    await expect.poll(() => supervisor.configVersion()).toBe(2);
    const version = await lastOf(supervisor);
    expect(version).toMatchObject({ by: 'file', summary: 'changed a', changes: [{ source: 'file', server: 'a' }] });
    expect(JSON.stringify(version)).not.toMatch(/one|two/);
    expect(await errorOf(supervisor.rollback(1))).toMatchObject({ code: 'CONFIG_INVALID' });
  });

  it('wins over the store, which has its server again when the file drops it', async () => {
    const { supervisor, file } = await openFile();
    await supervisor.add('c', asleep, { to: 'store' });
    const overruled = untilFact(supervisor, 'config.overruled');
    writeFileSync(file, text.replace('"b"', '"c"'));
    expect(await overruled).toMatchObject({ file, servers: ['c'] });
    expect(namesIn(supervisor)).toEqual(['a file', 'c file']);
    expect(await supervisor.remove('c', { to: 'file' })).toMatchObject({ stop: [] });
    expect(namesIn(supervisor)).toEqual(['a file', 'c store']);
  });
});

describe('a rollback', () => {
  it('undoes each part where it was, secrets included that are still there', async () => {
    const { supervisor, read } = await openFile();
    await supervisor.add('s', { ...asleep, env: { KEY: 'stored' } }, { to: 'store' });
    await supervisor.add('h', asleep);
    await supervisor.update('a', { callTimeoutMs: 7 }, { to: 'file' });
    await supervisor.remove('s');
    await supervisor.remove('h');
    expect(await supervisor.rollback(3, { by: 'anna' })).toMatchObject({ version: 7, change: ['a'] });
    expect(namesIn(supervisor)).toEqual(['a file', 'b file', 's store', 'h host']);
    expect(read()).toContain('"TOKEN": "one"');
    expect(read()).not.toContain('callTimeoutMs');
    expect(await lastOf(supervisor)).toMatchObject({ by: 'anna', summary: expect.stringContaining('to version 3') });
    expect(await supervisor.rollback(1)).toMatchObject({ stop: ['s', 'h'] });
    expect(await errorOf(supervisor.rollback(70))).toMatchObject({ code: 'NOT_FOUND' });
  });
});

describe('a pasted fragment', () => {
  const input = (name: string) => `$\{input:${name}}`;
  it.each([
    ['of ours', { mcpServers: { x: asleep } }],
    ['of VS Code', { inputs: [], servers: { x: asleep } }],
    ['of settings', { mcp: { servers: { x: asleep } } }],
    ['of Zed', { context_servers: { x: asleep } }],
    ['with names alone', { x: asleep }],
    ['as text with comments', `// copied\n{"mcpServers": {"x": ${JSON.stringify(asleep)},}}`],
    ['as a part of a text', `"x": ${JSON.stringify(asleep)},`],
  ])('%s is understood', async (_, fragment) => {
    const { supervisor } = await openFile();
    expect(await supervisor.addAll(fragment, { to: 'store' })).toMatchObject({
      version: 2,
      plan: { start: ['x'] },
      results: [{ name: 'x', outcome: 'added', problems: [] }],
    });
  });

  it('is added one by one, in one version, whatever depends on what', async () => {
    const { supervisor } = await openFile();
    const servers = {
      x: { ...asleep, dependsOn: ['y'] },
      y: { ...asleep, env: { KEY: input('api key') } },
      a: asleep,
      z: { command: 7 },
    };
    const { version, results } = await supervisor.addAll({ servers }, { to: 'store' });
    expect(version).toBe(2);
    expect(results.map(({ name, outcome }) => `${name} ${outcome}`)).toEqual([
      'x added',
      'y added',
      'a refused',
      'z refused',
    ]);
    expect(results[3]?.problems).toMatchObject([{ path: 'mcpServers.z.command' }]);
    for (const nothing of [{}, { command: 'x' }, 'nothing', 7, null])
      expect(await errorOf(supervisor.addAll(nothing))).toMatchObject({ code: 'CONFIG_INVALID' });
  });
});
