import { execFileSync } from 'node:child_process';
import { mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { createSupervisor, type Supervisor } from '../../../src/index.ts';
import { onTestFinished } from '../../support/finishing.ts';
import { createScratchFolder } from '../../support/scratch-folder.ts';
import { type Entries, openStage, pidOf, type Stage, untilFact } from '../../support/supervised.ts';

interface Scene extends Stage {
  readonly file: string;
  readonly supervisor: Supervisor;
  readonly pids: readonly number[];
  write(servers: Entries, rest?: object): void;
  alarms(): readonly { readonly alarm: string; readonly reason: string }[];
}

/** A supervisor with the servers `a` and `b` of a file. */
async function openScene(): Promise<Scene> {
  const file = join(createScratchFolder(), 'mcp.json');
  const stage = openStage();
  const write: Scene['write'] = (servers, rest = {}) =>
    writeFileSync(file, JSON.stringify({ mcpServers: servers, ...rest }, null, 2));
  write({ a: stage.program('speak'), b: stage.program('speak') });
  const supervisor = await createSupervisor({ config: file });
  onTestFinished(() => supervisor.close());
  await supervisor.ready();
  const pids = ['a', 'b'].map((server) => pidOf(supervisor, server));
  const alarms = () => supervisor.status().alarms.filter(({ actor }) => actor === 'supervisor');
  return { ...stage, file, supervisor, pids, write, alarms };
}

function pidsNow({ supervisor }: Scene): readonly number[] {
  return ['a', 'b'].map((server) => pidOf(supervisor, server));
}

/** The file as it was; nothing was done for it, and the alarm is over. */
async function expectMended(scene: Scene): Promise<void> {
  const applied = untilFact(scene.supervisor, 'config.applied');
  scene.write({ a: scene.program('speak'), b: scene.program('speak') });
  expect(await applied).toMatchObject({ started: [], stopped: [], restarted: [] });
  expect(scene.alarms()).toEqual([]);
  expect(pidsNow(scene)).toEqual(scene.pids);
}

describe.concurrent('an edit that plainly meant servers', () => {
  const entries = { a: { command: 'x' }, b: { url: 'http://127.0.0.1:1' } };
  it.each([
    ['a slip in the key', { mcpServer: entries }],
    ['a slip without servers', { mcpservers: {} }],
    ['the key of VS Code', { servers: entries, inputs: [] }],
    ['the key of VS Code beside an empty one of ours', { mcpServers: {}, servers: entries }],
    ['the key of Zed', { context_servers: entries }],
    ['the key of opencode', { mcp: { a: { type: 'local', command: ['x'] }, b: { type: 'remote', url: 'http://x' } } }],
    ['settings of an editor', { 'editor.fontSize': 12, mcp: { servers: entries } }],
    ['settings with a dotted key', { 'mcp.servers': entries }],
    ['the servers without a key', entries],
    ['one entry', { command: 'x' }],
    ['nothing', {}],
    ['null', null],
    ['only other settings', { mcpvisor: {} }],
  ])('with %s stops nothing, and says what to write', async (_, document) => {
    const scene = await openScene();
    const rejected = untilFact(scene.supervisor, 'config.rejected');
    writeFileSync(scene.file, JSON.stringify(document));
    expect((await rejected).problems.join('\n')).toMatch(/mcpServers/);
    expect(pidsNow(scene)).toEqual(scene.pids);
    expect(scene.alarms()).toMatchObject([{ alarm: 'config-rejected' }]);
    await expectMended(scene);
  });

  it.each(['', ' \n '])('with %j stops nothing', async (text) => {
    const scene = await openScene();
    const rejected = untilFact(scene.supervisor, 'config.rejected');
    writeFileSync(scene.file, text);
    await rejected;
    expect(pidsNow(scene)).toEqual(scene.pids);
  });

  it('stops everything when it says so', async () => {
    const scene = await openScene();
    const applied = untilFact(scene.supervisor, 'config.applied');
    writeFileSync(scene.file, '{"mcpServers": {}}');
    expect((await applied).stopped).toEqual(['a', 'b']);
  });
});

describe.concurrent('an edit with a mistake in one entry', () => {
  it('is applied but for that entry, whose server goes on with the one it had', async () => {
    const scene = await openScene();
    const { program, supervisor } = scene;
    const applied = untilFact(supervisor, 'config.applied');
    scene.write({
      a: { ...program('speak'), args: 'a list' },
      b: program('speak'),
      c: program('speak'),
      d: { command: 7 },
      e: program('speak', { dependsOn: ['d'] }),
      f: program('speak', { dependsOn: ['a'] }),
    });
    expect(await applied).toMatchObject({ started: ['c', 'f'], stopped: [], restarted: [] });
    expect(pidsNow(scene)).toEqual(scene.pids);
    expect(supervisor.status().servers.map(({ name }) => name)).toEqual(['a', 'b', 'c', 'f']);
    const [alarm] = scene.alarms();
    expect(alarm).toMatchObject({ alarm: 'entries-refused' });
    expect(alarm?.reason).toContain('a, d, e');
    expect(alarm?.reason).toMatch(/line 5, column 7: mcpServers\.a\.args: must be a list/);
    expect(alarm?.reason).toContain('names "d", whose entry has a mistake');
    // The host may add what it likes meanwhile.
    expect(await supervisor.add('d', program('speak'))).toMatchObject({ start: ['d'] });
    expect(scene.alarms()).toHaveLength(1);
    const applied2 = untilFact(supervisor, 'config.applied');
    scene.write({ a: program('speak'), b: program('speak') });
    expect(await applied2).toMatchObject({ stopped: ['c', 'f'], restarted: [] });
    expect(scene.alarms()).toEqual([]);
    expect(supervisor.status('d')).toMatchObject({ source: 'host' });
  });

  it('is refused as a whole where the file is strict, or nothing in it is sound', async () => {
    const scene = await openScene();
    const { program, supervisor } = scene;
    for (const [servers, rest] of [
      [{ a: { command: 7 }, c: program('speak') }, { mcpvisor: { strict: true } }],
      [{ c: { command: 7 } }, {}],
    ] as const) {
      const rejected = untilFact(supervisor, 'config.rejected');
      scene.write(servers, rest);
      await rejected;
      expect(supervisor.status().servers.map(({ name }) => name)).toEqual(['a', 'b']);
      expect(pidsNow(scene)).toEqual(scene.pids);
      expect(scene.alarms()).toMatchObject([{ alarm: 'config-rejected' }]);
    }
    await expectMended(scene);
  });

  it('does not take away what a server with a broken entry needs', async () => {
    const scene = await openScene();
    const { program, supervisor } = scene;
    const needs = untilFact(supervisor, 'config.applied');
    scene.write({ a: program('speak', { dependsOn: ['b'] }), b: program('speak') });
    await needs;
    const rejected = untilFact(supervisor, 'config.rejected');
    scene.write({ a: { command: 7 }, c: program('speak') });
    expect((await rejected).problems.join('\n')).toContain('names "b", which would be removed');
    expect(supervisor.status().servers.map(({ name }) => name)).toEqual(['a', 'b']);
  });

  it('lets the sound servers start at first, too', async () => {
    const file = join(createScratchFolder(), 'mcp.json');
    const stage = openStage();
    writeFileSync(file, JSON.stringify({ mcpServers: { good: stage.program('speak'), bad: { comand: 'x' } } }));
    const supervisor = await createSupervisor({ config: file });
    onTestFinished(() => supervisor.close());
    await supervisor.ready();
    expect(supervisor.status('good').state).toBe('connected');
    expect(supervisor.status().alarms).toMatchObject([{ actor: 'supervisor', alarm: 'entries-refused' }]);
  });
});

// Alone: what is measured is for how long they hold up others.
describe('an edit that breaks the reading', () => {
  const nest = (levels: number) => `${'${A:-'.repeat(levels)}x${'}'.repeat(levels)}`;
  it.each([
    ['defaults nested 3 000 deep', (file: string) => writeFileSync(file, entryWith(nest(3_000)))],
    ['defaults nested 100 000 deep', (file: string) => writeFileSync(file, entryWith(nest(100_000)))],
    ['100 000 unclosed expressions', (file: string) => writeFileSync(file, entryWith('${A:-'.repeat(100_000)))],
    ['objects nested 100 000 deep', (file: string) => writeFileSync(file, '{"a":'.repeat(100_000))],
    ['lists nested 2 000 deep', (file: string) => writeFileSync(file, `${'['.repeat(2_000)}${']'.repeat(2_000)}`)],
    ['a long text', (file: string) => writeFileSync(file, ' '.repeat(40_000_000))],
    ['a pipe', (file: string) => execFileSync('mkfifo', [file])],
    ['a device', (file: string) => symlinkSync('/dev/zero', file)],
    ['a folder', (file: string) => mkdirSync(file)],
    ['a link to itself', (file: string) => symlinkSync(file, file)],
    [
      'bytes that are no text',
      (file: string) => writeFileSync(file, Buffer.from('{"mcpServers": {"\xe9": {}}}', 'latin1')),
    ],
  ])('with %s is rejected at once, and the next one is carried out', async (_, spoil) => {
    const scene = await openScene();
    const rejected = untilFact(scene.supervisor, 'config.rejected');
    rmSync(scene.file);
    spoil(scene.file);
    const longest = await worstDelayDuring(rejected);
    expect(longest).toBeLessThan(2_000);
    expect(scene.alarms()).toMatchObject([{ alarm: 'config-rejected' }]);
    rmSync(scene.file, { recursive: true });
    await expectMended(scene);
  });

  function entryWith(text: string): string {
    return JSON.stringify({ mcpServers: { a: { command: 'x', env: { A: text } } } });
  }
});

/** How long other work had to wait at most, in milliseconds. */
async function worstDelayDuring(work: Promise<unknown>): Promise<number> {
  let worst = 0;
  let last = performance.now();
  const timer = setInterval(() => {
    const now = performance.now();
    worst = Math.max(worst, now - last);
    last = now;
  }, 5);
  try {
    await work;
  } finally {
    clearInterval(timer);
  }
  return worst;
}
