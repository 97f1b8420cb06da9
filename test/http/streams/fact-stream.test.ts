import * as fc from 'fast-check';
import { describe, expect, it, onTestFinished } from 'vitest';
import { createHttpApp } from '../../../src/http/app.ts';
import { createRequestHandler } from '../../../src/http/handler.ts';
import { openListener } from '../../../src/http/listener.ts';
import type { FactBody } from '../../../src/observe/facts/fact.ts';
import { createFacts, type Facts } from '../../../src/observe/facts/facts.ts';
import { openSupervisor } from '../../../src/supervisor/supervisor.ts';
import { createClient } from '../../support/doors/client.ts';
import { openScene } from '../../support/doors/daemon.ts';
import { until } from '../../support/processes.ts';
import { type EventReader, openReader, type ReaderOptions, type StreamEvent } from './event-reader.ts';

interface Scene {
  readonly url: string;
  readonly facts: Facts;
  readonly firstSeq: number;
  open(query?: string, options?: ReaderOptions): Promise<EventReader>;
}

/** The API over a supervisor without servers, and its stream of facts in our hands. */
async function openStream({ capacity = 20_000, heartbeatMs = 60_000 } = {}): Promise<Scene> {
  const facts = createFacts({ capacity });
  const firstSeq = facts.lastSeq + 1;
  const onError = (error: unknown) => {
    throw error;
  };
  const { supervisor } = await openSupervisor({ config: { mcpServers: {} }, env: {}, facts });
  const app = createHttpApp({
    supervisor,
    admission: { identity: () => 'tests' },
    onError,
    now: Date.now,
    heartbeatMs,
  });
  const listener = await openListener({ host: '127.0.0.1', port: 0, onError });
  listener.serve(createRequestHandler(app, { onError, now: Date.now }));
  const readers: EventReader[] = [];
  onTestFinished(async () => {
    for (const reader of readers) reader.vanish();
    await supervisor.close();
    await listener.close();
  });
  return {
    url: listener.url,
    facts,
    firstSeq,
    async open(query = '', options = {}) {
      const reader = await openReader(`${listener.url}/api/events${query}`, options);
      readers.push(reader);
      return reader;
    },
  };
}

const raised = (actor: string, reason = 'of the test'): FactBody => ({
  type: 'alarm.raised',
  actor,
  alarm: 'slow',
  reason,
});
const cleared = (actor: string): FactBody => ({ type: 'alarm.cleared', actor, alarm: 'slow' });

const seqsOf = (events: readonly StreamEvent[]): readonly number[] => events.map(({ id }) => Number(id));

/** Every number from `first` to `last`. */
const range = (first: number, last: number): readonly number[] =>
  Array.from({ length: last - first + 1 }, (_, index) => first + index);

describe('a reader of facts', () => {
  it('gets every one in order, each under its number and type', async () => {
    const { facts, firstSeq, open } = await openStream();
    const reader = await open('?since=0');
    for (let index = 0; index < 1_000; index += 1)
      facts.publish(index % 2 === 0 ? raised('server:a') : cleared('server:a'));
    await reader.until('all have come', (events) => events.at(-1)?.id === String(facts.lastSeq));
    expect(seqsOf(reader.events)).toEqual(range(firstSeq, facts.lastSeq));
    expect(reader.events.every(({ id, event, data }) => data.seq === Number(id) && data.type === event)).toBe(true);
    expect(reader.headers['x-accel-buffering']).toBe('no');
  });

  it('that goes and comes back at random sees no gap and no duplicate', { timeout: 120_000 }, async () => {
    const { facts, open } = await openStream();
    const visit = fc.record({ burst: fc.nat(60), taken: fc.nat(40), by: fc.constantFrom('header', 'query', 'both') });
    await fc.assert(
      fc.asyncProperty(fc.array(visit, { minLength: 3, maxLength: 12 }), async (visits) => {
        const first = facts.lastSeq;
        const seen: number[] = [];
        for (const { burst, taken, by } of [...visits, { burst: 1, taken: Number.POSITIVE_INFINITY, by: 'header' }]) {
          const last = String(seen.at(-1) ?? first);
          // A browser that comes back asks for the same address as at first: only its header knows how far it got.
          const query = { header: '', query: `?since=${last}`, both: `?since=${first}` }[by] ?? '';
          const reader = await open(query, by === 'query' ? {} : { lastEventId: last });
          for (let index = 0; index < burst; index += 1) facts.publish(raised('server:a'));
          const due = Math.min(taken, facts.lastSeq - Number(last));
          await reader.until('enough has come', (events) => events.length >= due);
          reader.vanish();
          seen.push(...seqsOf(reader.events.slice(0, due)));
        }
        expect(seen).toEqual(range(first + 1, facts.lastSeq));
      }),
      { numRuns: 25 },
    );
  });

  it('may choose actors and types, and resume its choice', async () => {
    const { facts, open } = await openStream();
    const reader = await open('?actor=server:a,server:b&type=alarm.cleared');
    for (const actor of ['server:a', 'server:b', 'server:c'])
      for (const body of [raised(actor), cleared(actor)]) facts.publish(body);
    facts.publish(cleared('server:a'));
    await reader.until('three have come', (events) => events.length === 3);
    expect(reader.events.map(({ event, data }) => [event, data.actor])).toEqual([
      ['alarm.cleared', 'server:a'],
      ['alarm.cleared', 'server:b'],
      ['alarm.cleared', 'server:a'],
    ]);
    const again = await open('?actor=server:b,server:a&type=alarm.cleared', {
      lastEventId: reader.events[0]?.id ?? '',
    });
    await again.until('the other two have come', (events) => events.length === 2);
    expect(again.events).toEqual(reader.events.slice(1));
  });

  it('hears in a comment line that the stream lives, while nothing happens', async () => {
    const { open } = await openStream({ heartbeatMs: 20 });
    const reader = await open();
    await until('comments come', () => reader.comments() >= 4);
    expect(reader.events).toEqual([]);
  });

  it.each([
    ['?type=alarm.rung', {}, '?type'],
    ['?since=yesterday', {}, '?since'],
    ['', { 'last-event-id': 'yesterday' }, 'Last-Event-ID'],
  ])('that asks for %s with %j is told what is wrong', async (query, headers, path) => {
    const { url } = await openStream();
    const { status, json } = await createClient(url, null).get(`/api/events${query}`, { headers });
    expect(status).toBe(400);
    expect(json).toMatchObject({ code: 'INVALID_REQUEST', problems: [{ path: expect.stringContaining(path) }] });
  });
});

describe('a reader that stops reading', () => {
  it('costs bounded memory, and learns which facts it missed', { timeout: 120_000 }, async () => {
    const { facts, firstSeq, open } = await openStream({ capacity: 1_000 });
    const reader = await open('?since=0');
    facts.publish(raised('server:a'));
    await reader.until('it reads', (events) => events.length > 0);
    reader.pause();
    const before = process.memoryUsage();
    // 240 MB as text, of which 4 MB are kept: a buffer for the reader would hold the rest.
    for (let index = 0; index < 60_000; index += 1) {
      facts.publish(raised('server:a', `${index} ${'x'.repeat(4_000)}`));
      if (index % 100 === 0) await new Promise((resolve) => setImmediate(resolve));
    }
    const after = process.memoryUsage();
    const grownBytes = after.heapUsed + after.external - before.heapUsed - before.external;
    expect(grownBytes).toBeLessThan(100_000_000);
    reader.resume();
    await reader.until('the newest has come', (events) => events.at(-1)?.id === String(facts.lastSeq), 60_000);
    const missed = reader.events.filter(({ event }) => event === 'facts.missed');
    expect(missed.length).toBeGreaterThan(0);
    // What came and what is told of as missed are together every number once.
    const covered = reader.events.flatMap(({ event, id, data }) =>
      event === 'facts.missed' ? range(Number(data.from), Number(data.to)) : [Number(id)],
    );
    expect(covered).toEqual(range(firstSeq, facts.lastSeq));
    for (const { id, data } of missed)
      expect([id, data.count]).toEqual([String(data.to), Number(data.to) - Number(data.from) + 1]);
  });

  it('comes back after more than is kept, and is told of each gap', async () => {
    const { facts, firstSeq, open } = await openStream({ capacity: 10 });
    for (let index = 0; index < 50; index += 1) facts.publish(raised('server:a'));
    const reader = await open('', { lastEventId: String(firstSeq) });
    const covered = () =>
      reader.events.flatMap(({ event, id, data }) =>
        event === 'facts.missed' ? range(Number(data.from), Number(data.to)) : [Number(id)],
      );
    await reader.until('the newest has come', (events) => events.at(-1)?.id === String(facts.lastSeq));
    expect(covered()).toEqual(range(firstSeq + 1, facts.lastSeq));
    const missed = reader.events.filter(({ event }) => event === 'facts.missed');
    const { from, to } = missed.at(-1)?.data ?? {};
    expect(missed.at(-1)).toEqual({
      id: String(to),
      event: 'facts.missed',
      data: { type: 'facts.missed', from, to, count: Number(to) - Number(from) + 1 },
    });
    expect(reader.events.length - missed.length).toBeLessThanOrEqual(10);
    expect(reader.events.at(-1)).toMatchObject({ event: 'alarm.raised' });
  });
});

describe('the journal', () => {
  it.each(['0', '1001'])('has no page of %s facts, and says how many it may be', async (limit) => {
    const { url } = await openStream();
    const { status, json } = await createClient(url, null).get(`/api/journal?limit=${limit}`);
    expect([status, json.problems]).toEqual([
      400,
      [expect.objectContaining({ path: '?limit', message: expect.stringContaining('1') })],
    ]);
  });

  it('gives what is kept page by page, each fact once', async () => {
    const { url, facts } = await openStream();
    for (let index = 0; index < 95; index += 1)
      facts.publish(index % 3 === 0 ? raised('server:a') : cleared('server:b'));
    const seen: unknown[] = [];
    let next: number | null = 0;
    while (next !== null) {
      const { json } = await createClient(url, null).get(`/api/journal?type=alarm.cleared&limit=10&after=${next}`);
      const page = json.facts as readonly { readonly seq: number }[];
      expect(page.length).toBeLessThanOrEqual(10);
      seen.push(...page.map(({ seq }) => seq));
      next = json.next as number | null;
    }
    expect(seen).toEqual([...facts.kept({ isWanted: ({ type }) => type === 'alarm.cleared' })].map(({ seq }) => seq));
  });
});

describe('a server that is killed', () => {
  it('has its whole story told in order', async () => {
    const scene = openScene();
    scene.writeConfig({ one: scene.talker({ restart: { baseMs: 40, capMs: 400 } }) });
    const { url, token, client } = await scene.up();
    const reader = await openReader(`${url}/api/events?since=0&actor=server:one`, { token });
    onTestFinished(() => reader.vanish());
    const opened = (events: readonly StreamEvent[], count: number) =>
      events.filter(({ event }) => event === 'session.opened').length === count;
    await reader.until('it is connected', (events) => opened(events, 1) && events.at(-1)?.data.to !== undefined);
    const { pid } = (await client.get('/api/servers/one')).json;
    process.kill(Number(pid), 'SIGKILL');
    await until(
      'it is connected again',
      () => reader.events.filter(({ data }) => String(data.to).startsWith('connected')).length >= 2,
    );
    const from = reader.events.findIndex(({ event, data }) => event === 'process.exited' && data.pid === pid);
    const told = reader.events
      .slice(from)
      .map(({ event, data }) => (event === 'server.transitioned' ? `→ ${String(data.to).split('.')[0]}` : event));
    const story = ['process.exited', '→ backoff', '→ starting', 'process.spawned', 'session.opened', '→ connected'];
    // Between them there may be more.
    let next = 0;
    for (const step of told) if (step === story[next]) next += 1;
    expect({ next, told }).toMatchObject({ next: story.length });
    expect(reader.events[from]?.data).toMatchObject({ signal: 'SIGKILL' });
    expect(told).toContain('server.failed');
  });
});
