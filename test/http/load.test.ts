import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { until } from '../support/processes.ts';
import { factsSoFar } from '../support/supervised.ts';
import { type Api, entryOf, openApi } from './open-api.ts';

const servers = ['left', 'right'] as const;

let api: Api;

beforeAll(async () => {
  const roomy = { maxConcurrentCalls: 64, maxQueuedCalls: 1_000 };
  api = await openApi({
    servers: { left: { ...entryOf('speak'), ...roomy }, right: { ...entryOf('speak'), ...roomy } },
  });
  await until('both are connected', () => servers.every((name) => api.supervisor.status(name).state === 'connected'));
});

afterAll(() => api.close());

/** The same on every run: which client vanishes, and when. */
function createChance(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state * 1_664_525 + 1_013_904_223) % 4_294_967_296;
    return state / 4_294_967_296;
  };
}

describe('a thousand calls at once, whose clients vanish at random', () => {
  it('settle once each, and leave nothing behind', { timeout: 120_000 }, async () => {
    const chance = createChance(7);
    const outcomes = await Promise.all(
      Array.from({ length: 1_000 }, async (_, index) => {
        const vanishing = new AbortController();
        const [isImpatient, patienceMs, ms] = [chance() < 0.4, Math.round(chance() * 2_000), Math.round(chance() * 30)];
        const timer = isImpatient ? setTimeout(() => vanishing.abort(), patienceMs) : undefined;
        const call = `/api/servers/${servers[index % 2]}/tools/sleep/call`;
        const headers: Record<string, string> = index % 3 === 0 ? { accept: 'text/event-stream' } : {};
        const answer = await api.client
          .post(call, { arguments: { ms } }, { signal: vanishing.signal, headers })
          .catch(() => null);
        clearTimeout(timer);
        return answer === null ? (isImpatient ? 'vanished' : 'lost') : `${answer.status}`;
      }),
    );
    const counted = countOf(outcomes);
    expect(counted.get('lost') ?? 0).toBe(0);
    expect([...counted.keys()].filter((one) => one !== 'vanished')).toEqual(['200']);
    expect(counted.get('vanished')).toBeGreaterThan(0);
    const countsOf = (name: (typeof servers)[number]) => api.supervisor.status(name).counts;
    await until('nothing is in flight or waits', () =>
      servers.every((name) => countsOf(name).inFlight === 0 && countsOf(name).queued === 0),
    );
    const facts = await factsSoFar(api.supervisor);
    const idsOf = (type: string) =>
      facts.flatMap((fact) => (fact.type === type && 'callId' in fact ? [fact.callId] : [])).toSorted((a, b) => a - b);
    expect(idsOf('call.settled')).toEqual(idsOf('call.started'));
    expect(new Set(idsOf('call.started')).size).toBe(idsOf('call.started').length);
    expect(api.bugs).toEqual([]);
    // They are as good as before.
    for (const name of servers)
      expect((await api.client.post(`/api/servers/${name}/tools/echo/call`, { arguments: { text: 'x' } })).status).toBe(
        200,
      );
  });
});

function countOf(outcomes: readonly string[]): ReadonlyMap<string, number> {
  const counted = new Map<string, number>();
  for (const outcome of outcomes) counted.set(outcome, (counted.get(outcome) ?? 0) + 1);
  return counted;
}
