import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { createSupervisor, type Fact, type FactsMissed, type Supervisor, version } from '../../src/index.ts';
import { serverStates } from '../../src/supervisor/contract.ts';
import { createScratchFolder } from '../support/scratch-folder.ts';
import { factsSoFar, openStage, untilFact, untilState } from '../support/supervised.ts';

const statusKeys =
  'name state substate since wanted generation attempt nextRetryAt lastEnd lastFailure pid transport protocolVersion serverInfo latencyMs counts alarms approval push source lazy required group dependsOn'.split(
    ' ',
  );
const countKeys = ['tools', 'resources', 'prompts', 'restarts', 'calls', 'callErrors', 'inFlight', 'queued'];
const failureKeys = ['class', 'message', 'at', 'phase', 'code', 'exitCode', 'signal', 'stderrTail'];
const isoTime = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;

/** As JSON sees it: what is undefined is missing there. */
function asJson<Value>(value: Value): Value {
  return JSON.parse(JSON.stringify(value)) as Value;
}

describe('the status of a server', () => {
  it.each([
    ['connected', 'speak', {}, [], 'connected'],
    ['lazy', 'speak', { lazy: true }, [], 'idle'],
    ['disabled', 'speak', { enabled: false }, [], 'idle'],
    ['failed', 'exits-at-once', {}, ['78'], 'failed'],
    ['in backoff', 'exits-at-once', { restart: { baseMs: 60_000, capMs: 60_000 } }, ['1'], 'backoff'],
    ['starting', 'slow-start', {}, ['60000'], 'starting'],
  ] as const)(
    'has every field when it is %s, and null for what is not there',
    async (_, program, extra, args, state) => {
      const stage = openStage();
      const supervisor = await stage.open({ a: stage.program(program, extra, args) });
      if (state === 'backoff' || state === 'starting') await untilState(supervisor, 'a', state, { since: 0 });
      else await supervisor.ready();
      const status = asJson(supervisor.status('a'));
      expect(Object.keys(status).sort()).toEqual([...statusKeys].sort());
      expect(Object.keys(status.counts).sort()).toEqual([...countKeys].sort());
      expect(status).toMatchObject({
        name: 'a',
        state,
        transport: 'stdio',
        group: 'default',
        dependsOn: [],
        required: false,
        since: expect.stringMatching(isoTime),
      });
      if (status.lastFailure !== null) expect(Object.keys(status.lastFailure).sort()).toEqual([...failureKeys].sort());
      if (state === 'connected') {
        expect(status).toMatchObject({
          pid: expect.any(Number),
          serverInfo: { name: 'speak', version: '1.0.0' },
          protocolVersion: expect.any(String),
          push: true,
          latencyMs: null,
        });
      }
    },
  );

  it('is part of the whole, which counts all states', async () => {
    const stage = openStage();
    const supervisor = await stage.open({
      a: stage.program('speak'),
      b: stage.program('speak', { enabled: false }),
      c: stage.program('exits-at-once', {}, ['78']),
    });
    await supervisor.ready();
    const status = asJson(supervisor.status());
    expect(status).toMatchObject({
      version,
      state: 'running',
      store: { kind: 'memory', address: 'memory:', state: 'ok', reason: null, lost: { facts: 0, servers: 0 } },
      clientProcess: null,
      alarms: [],
      startedAt: expect.stringMatching(isoTime),
    });
    expect(Object.keys(status.counts).sort()).toEqual([...serverStates].sort());
    expect(status.counts).toMatchObject({ connected: 1, idle: 1, failed: 1, backoff: 0 });
    expect(status.servers.map(({ name }) => name)).toEqual(['a', 'b', 'c']);
    expect(status.servers[0]).toEqual(asJson(supervisor.status('a')));
    await supervisor.close();
    expect(supervisor.status()).toMatchObject({ state: 'closed', counts: { idle: 3, failed: 0 } });
    expect(supervisor.status('a')).toMatchObject({ state: 'idle', wanted: 'up', pid: null });
    expect(() => supervisor.status('d')).toThrow(expect.objectContaining({ code: 'SERVER_NOT_FOUND' }));
    expect(() => supervisor.snapshot('d')).toThrow(expect.objectContaining({ code: 'SERVER_NOT_FOUND' }));
  });
});

describe('the snapshot of a server', () => {
  it('shows the actor as it is: value, context, what a person may do, and what is due when', async () => {
    const stage = openStage();
    const supervisor = await stage.open({
      a: stage.program('speak', {
        env: { A_SECRET: 'a-secret-value' },
        heartbeat: { intervalMs: 30_000 },
        restart: { stableAfterMs: 40_000 },
      }),
    });
    await supervisor.ready();
    const snapshot = asJson(supervisor.snapshot('a'));
    expect(snapshot).toMatchObject({
      actor: 'server:a',
      value: { connected: 'quiet' },
      context: { name: 'a', generation: 1, wanted: 'up' },
    });
    expect(snapshot.tags).toEqual(expect.arrayContaining(['live', 'settled']));
    expect(snapshot.allowed).toEqual(['server.start', 'server.stop', 'server.restart', 'server.reset']);
    expect(snapshot.timers).toHaveLength(2);
    for (const { name, dueAt } of snapshot.timers) {
      expect(name).not.toBe('');
      expect(Date.parse(dueAt) - Date.now()).toBeLessThanOrEqual(40_000);
      expect(Date.parse(dueAt)).toBeGreaterThan(Date.now() - 1_000);
    }
    expect(JSON.stringify(snapshot)).not.toContain('a-secret-value');
  });
});

describe('readiness', () => {
  it('waits for every wanted server to come to rest, and no longer than it is told', async () => {
    const stage = openStage();
    const servers = {
      slow: stage.program('slow-start', {}, ['60000']),
      fails: stage.program('exits-at-once', {}, ['78']),
      quick: stage.program('speak'),
      off: stage.program('speak', { enabled: false }),
    };
    const supervisor = await stage.open(servers);
    await untilState(supervisor, 'quick', 'connected', { since: 0 });
    await untilState(supervisor, 'fails', 'failed', { since: 0 });
    const { settled, notReady } = await supervisor.ready({ timeoutMs: 20 });
    expect(settled).toBe(false);
    expect(notReady.map(({ name, state }) => [name, state])).toEqual([
      ['slow', 'starting'],
      ['fails', 'failed'],
    ]);
    const giveUp = new AbortController();
    const waiting = supervisor.ready({ signal: giveUp.signal });
    giveUp.abort();
    expect(await waiting).toMatchObject({ settled: false });
    // Node lets a timer of more than 2^31 ms fire at once.
    const later = [undefined, 2 ** 31, Number.POSITIVE_INFINITY].map((timeoutMs) =>
      supervisor.ready(timeoutMs === undefined ? {} : { timeoutMs }),
    );
    await supervisor.send('slow', { type: 'server.stop' });
    for (const readiness of await Promise.all(later))
      expect(readiness).toMatchObject({ settled: true, notReady: [{ name: 'fails' }] });
  });

  it('says of each required server why it is not connected, and nothing of others', async () => {
    const stage = openStage();
    const required = { required: true };
    const supervisor = await stage.open({
      off: stage.program('speak', { ...required, enabled: false }),
      asleep: stage.program('speak', { ...required, lazy: true }),
      fails: stage.program('exits-at-once', required, ['78']),
      stopped: stage.program('exits-at-once', required, ['78']),
      optional: stage.program('speak', { enabled: false }),
    });
    await supervisor.ready();
    await supervisor.send('stopped', { type: 'server.stop' });
    expect(supervisor.status('stopped')).toMatchObject({ state: 'idle', lastFailure: { class: 'exited' } });
    expect(supervisor.readiness()).toEqual({
      ready: false,
      heldBy: null,
      notReady: [
        { name: 'off', state: 'idle', reason: 'required, but disabled' },
        { name: 'fails', state: 'failed', reason: expect.stringContaining('78') },
        { name: 'stopped', state: 'idle', reason: 'required, but stopped on request' },
      ],
    });
    await supervisor.send('off', { type: 'server.start' });
    expect(supervisor.readiness().notReady.map(({ name }) => name)).toEqual(['fails', 'stopped']);
    await supervisor.send('off', { type: 'server.stop' });
    expect(supervisor.readiness().notReady[0]).toMatchObject({ name: 'off', reason: 'required, but disabled' });
  });

  it('is there at once without servers', async () => {
    expect(await (await openStage().open({})).ready()).toEqual({ settled: true, notReady: [] });
  });

  it('holds while a server is restarted', async () => {
    const stage = openStage();
    const supervisor = await stage.open({ a: stage.program('speak') });
    await supervisor.ready();
    const restart = supervisor.send('a', { type: 'server.restart' });
    const { settled } = await supervisor.ready();
    expect(settled).toBe(true);
    expect(supervisor.status('a')).toMatchObject({ state: 'connected', generation: 2 });
    await restart;
  });
});

async function readAll(supervisor: Supervisor, since: number): Promise<readonly (Fact | FactsMissed)[]> {
  const facts: (Fact | FactsMissed)[] = [];
  for await (const fact of supervisor.facts({ since })) facts.push(fact);
  return facts;
}

describe('the stream of facts', () => {
  it('is numbered without gaps, resumes where a reader left off, and ends with the supervisor', async () => {
    const stage = openStage();
    const supervisor = await stage.open({ a: stage.program('speak') });
    await supervisor.ready();
    const early = await factsSoFar(supervisor);
    const middle = early[Math.floor(early.length / 2)];
    const resumed = readAll(supervisor, middle?.seq ?? 0);
    const all = readAll(supervisor, 0);
    await supervisor.close();
    const everything = await all;
    expect(everything.map((fact) => 'seq' in fact && fact.seq)).toEqual(
      everything.map((_, index) => (early[0]?.seq ?? 0) + index),
    );
    expect(await resumed).toEqual(everything.slice(Math.floor(early.length / 2) + 1));
    for (const fact of everything)
      expect(fact).toMatchObject({ at: expect.stringMatching(isoTime), actor: expect.any(String) });
    const path = everything.flatMap((fact) =>
      fact.type === 'server.transitioned' && fact.actor === 'server:a' ? [fact.to] : [],
    );
    expect(path).toEqual([
      'idle.queued',
      'starting.spawning',
      'starting.initializing',
      'starting.listing',
      'connected.quiet',
      'stopping.closing',
      'idle.resting',
    ]);
  });

  it('ends for a reader that gives up', async () => {
    const supervisor = await openStage().open({});
    const giveUp = new AbortController();
    const reading = (async () => {
      const types: string[] = [];
      for await (const { type } of supervisor.facts({ signal: giveUp.signal })) types.push(type);
      return types;
    })();
    giveUp.abort();
    expect(await reading).toEqual([]);
  });
});

describe('what this version does not have', () => {
  it('is refused by name', async () => {
    await expect(createSupervisor({ isolation: 'process' })).rejects.toMatchObject({ code: 'NOT_AVAILABLE' });
  });
});

describe('the environment of servers', () => {
  it('is the one the host gave, not the one it has', async () => {
    const stage = openStage();
    const env = { PATH: process.env.PATH, HOME: '/nowhere', CUSTOM: 'not inherited', NAMED: 'inherited' };
    const supervisor = await stage.open(
      { a: stage.program('speak', { inheritEnv: ['NAMED'], env: { OWN: 'value', TAKEN: `\${CUSTOM}` } }) },
      {},
      { env },
    );
    await supervisor.ready();
    const { content } = await supervisor.callTool('a', 'environment');
    const seen = JSON.parse((content as readonly { text: string }[])[0]?.text ?? '{}');
    expect(seen).toMatchObject({ HOME: '/nowhere', NAMED: 'inherited', OWN: 'value', TAKEN: 'not inherited' });
    expect(seen.CUSTOM).toBeUndefined();
  });

  it('that lacks a variable makes the server fail and says which', async () => {
    const stage = openStage();
    const supervisor = await stage.open(
      { a: stage.program('speak', { env: { TOKEN: `\${NO_SUCH_VARIABLE}` } }) },
      {},
      { env: { PATH: process.env.PATH } },
    );
    await supervisor.ready();
    expect(supervisor.status('a')).toMatchObject({
      state: 'failed',
      lastFailure: { class: 'misconfigured', message: expect.stringContaining('NO_SUCH_VARIABLE') },
    });
  });
});

describe('importing the library', () => {
  it('loads nothing that only other doors need, and leaves nothing running', async () => {
    const library = fileURLToPath(new URL('../../src/index.ts', import.meta.url));
    const program = `await import(${JSON.stringify(library)}); console.log('done')`;
    const { stdout, stderr } = await promisify(execFile)(
      process.execPath,
      ['--import', 'tsx', '--input-type=module', '--eval', program],
      {
        env: { ...process.env, NODE_DEBUG: 'esm' },
        maxBuffer: 64 * 1024 * 1024,
      },
    );
    expect(stdout).toBe('done\n');
    expect(stderr).toContain('/node_modules/xstate/');
    for (const stranger of [
      '@hono/node-server',
      'mongodb',
      'lmdb',
      'classic-level',
      'express',
      'commander',
      'prom-client',
    ])
      expect(stderr).not.toContain(`/node_modules/${stranger}/`);
    // Of a state directory, a host's supervisor has what concerns servers: approvals, secrets, the instance.
    const ofDaemons = ['state.ts', 'lock.ts', 'token-file.ts', 'known.ts', 'running.ts', 'upkeep.ts'];
    for (const room of [
      'cli',
      'gateway',
      'supervisor/calls/validator.ts',
      ...ofDaemons.map((file) => `state-directory/${file}`),
    ])
      expect(stderr).not.toContain(`/src/${room}`);
  });

  it('writes nothing to the terminal and installs no signal handlers', async () => {
    const stage = openStage();
    const signals = ['SIGINT', 'SIGTERM', 'SIGHUP', 'exit', 'uncaughtException', 'unhandledRejection'];
    const handlers = () => signals.map((signal) => process.listenerCount(signal));
    const before = handlers();
    const supervisor = await stage.open(
      { a: stage.program('floods-stderr', {}, ['50000']) },
      {},
      { stateDir: createScratchFolder() },
    );
    await untilFact(supervisor, 'session.opened', undefined, { since: 0 });
    expect(handlers()).toEqual(before);
  });
});
