import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:net';
import { dirname, join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { SessionTarget } from '../../../src/session/request.ts';
import { createMark, isRunning, pidsMarked, until, untilNoneMarked } from '../../support/processes.ts';
import { createScratchFolder } from '../../support/scratch-folder.ts';
import { programPath } from '../process/program-path.ts';
import { outcomeOf, specification } from '../sessions.ts';
import { openApart, program } from './apart.ts';

const logOf = (stateDir: string) => readFileSync(join(stateDir, 'logs', 'client-process.log'), 'utf8');

describe('a session that is held by the client process', () => {
  it('is opened, called, asked how it is and ended like any other', async () => {
    const apart = openApart({ stateDir: createScratchFolder() });
    const holder = await apart.connect();
    const { session, heard, report, types } = apart.openTarget(program('speak'));
    await heard('ready');
    const { pid } = await heard('spawned');
    expect(pidsMarked(programPath('speak'))).toContain(pid);
    expect(pid).not.toBe(holder);
    expect(await session.request('tools/call', { name: 'add', arguments: { a: 1, b: 2 } })).toMatchObject({
      content: [{ text: '3' }],
    });
    const slow = session.request('tools/call', { name: 'sleep', arguments: { ms: 60_000 } }, { timeoutMs: 50 });
    expect(await outcomeOf(slow)).toBe('CALL_TIMED_OUT');
    expect(await session.probe('ping')).toBeGreaterThan(0);
    expect(await report()).toMatchObject({ inFlight: 0, usedCpu: expect.any(Boolean) });
    session.end('close');
    expect(await heard('ended')).toMatchObject({ type: 'ended', failure: null, last: { exitCode: 0 } });
    expect(types()).toEqual(['spawned', 'initialized', 'ready', 'gone', 'ended']);
  });

  it.each<readonly [string, Partial<Extract<SessionTarget, { kind: 'remote' }>> | null, string]>([
    ['a transport of the host', null, 'the transport "pigeon"'],
    ['a fetch of the host', { fetch: 'host' }, "a host's own fetch"],
    ['an authProvider of the host', { authProvider: 'me' }, 'the authProvider "me"'],
  ])('is refused if it needs %s, and told why', async (_what, needed, name) => {
    const remote = {
      kind: 'remote',
      transport: 'auto',
      url: 'http://h/',
      headers: {},
      ca: null,
      proxy: null,
      fetch: 'own',
      authProvider: null,
    } as const;
    const target: SessionTarget =
      needed === null ? { kind: 'hosted', transport: 'pigeon', entry: {} } : { ...remote, ...needed };
    const apart = openApart({ stateDir: createScratchFolder() });
    await apart.connect();
    const { heard, types } = apart.openTarget(target);
    const { failure } = await heard('ended');
    expect(failure).toMatchObject({ class: 'misconfigured', message: expect.stringContaining(name) });
    expect(failure?.message).toContain('held by another process');
    expect(types()).toEqual(['ended']);
  });

  it('ends at once while there is no client process, and its calls are refused', async () => {
    const { openTarget } = openApart({ stateDir: createScratchFolder() });
    const { session, heard } = openTarget(program('speak'));
    expect((await heard('ended')).failure).toMatchObject({ class: 'clientLost' });
    await expect(session.request('ping', {})).rejects.toMatchObject({ code: 'SERVER_NOT_CONNECTED' });
  });
});

function linkOf(path: string): string | null {
  try {
    return readlinkSync(path);
  } catch {
    // It was closed meanwhile.
    return null;
  }
}

describe('a client process', () => {
  it('listens where only its owner may knock, and has no other door', async () => {
    const stateDir = createScratchFolder();
    const pid = await openApart({ stateDir }).connect();
    for (const name of ['client-process.sock', 'client-process.json'])
      expect(statSync(join(stateDir, name)).mode & 0o777).toBe(0o600);
    const links = readdirSync(`/proc/${pid}/fd`).flatMap((fd) => linkOf(`/proc/${pid}/fd/${fd}`) ?? []);
    const inodes = new Set(links.flatMap((link) => /^socket:\[(\d+)\]$/.exec(link)?.[1] ?? []));
    const tcp = ['tcp', 'tcp6'].flatMap((kind) => readFileSync(`/proc/${pid}/net/${kind}`, 'utf8').split('\n'));
    expect(tcp.filter((line) => inodes.has(line.trim().split(/\s+/)[9] ?? ''))).toEqual([]);
  });

  it('is taken over by the next control plane, with the same sessions', async () => {
    const stateDir = createScratchFolder();
    const first = openApart({ stateDir });
    const holder = await first.connect();
    const target = program('speak');
    const before = first.openTarget(target);
    await before.heard('ready');
    const { pid } = await before.heard('spawned');
    await first.sessions.close();

    const next = openApart({ stateDir, wouldOpen: () => ({ specification: specification(target), capabilities: {} }) });
    expect(await next.connect()).toBe(holder);
    expect(await next.heard('holder.connected')).toMatchObject({ adopted: true, sessions: 1 });
    expect(next.sessions.highestGeneration('peer')).toBe(0);
    const after = next.openTarget(target);
    expect((await after.heard('ready')).forMs).toBeGreaterThan(0);
    expect((await after.heard('spawned')).pid).toBe(pid);
    expect(after.types()).toEqual(['spawned', 'initialized', 'ready']);
    expect(await after.session.request('tools/call', { name: 'add', arguments: { a: 1, b: 2 } })).toMatchObject({
      content: [{ text: '3' }],
    });
  });

  it('is ended in order by the next control plane before that has taken it over', async () => {
    const stateDir = createScratchFolder();
    const first = openApart({ stateDir });
    const holder = await first.connect();
    const session = first.openTarget(program('speak'));
    await session.heard('ready');
    const { pid } = await session.heard('spawned');
    await first.sessions.close();

    const next = openApart({ stateDir });
    next.order('probe');
    await next.heard('holder.found');
    next.order('end');
    await next.heard('holder.gone');
    expect([holder, pid].filter((one) => isRunning(one ?? 0))).toEqual([]);
  });

  it('keeps a session for a control plane that takes longer than the orphan grace to ask for it', async () => {
    const stateDir = createScratchFolder();
    const first = openApart({ stateDir });
    await first.connect();
    const target = program('speak');
    const before = first.openTarget(target);
    await before.heard('ready');
    const { pid } = await before.heard('spawned');
    await first.sessions.close();

    const next = openApart({
      stateDir,
      orphanGraceMs: 50,
      watchdogMs: 200,
      wouldOpen: () => ({ specification: specification(target), capabilities: {} }),
    });
    await next.connect();
    const beats = () => next.told.filter(({ type }) => type === 'holder.beat').length;
    // One each 100 ms.
    await until('the grace is over', () => beats() >= 3);
    const after = next.openTarget(target);
    await after.heard('ready');
    expect((await after.heard('spawned')).pid).toBe(pid);
  });

  it('ends a session that the next control plane would not open, before it opens another of that server', async () => {
    const stateDir = createScratchFolder();
    const mark = createMark();
    const first = openApart({ stateDir });
    await first.connect();
    const before = first.openTarget(program('speak', mark));
    await before.heard('ready');
    const { pid } = await before.heard('spawned');
    await first.sessions.close();

    const next = openApart({ stateDir });
    await next.connect();
    expect(await next.heard('holder.connected')).toMatchObject({ adopted: true, sessions: 0 });
    expect(next.sessions.highestGeneration('peer')).toBe(1);
    await untilNoneMarked(mark);
    expect(isRunning(pid ?? 0)).toBe(false);
  });

  it('ends everything and itself when no control plane comes back in time', async () => {
    const stateDir = createScratchFolder();
    const mark = createMark();
    const apart = openApart({ stateDir, orphanGraceMs: 100 });
    const holder = await apart.connect();
    await apart.openTarget(program('ignores-sigterm', mark)).heard('ready');
    await apart.sessions.close();
    await until('the client process is gone', () => !isRunning(holder));
    await untilNoneMarked(mark);
    expect(logOf(stateDir)).toContain('no control plane came for 100 ms');
    expect(existsSync(join(stateDir, 'client-process.sock'))).toBe(false);
  });

  it('that is killed is told, its calls fail once, and its groups are ended by what is left', async () => {
    const stateDir = createScratchFolder();
    const mark = createMark();
    const apart = openApart({ stateDir });
    const holder = await apart.connect();
    const { session, heard } = apart.openTarget(program('ignores-sigterm', mark));
    await heard('ready');
    const call = outcomeOf(session.request('tools/call', { name: 'sleep', arguments: { ms: 60_000 } }));
    process.kill(holder, 'SIGKILL');
    expect((await apart.heard('holder.lost')).failure).toMatchObject({ class: 'clientLost', signal: 'SIGKILL' });
    expect(await call).toBe('OUTCOME_UNKNOWN');
    apart.order('clear');
    await apart.heard('holder.cleared');
    expect(pidsMarked(mark)).toEqual([]);
    expect((await heard('ended')).failure).toMatchObject({ class: 'clientLost' });
    expect(await apart.connect()).not.toBe(holder);
  });

  it('is on record before it starts anything: the next start finds what was spawned in its last moment', async () => {
    const stateDir = createScratchFolder();
    await openApart({ stateDir }).connect();
    expect(JSON.parse(readFileSync(join(stateDir, 'processes.json'), 'utf8'))).toMatchObject({
      instances: [expect.stringMatching(/^[0-9a-f]+$/)],
      processes: [],
    });
  });

  it('that is killed before it has put a server on record leaves nothing of it when it is cleared away', async () => {
    const stateDir = createScratchFolder();
    const mark = createMark();
    const apart = openApart({ stateDir });
    const holder = await apart.connect();
    await apart.openTarget(program('ignores-sigterm', mark)).heard('ready');
    process.kill(holder, 'SIGSTOP');
    const path = join(stateDir, 'processes.json');
    const { instances } = JSON.parse(readFileSync(path, 'utf8')) as { readonly instances: readonly string[] };
    writeFileSync(path, JSON.stringify({ instances, processes: [], generations: [] }));
    process.kill(holder, 'SIGKILL');
    await apart.heard('holder.lost');
    apart.order('clear');
    await apart.heard('holder.cleared');
    expect(pidsMarked(mark)).toEqual([]);
  });

  it('that is stopped says nothing more, and is ended all the same', async () => {
    const apart = openApart({ stateDir: createScratchFolder(), watchdogMs: 200 });
    const holder = await apart.connect();
    await apart.heard('holder.beat');
    process.kill(holder, 'SIGSTOP');
    apart.order('clear');
    await apart.heard('holder.cleared');
    expect(isRunning(holder)).toBe(false);
  });

  it('that hangs when it is to end is ended all the same, and its end is told once', async () => {
    const mark = createMark();
    const apart = openApart({ stateDir: createScratchFolder() });
    const holder = await apart.connect();
    const { heard } = apart.openTarget(program('ignores-sigterm', mark));
    await heard('ready');
    process.kill(holder, 'SIGSTOP');
    apart.order('end');
    apart.order('clear');
    const left = heard('ended').then(() => pidsMarked(mark));
    await apart.heard('holder.cleared');
    expect(await left).toEqual([]);
    expect(isRunning(holder)).toBe(false);
    const next = await apart.connect();
    expect(next).not.toBe(holder);
    const after = apart.openTarget(program('speak', mark));
    expect((await after.heard('ended')).failure).toMatchObject({ class: 'clientLost' });
    expect(apart.told.filter(({ type }) => type === 'holder.gone')).toEqual([]);
    process.kill(next, 'SIGKILL');
    await apart.heard('holder.lost');
  });

  it('that was stopped before it was found is ended by who looked for it in vain', async () => {
    const stateDir = createScratchFolder();
    const first = openApart({ stateDir });
    const holder = await first.connect();
    await first.sessions.close();
    process.kill(holder, 'SIGSTOP');
    const next = openApart({ stateDir });
    next.order('probe');
    next.order('clear');
    await next.heard('holder.cleared');
    expect(isRunning(holder)).toBe(false);
    expect(await next.connect()).not.toBe(holder);
  });

  it('tells the next control plane what troubles it, and how that ends', async () => {
    const stateDir = createScratchFolder();
    const target = program('speak');
    const first = openApart({ stateDir });
    await first.connect();
    rmSync(join(stateDir, 'processes.json'));
    mkdirSync(join(stateDir, 'processes.json', 'in the way'), { recursive: true });
    await first.openTarget(target).heard('ready');
    await first.sessions.close();
    const troubles: unknown[] = [];
    const next = openApart({
      stateDir,
      wouldOpen: () => ({ specification: specification(target), capabilities: {} }),
      onRecordTrouble: (error) => void troubles.push(error),
    });
    await next.connect();
    expect(troubles).toEqual([expect.objectContaining({ message: expect.stringContaining('processes.json') })]);
    rmSync(join(stateDir, 'processes.json'), { recursive: true });
    await until('the record can be written', () => troubles.at(-1) === null);
  });

  it('that is new has none of the troubles of the one before', async () => {
    const troubles: unknown[] = [];
    const tell = (trouble: unknown) => void troubles.push(trouble);
    const apart = openApart({ stateDir: createScratchFolder(), onRecordTrouble: tell, onGuardTrouble: tell });
    await apart.connect();
    expect(troubles).toEqual([null, null]);
  });

  it.each(['drain', 'end'] as const)('that is stopped while it is to %s is told to be lost', async (order) => {
    const apart = openApart({ stateDir: createScratchFolder(), watchdogMs: 200 });
    const holder = await apart.connect();
    const { session, heard } = apart.openTarget(program('speak'));
    await heard('ready');
    const call = outcomeOf(session.request('tools/call', { name: 'sleep', arguments: { ms: 60_000 } }));
    process.kill(holder, 'SIGSTOP');
    apart.order(order);
    const { failure } = await apart.heard('holder.lost');
    expect(failure).toMatchObject({ class: 'clientLost', message: expect.stringContaining('for 200 ms') });
    apart.order('clear');
    await apart.heard('holder.cleared');
    expect(await call).toBe('OUTCOME_UNKNOWN');
  });

  it('is not told to be gone while it lives, though the connection to it broke', async () => {
    const stateDir = createScratchFolder();
    const first = openApart({ stateDir });
    const holder = await first.connect();
    await first.sessions.close();
    const second = openApart({ stateDir });
    await second.connect();
    const third = openApart({ stateDir });
    await third.connect();
    await second.heard('holder.disconnected');
    second.order('end');
    await third.openTarget(program('speak')).heard('ready');
    expect(second.told.some(({ type }) => type === 'holder.gone')).toBe(false);
    third.order('end');
    await third.heard('holder.gone');
    await second.heard('holder.gone');
    expect(isRunning(holder)).toBe(false);
  });

  it('ends in order, and leaves nothing', async () => {
    const mark = createMark();
    const apart = openApart({ stateDir: createScratchFolder() });
    const holder = await apart.connect();
    await apart.openTarget(program('speak', mark)).heard('ready');
    apart.order('end');
    await apart.heard('holder.gone');
    expect(isRunning(holder)).toBe(false);
    expect(pidsMarked(mark)).toEqual([]);
  });

  it('that ends in its start is told with its last words, and its log has those of every start', async () => {
    const stateDir = createScratchFolder();
    const code = "console.error('dies ' + process.pid); process.exit(3)";
    const apart = openApart({ stateDir, program: ['-e', code, '--'] });
    for (let start = 1; start <= 3; start += 1) {
      apart.order('fork');
      const { failure } = await apart.heard('holder.lost');
      expect(failure).toMatchObject({ class: 'clientLost', exitCode: 3 });
      expect(failure.stderrTail.at(-1)).toMatch(/^dies \d+$/);
      expect(logOf(stateDir).match(/^dies \d+$/gm)).toHaveLength(start);
    }
  });
});

describe('what is in the place of a client process', () => {
  it('is neither used nor ended if it is another program', async () => {
    const stateDir = createScratchFolder();
    const visits: string[] = [];
    const stranger = createServer((socket) => void visits.push(String(socket.remoteAddress)));
    stranger.listen(join(stateDir, 'client-process.sock'));
    onTestFinished(() => void stranger.close());
    await until('it listens', () => stranger.listening);
    const apart = openApart({ stateDir });
    apart.order('probe');
    const { failure } = await apart.heard('holder.refused');
    expect(failure).toMatchObject({ class: 'misconfigured', message: expect.stringContaining('client-process.sock') });
    expect(stranger.listening).toBe(true);
  });

  it('is not there if it is only the file or the socket of one that was killed', async () => {
    const stateDir = createScratchFolder();
    const first = openApart({ stateDir });
    const holder = await first.connect();
    process.kill(holder, 'SIGKILL');
    await first.heard('holder.lost');
    expect(existsSync(join(stateDir, 'client-process.sock'))).toBe(true);
    const next = openApart({ stateDir });
    next.order('probe');
    await next.heard('holder.none');
    expect(await next.connect()).not.toBe(holder);
  });

  it.each(['', '{', '{"pid": "many"}', 'null'])('is not there if its file says %j and nobody listens', async (text) => {
    const stateDir = createScratchFolder();
    writeFileSync(join(stateDir, 'client-process.json'), text);
    const apart = openApart({ stateDir });
    apart.order('probe');
    expect(await apart.heard('holder.none')).toBeDefined();
  });

  it('is told if it cannot be removed: a file that is no socket', async () => {
    const stateDir = createScratchFolder();
    mkdirSync(join(stateDir, 'client-process.sock'));
    const apart = openApart({ stateDir });
    apart.order('fork');
    const { failure } = await apart.heard('holder.lost');
    expect(failure.stderrTail.join('\n')).toContain('is not a socket');
  });

  it('is found in a folder whose name is too long for a socket', async () => {
    const stateDir = join(createScratchFolder(), 'x'.repeat(100));
    mkdirSync(stateDir);
    chmodSync(stateDir, 0o700);
    const first = openApart({ stateDir });
    const holder = await first.connect();
    await first.sessions.close();
    const { socket } = JSON.parse(readFileSync(join(stateDir, 'client-process.json'), 'utf8')) as { socket: string };
    const next = openApart({ stateDir });
    expect(await next.connect()).toBe(holder);
    next.order('end');
    await next.heard('holder.gone');
    expect(existsSync(dirname(socket))).toBe(false);
  });
});
