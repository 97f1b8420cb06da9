import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { InMemoryTransport } from '@modelcontextprotocol/sdk/inMemory.js';
import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js';
import { describe, expect, it } from 'vitest';
import type { HostedTransports } from '../../../src/index.ts';
import { createScratchFolder } from '../../support/scratch-folder.ts';
import { openStage, quickRestart, textOf, untilFact, untilState } from '../../support/supervised.ts';

/** Servers of the SDK in this process; `far` holds the other ends that are open. */
function hostServers(): { readonly transports: HostedTransports; readonly far: Map<string, InMemoryTransport> } {
  const far = new Map<string, InMemoryTransport>();
  const inside = async (entry: Readonly<Record<string, unknown>>) => {
    const name = String(entry.who);
    const server = new McpServer({ name, version: '1' });
    server.registerTool('who', {}, () => ({ content: [{ type: 'text', text: name }] }));
    const [near, other] = InMemoryTransport.createLinkedPair();
    await server.connect(other);
    far.set(name, other);
    return near;
  };
  return { transports: { inside }, far };
}

describe("fifty servers over the host's own transport", () => {
  it('connect, answer, come back when one closes, and end', async () => {
    const { transports, far } = hostServers();
    const names = Array.from({ length: 50 }, (_, index) => `s${index}`);
    const servers = Object.fromEntries(
      names.map((name) => [name, { transport: 'inside', who: name, restart: quickRestart }]),
    );
    const supervisor = await openStage().open(servers, {}, { transports });
    expect(await supervisor.ready()).toEqual({ settled: true, notReady: [] });
    expect(supervisor.status().counts.connected).toBe(50);
    expect(supervisor.status('s7')).toMatchObject({ transport: 'inside', pid: null, serverInfo: { name: 's7' } });
    const outcomes = await supervisor.callTools(names.map((server) => ({ server, tool: 'who' })));
    expect(outcomes.map((outcome) => (outcome.status === 'ok' ? textOf(outcome.result) : outcome))).toEqual(names);
    const down = untilState(supervisor, 's7', 'backoff');
    const back = untilState(supervisor, 's7', 'connected');
    await far.get('s7')?.close();
    await down;
    expect(supervisor.status('s7').lastFailure).toMatchObject({ class: 'disconnected' });
    await back;
    expect(textOf(await supervisor.callTool('s7', 'who'))).toBe('s7');
    expect(
      supervisor
        .status()
        .servers.filter(({ generation }) => generation !== 1)
        .map(({ name }) => name),
    ).toEqual(['s7']);
    const startedAt = performance.now();
    await supervisor.close();
    expect(performance.now() - startedAt).toBeLessThan(5_000);
  });
});

describe('an entry of a host that holds what JSON cannot', () => {
  const cyclic: { self?: unknown } = {};
  cyclic.self = cyclic;
  const throwing = () => {
    throw new Error('a mistake of the host');
  };

  it.each<[string, unknown]>([
    ['a BigInt', 10n],
    ['a function', () => 1],
    ['a cycle', cyclic],
    ['many levels', Array.from({ length: 50_000 }).reduce<unknown>((value) => ({ value }), 1)],
    ['a getter that throws', Object.defineProperty({}, 'size', { get: throwing, enumerable: true })],
    ['JSON of its own that throws', { toJSON: throwing }],
  ])('is connected at each start, remembered, and compared: %s', async (_, live) => {
    const { transports } = hostServers();
    const stateDir = createScratchFolder();
    const servers = { a: { transport: 'inside', who: 'a', live } };
    for (const run of [1, 2]) {
      const supervisor = await openStage().open(servers, {}, { transports, stateDir });
      expect(await supervisor.ready(), `${run}`).toEqual({ settled: true, notReady: [] });
      expect((await supervisor.update('a', { size: 1 })).restart).toEqual(['a']);
      expect((await supervisor.update('a', { size: 1 })).keep).toEqual(['a']);
      await supervisor.close();
      expect(readFileSync(join(stateDir, 'worked.json'), 'utf8')).toContain('"a"');
    }
  });
});

describe("a host's transport that goes wrong", () => {
  it('is tried again like any other server', async () => {
    const { transports } = hostServers();
    let tries = 0;
    const inside: HostedTransports[string] = (entry, signal) => {
      tries += 1;
      if (tries < 3) throw new Error(`no luck the ${tries}. time`);
      return transports.inside?.(entry, signal) ?? Promise.reject(new Error('no transport'));
    };
    const supervisor = await openStage().open(
      { a: { transport: 'inside', who: 'a', restart: quickRestart } },
      {},
      { transports: { inside } },
    );
    const first = await untilFact(supervisor, 'session.closed', undefined, { since: 0 });
    expect(first.failure?.message).toContain('no luck the 1. time');
    await untilState(supervisor, 'a', 'connected', { since: 0 });
    expect(supervisor.status('a')).toMatchObject({ attempt: 2, generation: 3 });
  });

  it('may throw while it sends: nobody else is harmed', async () => {
    const { transports, far } = hostServers();
    const inside: HostedTransports[string] = async (entry, signal) => {
      const transport = await transports.inside?.(entry, signal);
      if (transport === undefined) throw new Error('no transport');
      const send = transport.send.bind(transport);
      transport.send = (message, options) => {
        if ('method' in message && message.method === 'tools/call' && entry.who === 'bad')
          throw new TypeError('a bug of the host');
        return send(message, options);
      };
      return transport;
    };
    const servers = {
      bad: { transport: 'inside', who: 'bad', restart: quickRestart },
      good: { transport: 'inside', who: 'good' },
    };
    const supervisor = await openStage().open(servers, {}, { transports: { inside } });
    await supervisor.ready();
    await expect(supervisor.callTool('bad', 'who', {}, { timeoutMs: 5_000 })).rejects.toMatchObject({
      code: expect.stringMatching(/OUTCOME_UNKNOWN|SERVER_NOT_CONNECTED|UPSTREAM_ERROR|CALL_TIMED_OUT/),
    });
    expect(textOf(await supervisor.callTool('good', 'who'))).toBe('good');
    expect(far.size).toBe(2);
    expect(supervisor.status('good')).toMatchObject({ state: 'connected', generation: 1 });
  });

  it('is unknown by a word nobody explained: a configuration problem', async () => {
    await expect(openStage().open({ a: { transport: 'pigeon' } })).rejects.toMatchObject({ code: 'CONFIG_INVALID' });
  });
});
