import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { onTestFinished } from '../../support/finishing.ts';
import { pidsMarked, until, untilNoneMarked } from '../../support/processes.ts';
import { createScratchFolder } from '../../support/scratch-folder.ts';
import { errorOf, openStage, quickStop, textOf, untilFact, untilState } from '../../support/supervised.ts';

const hostProgram = fileURLToPath(new URL('../../support/doors/host-program.ts', import.meta.url));

/** Every way down of `quickStop`, and room for a busy machine. */
const stopTimesMs = quickStop.closeMs + quickStop.terminateMs + quickStop.killMs + 5_000;

const misbehaving: readonly (readonly [program: string, ...args: readonly string[]])[] = [
  ['ignores-eof'],
  ['ignores-sigterm'],
  ['ignores-eof-behind-a-wrapper', 'launch'],
  ['forks-a-grandchild'],
  ['never-reads-stdin'],
  ['closes-stdout'],
  ['floods-stderr', '100000'],
  ['never-answers-initialize'],
  ['slow-start', '30000'],
  ['exits-at-once', '1'],
  ['prints-a-banner'],
  ['sends-malformed-json'],
  ['speaks-an-old-protocol', '1999-01-01'],
  ['changes-its-tools'],
  ['answers-twice'],
  ['blocks-its-loop', '30'],
];

describe.concurrent('closing a supervisor', () => {
  it.each(misbehaving)('leaves no process of %s', async (program, ...args) => {
    const stage = openStage();
    const supervisor = await stage.open({ a: stage.program(program, {}, args) });
    await untilFact(supervisor, 'process.spawned', undefined, { since: 0 });
    await supervisor.ready({ timeoutMs: 400 });
    await supervisor.close();
    expect(pidsMarked(stage.mark)).toEqual([]);
  });

  it('ends a server that computes, and tells its caller that the outcome is unknown', async () => {
    const stage = openStage();
    const supervisor = await stage.open({ a: stage.program('blocks-its-loop') });
    await supervisor.ready();
    const call = errorOf(supervisor.callTool('a', 'block', { seconds: 60 }));
    await supervisor.close();
    expect(await call).toMatchObject({ code: 'OUTCOME_UNKNOWN' });
    expect(pidsMarked(stage.mark)).toEqual([]);
  });

  it('ends a stopped process, too', async () => {
    const stage = openStage();
    const supervisor = await stage.open({ a: stage.program('speak') });
    await supervisor.ready();
    process.kill(supervisor.status('a').pid ?? 0, 'SIGSTOP');
    await supervisor.close();
    expect(pidsMarked(stage.mark)).toEqual([]);
  });

  it('may be asked for twice, and while servers start; nobody is left waiting', async () => {
    const stage = openStage();
    const supervisor = await stage.open({
      a: stage.program('slow-start', {}, ['30000']),
      b: stage.program('exits-at-once', { restart: { baseMs: 60_000, capMs: 60_000 } }, ['1']),
    });
    const ready = supervisor.ready();
    const start = errorOf(supervisor.send('a', { type: 'server.start' }));
    const lazily = errorOf(supervisor.ensureConnected(['a']));
    await untilState(supervisor, 'b', 'backoff', { since: 0 });
    const reader = (async () => {
      const types: string[] = [];
      for await (const { type } of supervisor.facts()) types.push(type);
      return types;
    })();
    await Promise.all([supervisor.close(), supervisor.close()]);
    expect(await ready).toMatchObject({ settled: expect.any(Boolean) });
    expect(await start).toMatchObject({ code: 'SHUTTING_DOWN' });
    expect(await lazily).toMatchObject({ code: 'SERVER_NOT_CONNECTED' });
    expect((await reader).at(-1)).toMatch(/transitioned$/);
    await supervisor.close();
    expect(() => supervisor.post('a', { type: 'server.start' })).toThrow(
      expect.objectContaining({ code: 'SHUTTING_DOWN' }),
    );
    await expect(supervisor.callTool('a', 'echo', { text: 'hi' })).rejects.toMatchObject({
      code: expect.stringMatching(/SHUTTING_DOWN|SERVER_NOT_CONNECTED/),
    });
    await expect(supervisor.add('c', stage.program('speak'))).rejects.toMatchObject({ code: 'SHUTTING_DOWN' });
    expect(supervisor.status().state).toBe('closed');
  });

  it('is done at once if the signal was aborted before there was anything to close', async () => {
    const stage = openStage();
    const supervisor = await stage.open({ a: stage.program('speak') }, {}, { signal: AbortSignal.abort() });
    await supervisor.close();
    expect(supervisor.status().state).toBe('closed');
    expect(pidsMarked(stage.mark)).toEqual([]);
  });

  it('is what the signal of its options does, and leaving a block that owns it', async () => {
    const stage = openStage();
    const life = new AbortController();
    const supervisor = await stage.open({ a: stage.program('speak') }, {}, { signal: life.signal });
    await supervisor.ready();
    life.abort();
    await untilNoneMarked(stage.mark);
    {
      await using owned = await stage.open({ a: stage.program('speak') });
      await owned.ready();
      expect(textOf(await owned.callTool('a', 'echo', { text: 'here' }))).toBe('here');
    }
    expect(pidsMarked(stage.mark)).toEqual([]);
  });
});

interface Host {
  readonly child: ChildProcess;
  readonly said: {
    readonly settled: boolean;
    readonly servers: readonly { readonly name: string; readonly state: string; readonly pid: number | null }[];
  };
}

async function startHost(servers: object, stateDir?: string): Promise<Host> {
  const args = [
    '--import',
    'tsx',
    hostProgram,
    JSON.stringify({ mcpServers: servers }),
    ...(stateDir === undefined ? [] : [stateDir]),
  ];
  const child = spawn(process.execPath, args, { stdio: ['pipe', 'pipe', 'inherit'] });
  onTestFinished(() => void child.kill('SIGKILL'));
  const [line] = await once(createInterface({ input: child.stdout }), 'line');
  return { child, said: JSON.parse(String(line)) };
}

describe.concurrent('a host program', () => {
  it('that is killed with SIGKILL leaves no server, however badly it behaves', async () => {
    const stage = openStage();
    const programs = [
      ['speak'],
      ['ignores-eof'],
      ['ignores-sigterm'],
      ['ignores-eof-behind-a-wrapper', ['launch']],
      ['forks-a-grandchild'],
    ] as const;
    const servers = Object.fromEntries(programs.map(([program, args]) => [program, stage.program(program, {}, args)]));
    const { child, said } = await startHost(servers);
    expect(said.servers.map(({ state }) => state)).toEqual(programs.map(() => 'connected'));
    // The mark is in the arguments of the host itself, too.
    expect(pidsMarked(stage.mark).length).toBeGreaterThan(programs.length + 1);
    const exited = once(child, 'exit');
    child.kill('SIGKILL');
    await exited;
    await untilNoneMarked(stage.mark, stopTimesMs);
  });

  it('whose life before left servers behind ends them before it starts its own', async () => {
    const stage = openStage();
    const stateDir = createScratchFolder();
    const servers = { a: stage.program('ignores-sigterm') };
    const { child, said } = await startHost(servers, stateDir);
    const pid = said.servers[0]?.pid ?? 0;
    // Without its guard nobody but the next life can end the server.
    const exited = once(child, 'exit');
    child.kill('SIGSTOP');
    process.kill(guardOf(child.pid ?? 0), 'SIGKILL');
    child.kill('SIGKILL');
    await exited;
    expect(pidsMarked(stage.mark)).toEqual([pid]);
    const supervisor = await stage.open(servers, {}, { stateDir });
    const reaped = await untilFact(supervisor, 'process.reaped', undefined, { since: 0 });
    expect(reaped).toMatchObject({ actor: 'server:a', pid });
    await supervisor.ready();
    expect(pidsMarked(stage.mark)).toEqual([supervisor.status('a').pid]);
    expect(supervisor.status('a').generation).toBe(2);
  });

  it('ends by itself once its supervisor is closed', async () => {
    const stage = openStage();
    const { child } = await startHost({
      a: stage.program('speak'),
      b: stage.program('exits-at-once', {}, ['1']),
      c: stage.program('slow-start', { lazy: true }),
    });
    const exited = once(child, 'exit');
    child.stdin?.write('end\n');
    expect(await exited).toEqual([0, null]);
    await until('nothing of it is left', () => pidsMarked(stage.mark).length === 0);
  });
});

/** The child of a process that is a shell. */
function guardOf(pid: number): number {
  const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ').map(Number);
  const guard = children.find((child) => readFileSync(`/proc/${child}/comm`, 'utf8').trim() === 'sh');
  if (guard === undefined) throw new Error(`process ${pid} has no guard`);
  return guard;
}
