/** Requests that a session has given up, over HTTP: what would have brought their answers is ended. */

import type { ServerResponse } from 'node:http';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { sessionsVia } from '../sessions.ts';
import { deadlineMs } from './heard.ts';
import { jsonOnly, type Rpc, serve } from './web.ts';

const json = { 'content-type': 'application/json' };
const { openTarget } = sessionsVia((open) => open);

/** Does not answer requests that `isHeld` names, unless by `answer`; `held` are those whose connections are open. */
async function serveDeaf(isHeld: (rpc: Rpc) => boolean, capabilities: object = { tools: {} }) {
  const held = new Set<ServerResponse>();
  const answers: (() => void)[] = [];
  const web = await serve(
    jsonOnly((rpc, response) => {
      if (rpc.method === 'initialize') {
        const result = { protocolVersion: '2025-06-18', capabilities, serverInfo: { name: 'deaf', version: '1' } };
        response.writeHead(200, json);
        response.end(JSON.stringify({ jsonrpc: '2.0', id: rpc.id, result }));
        return true;
      }
      if (!isHeld(rpc)) return false;
      answers.push(() => response.writeHead(200, json).end(JSON.stringify({ jsonrpc: '2.0', id: rpc.id, result: {} })));
      held.add(response.once('close', () => held.delete(response)));
      return true;
    }),
  );
  return {
    url: `${web.origin}/mcp`,
    held,
    asked: () => answers.length,
    answer: (number: number) => answers[number - 1]?.(),
  };
}

async function openSession(url: string, startTimeoutMs = 30_000) {
  const access = { headers: {}, ca: null, proxy: null, fetch: 'own', authProvider: null } as const;
  const target = { kind: 'remote', transport: 'streamable-http', url, ...access } as const;
  const recorded = openTarget(target, { settings: { startTimeoutMs } });
  onTestFinished(recorded.close);
  await recorded.heard('ready');
  return recorded;
}

describe('a call that is given up', () => {
  it('frees its connection', async () => {
    const { url, held } = await serveDeaf(({ method }) => method === 'tools/call');
    const { session, types } = await openSession(url);
    const given = new AbortController();
    const call = session.request('tools/call', { name: 'echo' }, { signal: given.signal });
    await vi.waitFor(() => expect(held.size).toBe(1), { timeout: deadlineMs });
    given.abort();
    await expect(call).rejects.toThrow(expect.objectContaining({ code: 'CALL_CANCELLED' }));
    await vi.waitFor(() => expect(held.size).toBe(0), { timeout: deadlineMs });
    await session.probe('ping');
    expect(types()).not.toContain('doubted');
  });
});

describe('probes that a server never answers', () => {
  it('hold a few connections at a time, and none once another one is answered', async () => {
    const { url, held, asked } = await serveDeaf(({ method }) => method === 'ping');
    const { session } = await openSession(url);
    for (let probes = 1; probes <= 12; probes += 1) {
      void session.probe('ping');
      await vi.waitFor(() => expect(asked()).toBe(probes), { timeout: deadlineMs });
    }
    await vi.waitFor(() => expect(held.size).toBeLessThanOrEqual(4), { timeout: deadlineMs });
    await session.probe('list');
    await vi.waitFor(() => expect(held.size).toBe(0), { timeout: deadlineMs });
  });

  it('are answered late, when the next ones have been sent', async () => {
    const { url, held, asked, answer } = await serveDeaf(({ method }) => method === 'ping');
    const { session } = await openSession(url);
    const probes: Promise<number>[] = [];
    for (let sent = 1; sent <= 4; sent += 1) {
      probes.push(session.probe('ping'));
      await vi.waitFor(() => expect(asked()).toBe(sent), { timeout: deadlineMs });
    }
    answer(2);
    expect(await probes[1]).toBeGreaterThanOrEqual(0);
    await vi.waitFor(() => expect(held.size).toBe(2), { timeout: deadlineMs });
    answer(4);
    expect(await probes[3]).toBeGreaterThanOrEqual(0);
    await vi.waitFor(() => expect(held.size).toBe(0), { timeout: deadlineMs });
  });
});

describe('a list that a server never answers for', () => {
  it('holds one connection, however often it is read again', async () => {
    const { url, held, asked } = await serveDeaf(({ method }) => method === 'prompts/list', { tools: {}, prompts: {} });
    await openSession(url, 300);
    await vi.waitFor(() => expect(asked()).toBeGreaterThan(2), { timeout: deadlineMs });
    await vi.waitFor(() => expect(held.size).toBe(1), { timeout: deadlineMs });
  });

  it('holds none once a server without lists has had its time', async () => {
    const { url, held, asked } = await serveDeaf(({ method }) => method === 'tools/list', {});
    await openSession(url, 300);
    expect(asked()).toBe(1);
    await vi.waitFor(() => expect(held.size).toBe(0), { timeout: deadlineMs });
  });
});
