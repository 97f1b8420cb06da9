import { readFileSync, renameSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { createSupervisor, isMcpvisorError, type Supervisor } from '../../../src/index.ts';
import { pidsMarked } from '../../support/processes.ts';
import { createScratchFolder } from '../../support/scratch-folder.ts';
import {
  type Entries,
  type Entry,
  errorOf,
  factsSoFar,
  openStage,
  pidOf,
  type Stage,
  textOf,
  untilFact,
  untilState,
} from '../../support/supervised.ts';

interface FileStage extends Stage {
  readonly file: string;
  /** Writes an `mcp.json` with these servers over the old one, as editors do. */
  write(servers: Entries, settings?: Entry): void;
  writeText(text: string): void;
  openFile(): Promise<Supervisor>;
}

function openFileStage(): FileStage {
  const file = join(createScratchFolder(), 'mcp.json');
  const stage = openStage();
  const writeText = (text: string) => {
    writeFileSync(`${file}.new`, text);
    renameSync(`${file}.new`, file);
  };
  return {
    ...stage,
    file,
    writeText,
    write: (servers, settings = {}) => writeText(JSON.stringify({ mcpServers: servers, mcpvisor: settings }, null, 2)),
    async openFile() {
      const supervisor = await createSupervisor({ config: file });
      onTestFinished(() => supervisor.close());
      return supervisor;
    },
  };
}

function pidsOf(supervisor: Supervisor, ...servers: readonly string[]): readonly number[] {
  return servers.map((server) => pidOf(supervisor, server));
}

describe('an edit of the configuration file', () => {
  it('restarts only what changed, stops what is gone or disabled, starts what is new, within a second', async () => {
    const stage = openFileStage();
    const { program } = stage;
    stage.write({
      keeps: program('speak'),
      changes: program('speak'),
      goes: program('speak'),
      sleeps: program('speak'),
    });
    const supervisor = await stage.openFile();
    await supervisor.ready();
    const [keeps, changes, goes, sleeps] = pidsOf(supervisor, 'keeps', 'changes', 'goes', 'sleeps');
    const applied = untilFact(supervisor, 'config.applied');
    const removed = untilFact(supervisor, 'server.removed');
    stage.write({
      keeps: program('speak'),
      changes: program('speak', { env: { NEW: 'value' } }),
      sleeps: program('speak', { enabled: false }),
      comes: program('speak'),
    });
    const writtenAt = Date.now();
    const { at, started, stopped, restarted, changed } = await applied;
    expect(Date.parse(at) - writtenAt).toBeLessThan(5_000);
    expect({ started, stopped, restarted, changed }).toEqual({
      started: ['comes'],
      stopped: ['sleeps', 'goes'],
      restarted: ['changes'],
      changed: [],
    });
    expect(await removed).toMatchObject({ actor: 'server:goes' });
    expect(await supervisor.ready()).toEqual({ settled: true, notReady: [] });
    await expect.poll(() => supervisor.status('sleeps').state).toBe('idle');
    expect(pidOf(supervisor, 'keeps')).toBe(keeps);
    expect(pidOf(supervisor, 'changes')).not.toBe(changes);
    expect(supervisor.status('sleeps')).toMatchObject({ wanted: 'down', pid: null });
    expect(() => supervisor.status('goes')).toThrow(expect.objectContaining({ code: 'SERVER_NOT_FOUND' }));
    expect(supervisor.status('comes')).toMatchObject({ state: 'connected', generation: 1, source: 'file' });
    const environment = JSON.parse(textOf(await supervisor.callTool('changes', 'environment')));
    expect(environment.NEW).toBe('value');
    const alive = pidsMarked(stage.mark);
    expect(alive).not.toContain(goes);
    expect(alive).not.toContain(sleeps);
    expect(alive).toHaveLength(3);
  });

  it('that is broken changes nothing, and every problem of it is told', async () => {
    const stage = openFileStage();
    stage.write({ a: stage.program('speak') });
    const supervisor = await stage.openFile();
    await supervisor.ready();
    const before = pidOf(supervisor, 'a');
    const invalid = untilFact(supervisor, 'config.rejected');
    const broken = { a: { command: 7 }, 'no\u0000name': stage.program('speak'), b: { url: 'ftp://nowhere' } };
    stage.write(broken, { strict: true });
    const { file, problems } = await invalid;
    expect(file).toBe(stage.file);
    expect(problems.length).toBeGreaterThanOrEqual(3);
    for (const path of ['mcpServers.a.command', 'u0000name', 'mcpServers.b.url'])
      expect(problems.join('\n')).toContain(path);
    const torn = untilFact(supervisor, 'config.rejected');
    stage.writeText('{"mcpServers": {');
    expect((await torn).problems.join('\n')).toContain('line 1, column 17');
    expect(pidOf(supervisor, 'a')).toBe(before);
    expect(supervisor.status().servers.map(({ name }) => name)).toEqual(['a']);

    const mended = untilFact(supervisor, 'config.applied');
    stage.write({ a: stage.program('speak'), b: stage.program('speak') });
    expect(await mended).toMatchObject({ started: ['b'], restarted: [] });
    expect(pidOf(supervisor, 'a')).toBe(before);
  });

  it('that says the same in other words restarts nothing', async () => {
    const stage = openFileStage();
    stage.write({ a: stage.program('speak') });
    const supervisor = await stage.openFile();
    await supervisor.ready();
    const before = pidOf(supervisor, 'a');
    const applied = untilFact(supervisor, 'config.applied');
    stage.writeText(`// a comment\n${readFileSync(stage.file, 'utf8')}`);
    expect(await applied).toMatchObject({ started: [], stopped: [], restarted: [], changed: [] });
    expect(pidOf(supervisor, 'a')).toBe(before);

    // Saved without a change, the file is no news at all; the edit after it is.
    const next = untilFact(supervisor, 'config.applied');
    utimesSync(stage.file, new Date(), new Date());
    stage.write({ a: stage.program('speak'), b: stage.program('speak') });
    expect(await next).toMatchObject({ started: ['b'] });
    expect(pidOf(supervisor, 'a')).toBe(before);
  });

  it('of timers and filters restarts nothing and holds from then on', async () => {
    const stage = openFileStage();
    stage.write({ a: stage.program('speak') });
    const supervisor = await stage.openFile();
    await supervisor.ready();
    const before = pidOf(supervisor, 'a');
    const applied = untilFact(supervisor, 'config.applied');
    stage.write({
      a: stage.program('speak', {
        heartbeat: { intervalMs: 50 },
        callTimeoutMs: 77,
        tools: { exclude: ['e*'] },
        restart: { baseMs: 60_000, capMs: 60_000 },
      }),
    });
    expect(await applied).toMatchObject({ restarted: [], changed: ['a'] });
    await untilFact(supervisor, 'probe.answered');
    expect(pidOf(supervisor, 'a')).toBe(before);
    expect(supervisor.tools().map(({ name }) => name)).not.toContain('echo');
    await expect(supervisor.callTool('a', 'echo', { text: 'hi' })).rejects.toMatchObject({ code: 'TOOL_NOT_FOUND' });
    await expect(supervisor.callTool('a', 'sleep', { ms: 30_000 })).rejects.toMatchObject({
      code: 'CALL_TIMED_OUT',
      details: { timeoutMs: 77 },
    });
    const down = untilState(supervisor, 'a', 'backoff');
    process.kill(before, 'SIGKILL');
    await down;
    expect(Date.parse(supervisor.status('a').nextRetryAt ?? '') - Date.now()).toBeGreaterThan(20_000);
  });

  it('of the group moves the server, and of nobody else', async () => {
    const stage = openFileStage();
    stage.write({ a: stage.program('speak'), b: stage.program('speak') });
    const supervisor = await stage.openFile();
    await supervisor.ready();
    const [a, b] = pidsOf(supervisor, 'a', 'b');
    await supervisor.callTool('a', 'echo', { text: 'hi' });
    const added = untilFact(supervisor, 'server.added');
    stage.write({ a: stage.program('speak', { group: 'web' }), b: stage.program('speak') });
    expect(await added).toMatchObject({ actor: 'server:a', group: 'web' });
    await supervisor.ensureConnected(['a']);
    expect(supervisor.status('a')).toMatchObject({
      state: 'connected',
      group: 'web',
      generation: 2,
      wanted: 'up',
      counts: { calls: 1, restarts: 1 },
    });
    expect(pidOf(supervisor, 'a')).not.toBe(a);
    expect(pidOf(supervisor, 'b')).toBe(b);
    expect(pidsMarked(stage.mark)).toHaveLength(2);
  });

  it('leaves alone what a person stopped', async () => {
    const stage = openFileStage();
    stage.write({ a: stage.program('speak') });
    const supervisor = await stage.openFile();
    await supervisor.send('a', { type: 'server.stop' });
    const applied = untilFact(supervisor, 'config.applied');
    stage.write({ a: stage.program('speak', { env: { NEW: 'value' } }), b: stage.program('speak') });
    await applied;
    await supervisor.ready();
    expect(supervisor.status('a')).toMatchObject({ state: 'idle', wanted: 'down' });
    expect(supervisor.status('b').state).toBe('connected');
  });

  it('follows at once when several are made in a row', async () => {
    const stage = openFileStage();
    stage.write({});
    const supervisor = await stage.openFile();
    for (let count = 1; count <= 10; count += 1) stage.write({ [`s${count}`]: stage.program('speak') });
    await expect.poll(() => supervisor.status().servers.map(({ name }) => name), { timeout: 10_000 }).toEqual(['s10']);
    await supervisor.ready();
    await expect.poll(() => pidsMarked(stage.mark)).toEqual([pidOf(supervisor, 's10')]);
  });
});

describe('changes through the library', () => {
  it('add, replace and remove servers in memory only', async () => {
    const stage = openFileStage();
    stage.write({ a: stage.program('speak') });
    const text = readFileSync(stage.file, 'utf8');
    const supervisor = await stage.openFile();
    await supervisor.ready();
    const a = pidOf(supervisor, 'a');
    expect(await supervisor.add('b', stage.program('speak'))).toMatchObject({
      start: ['b'],
      keep: ['a'],
      stop: [],
      restart: [],
      change: [],
      warnings: [],
    });
    expect(supervisor.status('b')).toMatchObject({ source: 'host', wanted: 'up' });
    await supervisor.ensureConnected(['b']);
    expect(await supervisor.replace('b', stage.program('speak', { env: { NEW: 'value' } }))).toMatchObject({
      restart: ['b'],
      keep: ['a'],
    });
    await supervisor.ensureConnected(['b']);
    expect(JSON.parse(textOf(await supervisor.callTool('b', 'environment'))).NEW).toBe('value');
    const gone = untilFact(supervisor, 'server.removed');
    expect(await supervisor.remove('b')).toMatchObject({ stop: ['b'], keep: ['a'] });
    expect(await gone).toMatchObject({ actor: 'server:b' });
    expect(() => supervisor.status('b')).toThrow(expect.objectContaining({ code: 'SERVER_NOT_FOUND' }));
    expect(pidOf(supervisor, 'a')).toBe(a);
    expect(readFileSync(stage.file, 'utf8')).toBe(text);
  });

  it('survive an edit of the file, which wins where both name a server', async () => {
    const stage = openFileStage();
    stage.write({ a: stage.program('speak') });
    const supervisor = await stage.openFile();
    await supervisor.add('b', stage.program('speak'));
    await supervisor.add('c', stage.program('speak'));
    await supervisor.ready();
    const b = pidOf(supervisor, 'b');
    const applied = untilFact(supervisor, 'config.applied');
    const warned = untilFact(supervisor, 'config.warned');
    stage.write({ a: stage.program('speak'), c: stage.program('speak', { env: { FROM: 'file' } }) });
    expect((await warned).problems).toEqual([expect.stringContaining('mcpServers.c')]);
    expect(await applied).toMatchObject({ stopped: [], restarted: ['c'] });
    expect(pidOf(supervisor, 'b')).toBe(b);
    expect(supervisor.status('b').source).toBe('host');
    expect(supervisor.status('c').source).toBe('file');
  });

  it('may depend on each other, and the file on them, through an edit of the file', async () => {
    const stage = openFileStage();
    stage.write({ a: stage.program('speak') });
    const supervisor = await stage.openFile();
    await supervisor.add('b', stage.program('speak'));
    await supervisor.add('c', stage.program('speak'));
    await supervisor.replace('b', stage.program('speak', { dependsOn: ['c'] }));
    const outcome = Promise.race([untilFact(supervisor, 'config.applied'), untilFact(supervisor, 'config.rejected')]);
    stage.write({ a: stage.program('speak', { dependsOn: ['b'] }) });
    expect(await outcome).toMatchObject({ type: 'config.applied', stopped: [] });
    expect(supervisor.status('a').dependsOn).toEqual(['b']);
    expect(['b', 'c'].map((name) => supervisor.status(name).source)).toEqual(['host', 'host']);
  });

  it('replace everything by one plan', async () => {
    const stage = openStage();
    const supervisor = await stage.open({ a: stage.program('speak'), b: stage.program('speak') });
    await supervisor.ready();
    const a = pidOf(supervisor, 'a');
    const plan = await supervisor.apply({ mcpServers: { a: stage.program('speak'), c: stage.program('speak') } });
    expect(plan).toMatchObject({ keep: ['a'], stop: ['b'], start: ['c'] });
    await supervisor.ready();
    expect(pidOf(supervisor, 'a')).toBe(a);
    expect(supervisor.status('c').state).toBe('connected');
  });

  it('that are not valid change nothing, and the error lists every problem with its path', async () => {
    const stage = openStage();
    const supervisor = await stage.open({ a: stage.program('speak') });
    await supervisor.ready();
    const facts = (await factsSoFar(supervisor)).length;
    const errors = await Promise.all([
      errorOf(supervisor.add('b', { command: 7 as never, heartbeat: { intervalMs: -1 } })),
      errorOf(supervisor.add('a', stage.program('speak'))),
      errorOf(supervisor.replace('a', { url: 'http://x', command: 'y' })),
      errorOf(supervisor.apply({ mcpServers: { 'b b': {}, c: { args: [] } } })),
    ]);
    const paths = errors.map((error) =>
      isMcpvisorError(error, 'CONFIG_INVALID') ? error.details.problems.map(({ path }) => path) : String(error),
    );
    expect(paths[0]).toEqual(expect.arrayContaining(['mcpServers.b.command', 'mcpServers.b.heartbeat.intervalMs']));
    expect(paths[1]).toEqual(['mcpServers.a']);
    expect(paths[2]?.length).toBeGreaterThan(0);
    expect(paths[3]?.length).toBeGreaterThanOrEqual(2);
    await expect(supervisor.remove('nobody')).rejects.toMatchObject({ code: 'SERVER_NOT_FOUND' });
    await expect(supervisor.replace('nobody', stage.program('speak'))).rejects.toMatchObject({
      code: 'SERVER_NOT_FOUND',
    });
    expect(supervisor.status().servers.map(({ name }) => name)).toEqual(['a']);
    expect(await factsSoFar(supervisor)).toHaveLength(facts);
  });

  it('removed and added again at once: the server returns as a new one', async () => {
    const stage = openStage();
    const supervisor = await stage.open({ a: stage.program('ignores-eof') });
    await supervisor.ready();
    const pid = pidOf(supervisor, 'a');
    await supervisor.remove('a');
    await supervisor.add('a', stage.program('ignores-eof'));
    await supervisor.ensureConnected(['a']);
    expect(pidOf(supervisor, 'a')).not.toBe(pid);
    expect(supervisor.status('a').generation).toBe(2);
    expect(pidsMarked(stage.mark)).toHaveLength(1);
  });

  it('that move a server to another group do not undo what a person asks meanwhile', async () => {
    const stage = openStage();
    const supervisor = await stage.open({ a: stage.program('ignores-eof') });
    await supervisor.ready();
    const moved = untilFact(supervisor, 'server.added');
    await supervisor.replace('a', stage.program('ignores-eof', { group: 'web' }));
    expect(await supervisor.send('a', { type: 'server.stop' })).toMatchObject({ outcome: 'done' });
    await moved;
    expect(supervisor.status('a')).toMatchObject({ state: 'idle', wanted: 'down', group: 'web', pid: null });
  });
});

describe('a configuration that cannot be used from the start', () => {
  it('is refused with every problem, and nothing is left behind', async () => {
    const stage = openFileStage();
    await expect(createSupervisor({ config: stage.file })).rejects.toMatchObject({
      code: 'CONFIG_UNREADABLE',
      details: { file: stage.file },
    });
    stage.write({ a: {}, b: { command: 3 } });
    const error = await errorOf(createSupervisor({ config: stage.file }));
    expect(isMcpvisorError(error, 'CONFIG_INVALID') && error.details).toMatchObject({
      file: stage.file,
      problems: [{}, {}],
    });
  });
});
