import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { LinesMissed, LogLine, Supervisor } from '../../src/index.ts';
import { createMetrics } from '../../src/observe/metrics/metrics.ts';
import { createBudget, limitsOfHeap } from '../../src/session/budget.ts';
import { openSupervisor } from '../../src/supervisor/supervisor.ts';
import { createScratchFolder } from '../support/scratch-folder.ts';
import { errorOf, openStage, pidOf, untilFact, untilState } from '../support/supervised.ts';

/** Reads a server's log until a line is there. */
async function untilLine(supervisor: Supervisor, server: string, isIt: (line: LogLine) => boolean): Promise<LogLine> {
  const signal = AbortSignal.timeout(20_000);
  for await (const line of supervisor.followLogs(server, { tail: 1_000, signal })) {
    if (!('type' in line) && isIt(line)) return line;
  }
  throw new Error(`no such line in the log of ${server}`);
}

async function read(lines: AsyncIterable<LogLine | LinesMissed>): Promise<readonly string[]> {
  const texts: string[] = [];
  for await (const line of lines) texts.push('type' in line ? line.type : line.text);
  return texts;
}

describe('the log of a server', () => {
  it('has what it writes on stderr, without its secrets', async () => {
    const stage = openStage();
    const supervisor = await stage.open({
      a: stage.program('tells-its-secrets', { env: { SECRET_TOKEN: 'canary-1f7a-22c9' } }),
    });
    const line = await untilLine(supervisor, 'a', ({ text }) => text.startsWith('started with'));
    expect(line).toEqual({
      at: expect.stringMatching(/^\d{4}-.*Z$/),
      stream: 'stderr',
      text: 'started with [redacted]',
    });
    expect(await supervisor.logs('a')).toEqual([line]);
  });

  it('has what was odd about what it said: a banner, answers nobody waits for', async () => {
    const stage = openStage();
    const supervisor = await stage.open({
      banner: stage.program('prints-a-banner'),
      confused: stage.program('answers-an-unknown-id'),
    });
    await supervisor.ready();
    const banner = await untilLine(supervisor, 'banner', ({ text }) => text.includes('Welcome to Banner Server'));
    expect(banner).toMatchObject({ stream: 'protocol', text: expect.stringContaining('not a JSON-RPC message') });
    await supervisor.callTool('confused', 'confused');
    const texts = (await supervisor.logs('confused')).map(({ text }) => text);
    expect(texts).toHaveLength(5);
    expect(texts[0]).toContain('An answer came that nobody waits for');
    expect(texts[0]).toContain('id 4711');
  });

  it('goes on over restarts of the server and of us, where there is a state directory', async () => {
    const stateDir = createScratchFolder();
    const stage = openStage();
    const servers = { a: stage.program('tells-its-secrets', { env: { SECRET_TOKEN: 'canary-1f7a-22c9' } }) };
    const first = await stage.open(servers, {}, { stateDir });
    await first.ready();
    const again = untilState(first, 'a', 'connected');
    await first.callTool('a', 'exit').catch(() => null);
    await again;
    await first.close();
    const second = await stage.open(servers, {}, { stateDir });
    await second.ready();
    const texts = (await second.logs('a')).map(({ text }) => text);
    expect(texts).toEqual([
      'started with [redacted]',
      'gone because of [redacted]',
      'started with [redacted]',
      'started with [redacted]',
    ]);
    expect(await second.logs('a', { tail: 1 })).toHaveLength(1);
    expect(readFileSync(join(stateDir, 'logs', 'a.log'), 'utf8')).not.toContain('canary');
  });

  it('ends with its server, and with the supervisor', async () => {
    const stage = openStage();
    const supervisor = await stage.open({ a: stage.program('speak'), b: stage.program('speak') });
    await supervisor.ready();
    const ofRemoved = read(supervisor.followLogs('a'));
    const ofLast = read(supervisor.followLogs('b'));
    const removed = untilFact(supervisor, 'server.removed');
    await supervisor.remove('a');
    await removed;
    expect(await ofRemoved).toEqual([]);
    await supervisor.close();
    expect(await ofLast).toEqual([]);
  });

  it('is not there for a server that is not', async () => {
    const supervisor = await openStage().open({});
    expect(await errorOf(supervisor.logs('nobody'))).toMatchObject({ code: 'SERVER_NOT_FOUND' });
    expect(() => supervisor.followLogs('nobody')).toThrow(expect.objectContaining({ code: 'SERVER_NOT_FOUND' }));
  });
});

describe('the journal of a supervisor', () => {
  it('tells what happened, chosen and page by page', async () => {
    const stage = openStage();
    const supervisor = await stage.open({ a: stage.program('speak'), b: stage.program('speak') });
    await supervisor.ready();
    const { facts, next } = await supervisor.journal({
      actor: 'server:a',
      type: ['process.spawned', 'session.opened'],
    });
    expect(facts.map(({ type, actor }) => [type, actor])).toEqual([
      ['process.spawned', 'server:a'],
      ['session.opened', 'server:a'],
    ]);
    expect(next).toBeNull();
    const page = await supervisor.journal({ limit: 2 });
    const rest = await supervisor.journal({ after: page.next ?? 0 });
    expect([...page.facts, ...rest.facts]).toEqual((await supervisor.journal()).facts);
    await expect(supervisor.journal({ limit: -1 })).rejects.toMatchObject({ code: 'INVALID_REQUEST' });
  });
});

describe('the metrics of a supervisor', () => {
  it('tell of its servers, restarts and memory', async () => {
    const stage = openStage();
    const config = { mcpServers: { a: stage.program('speak') } };
    const { supervisor, measured } = await openSupervisor({ config, env: process.env });
    onTestFinished(() => supervisor.close());
    const metrics = createMetrics(measured({ droppedLines: () => 0, unread: createBudget(limitsOfHeap()) }));
    onTestFinished(() => metrics.close());
    await supervisor.ready();
    const connected = untilState(supervisor, 'a', 'connected');
    process.kill(pidOf(supervisor, 'a'), 'SIGKILL');
    await connected;
    await supervisor.callTool('a', 'environment');
    const text = await metrics.text();
    for (const line of [
      'mcpvisor_servers{state="connected"} 1',
      'mcpvisor_servers{state="failed"} 0',
      'mcpvisor_server_state{server="a",state="connected"} 1',
      'mcpvisor_server_transitions_total{from="starting",to="connected"} 2',
      'mcpvisor_server_failures_total{server="a",class="exited"} 1',
      'mcpvisor_server_restarts_total{server="a",cause="exited"} 1',
      'mcpvisor_calls_total{server="a",outcome="ok"} 1',
      'mcpvisor_calls_in_flight{server="a"} 0',
    ]) {
      expect(text).toContain(`\n${line}\n`);
    }
    const states = new Set(
      [...text.matchAll(/state="([^"]*)"|from="([^"]*)"/g)].map(([, state, from]) => state ?? from),
    );
    expect([...states].filter((state) => !Object.hasOwn(supervisor.status().counts, state ?? ''))).toEqual([]);
    if (process.platform === 'linux') {
      const [, bytes] = /mcpvisor_server_memory_bytes\{server="a"\} (\d+)/.exec(text) ?? [];
      expect(Number(bytes)).toBeGreaterThan(10 * 1024 * 1024);
    }
    const removed = untilFact(supervisor, 'server.removed');
    await supervisor.remove('a');
    await removed;
    expect(await metrics.text()).not.toContain('server="a"');
  });
});
