/** Messages that are not too long, and for which there is no room. */

import type { ServerResponse } from 'node:http';
import { describe, expect, it, vi } from 'vitest';
import { createBudget } from '../../../src/session/budget.ts';
import { createUnfinishedEvent } from '../../../src/session/remote/http/answer/unfinished-event.ts';
import { roomOf } from '../rooms.ts';
import { connect, deadlineMs, errorOf, open } from './heard.ts';
import { jsonOnly, reply, serve } from './web.ts';

const json = { 'content-type': 'application/json' };
const events = { 'content-type': 'text/event-stream' };
const large = 'x'.repeat(100_000);
const limits = { each: 50_000, all: 200_000 };

/** Answers calls with so much of an answer, and never with its end. */
async function serveBeginnings(kind: Readonly<Record<string, string>>, beginning: string) {
  return serve(
    jsonOnly((rpc, response) => {
      if (rpc.method !== 'tools/call') return false;
      response.writeHead(200, kind).write(beginning);
      return true;
    }),
  );
}

describe.concurrent.each([
  ['JSON', json, '{"jsonrpc":"2.0","result":"'],
  ['an event', events, 'data: {"jsonrpc":"2.0","result":"'],
  ['lines of an event', events, 'data: \n'.repeat(10_000)],
])('an answer to a call that there is no room for: %s', (_, kind, beginning) => {
  it('fails the call alone, and the connection is not held any longer', async () => {
    const web = await serveBeginnings(kind, beginning + large);
    const budget = createBudget(limits);
    const { client, ends, lost, news } = await connect(`${web.origin}/mcp`, { room: budget.open('far') });
    const failed = errorOf(client.callTool({ name: 'echo' }, undefined, { timeout: 2_000 }));
    if (kind === json) expect(await failed).toMatchObject({ dropped: true, code: 'BUFFER_FULL' });
    else await vi.waitFor(() => expect(lost).toHaveLength(1), { timeout: deadlineMs });
    await client.ping();
    expect([ends, news.filter((line) => line.startsWith('doubted'))]).toEqual([[], []]);
    await vi.waitFor(() => expect(budget.uses).toEqual([]), { timeout: deadlineMs });
    await failed;
  });
});

describe.concurrent('what is held of an answer', () => {
  it.each([
    ['JSON', json, '{"jsonrpc":"2.0","result":"'],
    ['an event', events, 'data: {"jsonrpc":"2.0","result":"'],
  ])('gives way to a server that holds less: %s', async (_, kind, beginning) => {
    const web = await serveBeginnings(kind, beginning + large);
    const budget = createBudget({ each: 150_000, all: 120_000 });
    const { client, lost, ends } = await connect(`${web.origin}/mcp`, { room: budget.open('far') });
    const failed = errorOf(client.callTool({ name: 'echo' }, undefined, { timeout: 5_000 }));
    await vi.waitFor(() => expect(budget.uses[0]?.bytes).toBeGreaterThan(100_000), { timeout: deadlineMs });
    expect(budget.open('other').hold().take(50_000)).toBe(null);
    if (kind === json) expect(await failed).toMatchObject({ dropped: true, code: 'BUFFERS_FULL' });
    else await vi.waitFor(() => expect(lost).toHaveLength(1), { timeout: deadlineMs });
    await client.ping();
    expect(ends).toEqual([]);
    await failed;
  });

  it('is given back when the call is given up', async () => {
    const asked: (string | number)[] = [];
    const web = await serve(
      jsonOnly((rpc, response) => {
        if (rpc.method !== 'tools/call') return false;
        if (rpc.id !== undefined) asked.push(rpc.id);
        response.writeHead(200, json).write(large);
        return true;
      }),
    );
    const budget = createBudget({ each: 1e6, all: 1e6 });
    const { client, link } = await connect(`${web.origin}/mcp`, { room: budget.open('far') });
    const failed = errorOf(client.callTool({ name: 'echo' }, undefined, { timeout: 2_000 }));
    await vi.waitFor(() => expect(budget.uses[0]?.bytes).toBeGreaterThanOrEqual(large.length), { timeout: deadlineMs });
    for (const id of asked) link.transport.giveUp?.(id);
    await vi.waitFor(() => expect(budget.uses).toEqual([]), { timeout: deadlineMs });
    await failed;
  });
});

describe.concurrent('an event that nobody asked for, and for which there is no room', () => {
  it('ends its stream, which is opened again', async () => {
    let streams = 0;
    const web = await serve(
      jsonOnly((_, response, request) => {
        if (request.method !== 'GET') return false;
        streams += 1;
        response.writeHead(200, events).write(streams === 1 ? `data: ${large}` : ': here\n\n');
        return true;
      }),
    );
    const { client, ends } = await connect(`${web.origin}/mcp`, { room: roomOf(limits) });
    await vi.waitFor(() => expect(streams).toBe(2), { timeout: deadlineMs });
    await client.ping();
    expect(ends).toEqual([]);
  });

  it.each([
    ['its own share is full', limits, 'messageTooLarge'],
    ['that of all is', { each: 200_000, all: 50_000 }, 'shortage'],
  ] as const)('ends a session over legacy SSE: %s', async (_, bounds, failureClass) => {
    const open_: ServerResponse[] = [];
    const web = await serve((request, response) => {
      if (request.method === 'POST') return reply(response, 202);
      response.writeHead(200, events).write('event: endpoint\ndata: /messages\n\n');
      open_.push(response);
      return true;
    });
    const { link, ended } = open(`${web.origin}/sse`, { transport: 'sse', room: roomOf(bounds) });
    await link.transport.start();
    open_[0]?.write(`data: ${large}`);
    expect(await ended).toMatchObject({ class: failureClass });
  });
});

describe.concurrent('what the beginning of an event takes', () => {
  const fed = (...pieces: readonly string[]) => {
    const event = createUnfinishedEvent();
    for (const piece of pieces) event.feed(piece);
    return event;
  };

  it('is nothing when it has ended, wherever the pieces are cut', () => {
    expect(fed('data: a\n\n').weight).toBe(0);
    expect(fed('data: a\n', '\n').weight).toBe(0);
    expect(fed('data: ', 'a', '\n', '\n').weight).toBe(0);
    expect(fed('data: a\n\ndata: b\n\n').weight).toBe(0);
  });

  it('grows with its letters, its lines and the pieces of its last line', () => {
    const [one, lines, pieces] = [fed('data: aaa'), fed('data: a\ndata: a\n'), fed(...'data: aaa'.split(''))];
    expect(one.weight).toBeGreaterThan(9);
    expect(lines.weight).toBeGreaterThan(one.weight);
    expect(pieces.weight).toBeGreaterThan(8 * 32);
    pieces.feed('\n');
    expect(pieces.weight).toBe(fed('data: aaa\n').weight);
  });

  it('does not grow with comments', () => {
    const event = createUnfinishedEvent();
    for (let count = 0; count < 1_000; count += 1) {
      event.feed(': still here\n');
      event.comment('still here');
    }
    expect(event.weight).toBeLessThan(2_000);
  });

  it('is never less than nothing, and comments beside it hide nothing of it', () => {
    const event = createUnfinishedEvent();
    const comments = ':\n'.repeat(1_000);
    event.feed(`${comments}\ndata: ${large}`);
    for (let count = 0; count < 1_000; count += 1) event.comment('');
    expect(event.weight).toBeGreaterThan(large.length);
  });
});
