/** What servers say in their own words goes into snapshots, facts and logs: as much of it as somebody can read. */

import { InMemoryTransport } from '@modelcontextprotocol/sdk/inMemory.js';
import type { JSONRPCMessage } from '@modelcontextprotocol/sdk/types.js';
import { describe, expect, it } from 'vitest';
import { errorOf, openStage, untilFact } from '../support/supervised.ts';

type Answer = (method: string) => Readonly<Record<string, unknown>>;

/** A server in this process that answers each request by its method. */
async function openWith(answer: Answer) {
  const inside = () => {
    const [near, far] = InMemoryTransport.createLinkedPair();
    far.onmessage = (message) => {
      if ('method' in message && 'id' in message)
        void far.send({ jsonrpc: '2.0', id: message.id, ...answer(message.method) } as JSONRPCMessage);
    };
    return near;
  };
  const entry = { transport: 'inside', restart: { baseMs: 60_000, capMs: 60_000 } };
  const supervisor = await openStage().open({ a: entry }, {}, { transports: { inside } });
  return supervisor;
}

const welcome = {
  result: { protocolVersion: '2025-06-18', capabilities: { tools: {} }, serverInfo: { name: 'wordy', version: '1' } },
};
const megabyte = 'x'.repeat(1_000_000);

describe('the words of a server', () => {
  it('are cut in failures', async () => {
    const supervisor = await openWith(() => ({ error: { code: -32_000, message: `no licence ${megabyte}` } }));
    const { failure } = await untilFact(supervisor, 'server.failed', () => true, { since: 0 });
    expect(failure.message).toContain('no licence xxx');
    expect(failure.message.length).toBeLessThanOrEqual(8_000);
    expect(JSON.stringify(supervisor.status('a')).length).toBeLessThan(20_000);
  });

  it('are cut in what is told of its lists, and not every bad item is told', async () => {
    const supervisor = await openWith((method) =>
      method === 'initialize'
        ? welcome
        : { result: { tools: Array.from({ length: 1_000 }, () => ({ name: megabyte.slice(0, 10_000) })) } },
    );
    const { problems } = await untilFact(supervisor, 'catalog.changed', () => true, { since: 0 });
    expect(problems).toHaveLength(101);
    expect(problems.at(-1)).toContain('And 900 more items are of no use.');
    expect(Math.max(...problems.map(({ length }) => length))).toBeLessThanOrEqual(8_000);
  });

  it('reach the caller of a call uncut', async () => {
    const supervisor = await openWith((method) => {
      if (method === 'initialize') return welcome;
      return method === 'tools/list'
        ? { result: { tools: [{ name: 't', inputSchema: {} }] } }
        : { error: { code: -32_000, message: megabyte } };
    });
    await supervisor.ready();
    expect(await errorOf(supervisor.callTool('a', 't'))).toMatchObject({
      code: 'UPSTREAM_ERROR',
      details: { rpcMessage: megabyte },
    });
  });
});
