import { describe, expect, it } from 'vitest';
import type { Fact, FactBody, FactsMissed } from '../../../src/observe/facts/fact.ts';
import { createFacts } from '../../../src/observe/facts/facts.ts';

const failed = (server: string): FactBody => ({
  type: 'server.transitioned',
  actor: `server:${server}`,
  from: 'connected',
  to: 'backoff',
  event: 'session.failed',
  reason: 'exited',
  edges: [],
});

const noises = {
  calls: { type: 'call.settled', callId: 1, method: 'tools/call', tool: 'x', outcome: 'answered', durationMs: 1 },
  probes: { type: 'probe.missed', misses: 1, counted: false },
  notifications: { type: 'session.notified', method: 'notifications/message' },
  requests: { type: 'session.asked', method: 'ping', answered: true },
  lists: { type: 'catalog.changed', tools: 1, resources: 0, prompts: 0, problems: [] },
  'lists that fail': { type: 'lists.unread', lists: [] },
  streams: { type: 'session.push', available: true, reason: null },
  'senseless events': { type: 'event.ignored', event: 'server.retry', state: 'connected' },
  edits: { type: 'config.rejected', file: 'mcp.json', problems: ['is no JSON'] },
  alarms: { type: 'alarm.raised', alarm: 'lists', reason: 'it says so' },
  commands: { type: 'command.accepted', commandId: '1', command: 'retry', by: null },
  failures: { type: 'server.failed', failure: {} },
} as const;

const countOf = (facts: readonly (Fact | FactsMissed)[]): number =>
  facts.reduce((sum, fact) => sum + ('count' in fact && fact.count !== undefined ? fact.count : 1), 0);

describe.each(Object.entries(noises))('a server that makes noise: %s', (_, noise) => {
  it('evicts no history, neither its own nor that of others', () => {
    const facts = createFacts({ capacity: 1_000 });
    for (const server of ['noisy', 'quiet']) facts.publish(failed(server));
    for (let count = 0; count < 20_000; count += 1) {
      // All types are published in this way; only their fields differ.
      facts.publish({ ...noise, actor: 'server:noisy' } as unknown as FactBody);
    }
    facts.close();
    const steps = [...facts.kept()].filter(({ type }) => type === 'server.transitioned');
    expect(steps.map(({ actor }) => actor)).toEqual(['server:noisy', 'server:quiet']);
    expect([...facts.kept()].length).toBeLessThanOrEqual(1_000);
  });
});

describe('noise of all kinds from many servers at once', () => {
  it('leaves half of the room to history, and to each server the same', () => {
    const facts = createFacts({ capacity: 1_000 });
    const servers = Array.from({ length: 50 }, (_, index) => `s${index}`);
    for (const server of servers) for (let count = 0; count < 10; count += 1) facts.publish(failed(server));
    for (let count = 0; count < 20_000; count += 1) facts.publish({ ...noises.calls, actor: `server:s${count % 50}` });
    for (let count = 0; count < 5_000; count += 1) facts.publish(failed('s0'));
    const steps = [...facts.kept()].filter(({ type }) => type === 'server.transitioned');
    const perServer = servers.map((server) => steps.filter(({ actor }) => actor === `server:${server}`).length);
    expect(Math.min(...perServer)).toBe(10);
    expect(Math.max(...perServer)).toBeLessThan(15);
    expect([...facts.kept()].at(-1)?.seq).toBe(facts.lastSeq);
  });
});

describe('what a server can cause as fast as it likes', () => {
  it('is told one by one ten times a second, and the rest as one fact that counts them', async () => {
    const facts = createFacts({ firstSeq: 1 });
    const reader = facts.read();
    for (let count = 1; count <= 5_000; count += 1)
      facts.publish({ type: 'session.notified', actor: 'server:a', method: `notifications/${count}` });
    facts.publish({ ...noises.requests, actor: 'server:a' });
    const got: (Fact | FactsMissed)[] = [];
    for (let count = 0; count < 12; count += 1) got.push((await reader.next()).value as Fact);
    expect(got.slice(0, 10).map((fact) => 'method' in fact && fact.method)).toEqual(
      Array.from({ length: 10 }, (_, index) => `notifications/${index + 1}`),
    );
    expect(got[10]).toMatchObject({ type: 'session.asked' });
    expect(got[11]).toMatchObject({ seq: 12, type: 'session.notified', method: 'notifications/5000', count: 4_990 });
    facts.close();
  });

  it('is counted in full when the stream is closed meanwhile', () => {
    const facts = createFacts({ firstSeq: 1 });
    for (let count = 0; count < 100; count += 1) facts.publish({ ...noises.notifications, actor: 'server:a' });
    facts.close();
    expect([...facts.kept()]).toHaveLength(11);
    expect(countOf([...facts.kept()])).toBe(100);
  });
});

describe('a reader that comes back after noise', () => {
  it('gets the history, and is told of each gap in it', async () => {
    const facts = createFacts({ firstSeq: 1, capacity: 10 });
    const noise = (times: number) => {
      for (let count = 0; count < times; count += 1) facts.publish({ ...noises.calls, actor: 'server:noisy' });
    };
    facts.publish(failed('a'));
    noise(50);
    facts.publish(failed('b'));
    noise(50);
    facts.close();
    const got: (Fact | FactsMissed)[] = [];
    for await (const fact of facts.read({ since: 0 })) got.push(fact);
    expect(got.slice(0, 4)).toMatchObject([
      { seq: 1, actor: 'server:a' },
      { type: 'facts.missed', from: 2, to: 51, count: 50 },
      { seq: 52, actor: 'server:b' },
      { type: 'facts.missed', from: 53, to: 94, count: 42 },
    ]);
    expect(got).toHaveLength(12);
  });
});

describe('what others say', () => {
  const long = 'ü'.repeat(1_000_000);
  const failure = {
    class: 'exited',
    message: long,
    phase: null,
    code: null,
    exitCode: 1,
    signal: null,
    stderrTail: Array.from({ length: 10_000 }, () => long.slice(0, 1_000)),
    retryAfterMs: null,
  } as const;

  it.each<[string, FactBody]>([
    ['a message and many lines', { type: 'server.failed', actor: 'server:a', failure } as FactBody],
    ['a method', { type: 'session.asked', actor: 'server:a', method: long, answered: false }],
    ['many problems', { ...noises.edits, actor: 'supervisor', problems: Array.from({ length: 300_000 }, () => 'bad') }],
    ['many names', { type: 'round.closed', actor: 'group:g', started: Array.from({ length: 300_000 }, () => 'name') }],
  ])('is shortened in a fact: %s', (_, body) => {
    const facts = createFacts({ firstSeq: 1 });
    facts.publish(body);
    const text = JSON.stringify([...facts.kept()][0]);
    expect(text.length).toBeLessThan(100_000);
    expect(text).toMatch(/…/);
  });

  it('takes a bounded room in all, of which a large fact takes more', () => {
    const facts = createFacts({ capacity: 1_000 });
    const problems = Array.from({ length: 100 }, () => 'x'.repeat(4_000));
    for (let count = 0; count < 2_000; count += 1)
      facts.publish({ ...noises.edits, actor: `server:${count % 7}`, problems });
    const bytes = [...facts.kept()].reduce((sum, fact) => sum + JSON.stringify(fact).length, 0);
    expect(bytes).toBeLessThan(1_200_000);
    expect([...facts.kept()].length).toBeGreaterThan(10);
  });
});
