import { randomBytes } from 'node:crypto';
import type { ServerResponse } from 'node:http';
import { gzipSync } from 'node:zlib';
import { describe, expect, it, vi } from 'vitest';
import { until } from '../../support/processes.ts';
import { connect, deadlineMs, errorOf, open } from './heard.ts';
import { jsonOnly, type Rpc, reply, resultOf, serve } from './web.ts';

const maxMessageBytes = 20_000;
const json = { 'content-type': 'application/json' };
const events = { 'content-type': 'text/event-stream' };

/** Writes as fast as it is read, for ever, and never a line end. */
function pour(response: ServerResponse): void {
  const chunk = Buffer.alloc(16_384, 'x');
  const more = () => {
    while (!response.destroyed && response.write(chunk)) {
      // Until its buffer is full.
    }
  };
  response.on('drain', more);
  more();
}

/** The answer to a request, as long as is asked for. */
function textOf(rpc: Rpc, bytes: number): string {
  const result = { ...resultOf(rpc), padding: '' };
  const bare = JSON.stringify({ jsonrpc: '2.0', id: rpc.id, result }).length;
  return JSON.stringify({ jsonrpc: '2.0', id: rpc.id, result: { ...result, padding: 'x'.repeat(bytes - bare) } });
}

describe('an answer that never ends', () => {
  it.each([
    ['JSON', json, '{"jsonrpc":"2.0","id":0,"result":"'],
    ['an event', events, 'data: {"jsonrpc":"2.0","id":0,"result":"'],
  ])('to initialize ends the link, and its connection: %s', async (_, headers, beginning) => {
    const pouring = new Set<ServerResponse>();
    const web = await serve(
      jsonOnly((rpc, response) => {
        if (rpc.method !== 'initialize') {
          return false;
        }
        pouring.add(response);
        response.once('close', () => pouring.delete(response));
        response.writeHead(200, headers).write(beginning);
        pour(response);
        return true;
      }),
    );
    const { client, link, ended, ends } = open(`${web.origin}/mcp`, { maxMessageBytes });
    await expect(client.connect(link.transport)).rejects.toThrow();
    expect(await ended).toMatchObject({
      class: 'messageTooLarge',
      phase: 'initializing',
      message: expect.stringContaining('maxMessageBytes'),
    });
    expect(ends).toHaveLength(1);
    await vi.waitFor(() => expect(pouring.size).toBe(0), { timeout: deadlineMs });
  });

  it.each([
    ['JSON', json],
    ['an event', events],
  ])('to a call ends the link: %s', async (_, headers) => {
    const web = await serve(
      jsonOnly((rpc, response) => {
        if (rpc.method !== 'tools/call') {
          return false;
        }
        pour(response.writeHead(200, headers));
        return true;
      }),
    );
    const { client, ended } = await connect(`${web.origin}/mcp`, { maxMessageBytes });
    const failed = errorOf(client.callTool({ name: 'echo' }));
    expect(await ended).toMatchObject({ class: 'messageTooLarge', phase: null });
    expect(await failed).toBeInstanceOf(Error);
  });

  it('is no longer read when it is an error page', async () => {
    const sockets: { readonly bytesWritten: number; readonly destroyed: boolean }[] = [];
    const web = await serve(
      jsonOnly((rpc, response) => {
        if (rpc.method === 'tools/call') {
          if (response.socket !== null) sockets.push(response.socket);
          pour(response.writeHead(502, { 'content-type': 'text/html' }));
        }
        return rpc.method === 'tools/call';
      }),
    );
    const { client, told } = await connect(`${web.origin}/mcp`, { maxMessageBytes: 1_000_000 });
    await expect(client.callTool({ name: 'echo' })).rejects.toMatchObject({ code: 502 });
    await told('doubted');
    await client.ping();
    await until('its connection is cut', () => sockets[0]?.destroyed === true);
    // Some of it is in the buffers of the system.
    expect(sockets[0]?.bytesWritten).toBeLessThan(16 * 1024 * 1024);
  });
});

describe('a message of many bytes', () => {
  it.each([
    ['JSON', json, (text: string) => text],
    ['an event', events, (text: string) => `data: ${text}\n\n`],
    ['an event with the line ends of Windows', events, (text: string) => `data: ${text}\r\n\r\n`],
  ])('is read up to the limit, and no further: %s', async (_, headers, framed) => {
    let bytes = maxMessageBytes - 100;
    const web = await serve(
      jsonOnly(
        (rpc, response) =>
          rpc.method === 'tools/list' && reply(response, 200, { headers, body: framed(textOf(rpc, bytes)) }),
      ),
    );
    const { client, ended } = await connect(`${web.origin}/mcp`, { maxMessageBytes });
    expect((await client.listTools()).tools).toHaveLength(1);
    bytes = maxMessageBytes + 1;
    const failed = errorOf(client.listTools());
    expect(await ended).toMatchObject({ class: 'messageTooLarge' });
    expect(await failed).toBeInstanceOf(Error);
  });

  it('is measured in bytes where its stream ends before the end of the event, too', async () => {
    const web = await serve(
      jsonOnly((rpc, response) => {
        const body = `data: ${textOf(rpc, 15_000).replace(/x+/, (padding) => 'é'.repeat(padding.length))}`;
        return rpc.method === 'tools/list' && reply(response, 200, { headers: events, body });
      }),
    );
    const { client, ended } = await connect(`${web.origin}/mcp`, { maxMessageBytes });
    const failed = errorOf(client.listTools());
    expect(await Promise.race([ended, failed])).toMatchObject({ class: 'messageTooLarge' });
    await failed;
  });

  it('is measured by what it unpacks to', async () => {
    const headers = { ...json, 'content-encoding': 'gzip' };
    const web = await serve(
      jsonOnly((rpc, response) => {
        if (rpc.method === 'tools/list') {
          response.writeHead(200, headers).end(gzipSync(textOf(rpc, 10_000_000)));
        }
        return rpc.method === 'tools/list';
      }),
    );
    const { client, ended } = await connect(`${web.origin}/mcp`, { maxMessageBytes });
    const failed = errorOf(client.listTools());
    expect(await ended).toMatchObject({ class: 'messageTooLarge' });
    expect(await failed).toBeInstanceOf(Error);
  });

  it('ends the link when it comes unasked', async () => {
    const web = await serve(
      jsonOnly((_, response, request) => {
        if (request.method === 'GET') {
          pour(response.writeHead(200, events));
        }
        return request.method === 'GET';
      }),
    );
    const { ended } = await connect(`${web.origin}/mcp`, { maxMessageBytes });
    expect(await ended).toMatchObject({ class: 'messageTooLarge' });
  });

  it('ends the link over legacy SSE too', async () => {
    const web = await serve((_, response) => {
      response.writeHead(200, events).write('event: endpoint\ndata: /messages\n\n');
      pour(response);
    });
    const { link, ended } = open(`${web.origin}/sse`, { transport: 'sse', maxMessageBytes });
    // The first event and the limit may come together.
    const started = errorOf(link.transport.start());
    expect(await ended).toMatchObject({ class: 'messageTooLarge' });
    await started;
  });
});

describe('many small messages', () => {
  it('are no large one, however they are cut', async () => {
    const web = await serve(
      jsonOnly((rpc, response) => {
        if (rpc.method !== 'tools/list') {
          return false;
        }
        const note = {
          jsonrpc: '2.0',
          method: 'notifications/message',
          params: { level: 'info', data: randomBytes(500).toString('hex') },
        };
        const stream = `: still here\n\n${`event: message\r\ndata: ${JSON.stringify(note)}\r\n\r\n`.repeat(200)}data: ${textOf(rpc, 1_000)}\n\n`;
        response.writeHead(200, events);
        // A length that shares no factor with that of an event: the cuts fall everywhere, within line ends too.
        for (let at = 0; at < stream.length; at += 997) {
          response.write(stream.slice(at, at + 997));
        }
        response.end();
        return true;
      }),
    );
    const { client, ends, lost } = await connect(`${web.origin}/mcp`, { maxMessageBytes });
    expect((await client.listTools()).tools).toHaveLength(1);
    expect([ends, lost]).toEqual([[], []]);
  });
});
