import type { RequestListener, ServerResponse } from 'node:http';
import { describe, expect, it } from 'vitest';
import { connect, open } from './heard.ts';
import { bodyOf, jsonOnly, resultOf, serve, type Web } from './web.ts';

const secretHeaders = { Authorization: 'Bearer s3cret', 'X-Key': 's3cret' };

function redirect(response: ServerResponse, status: number, location: string): void {
  response.writeHead(status, { location }).end();
}

/** Another origin, where nothing may arrive. */
const elsewhere = () => serve(jsonOnly());

/** Answers `/mcp` with a redirect and everything else as `listener` does. */
function redirecting(status: number, to: string, listener: RequestListener = jsonOnly()): Promise<Web> {
  return serve((request, response) =>
    request.url === '/mcp' ? redirect(response, status, to) : listener(request, response),
  );
}

/** A server of the old kind at `/moved`, with its messages at `/messages`. */
function legacy(): RequestListener {
  let stream: ServerResponse | null = null;
  return (request, response) => {
    if (request.method === 'GET') {
      stream = response.writeHead(200, { 'content-type': 'text/event-stream' });
      stream.write('event: endpoint\ndata: /messages\n\n');
      return;
    }
    void bodyOf(request).then((rpc) => {
      response.writeHead(202).end();
      if (rpc.id !== undefined) {
        stream?.write(`data: ${JSON.stringify({ jsonrpc: '2.0', id: rpc.id, result: resultOf(rpc) })}\n\n`);
      }
    });
  };
}

describe('a redirect of a POST within the origin', () => {
  it.each([307, 308])('is followed with the message and the headers (HTTP %i)', async (status) => {
    const keys = new Set<unknown>();
    const web = await redirecting(status, '/mcp/', (request, response) => {
      keys.add(request.headers['x-key']);
      jsonOnly()(request, response);
    });
    const { client } = await connect(`${web.origin}/mcp`, { headers: secretHeaders });
    expect((await client.listTools()).tools).toHaveLength(1);
    expect([...keys]).toEqual(['s3cret']);
  });

  // These would turn it into a GET.
  it.each([
    [301, 'misconfigured'],
    [302, 'unreachable'],
    [303, 'unreachable'],
  ])('is refused with HTTP %i (%s), and the address to give is named', async (status, failureClass) => {
    const web = await redirecting(status, '/mcp/?token=t0ken');
    const { client, link, ended } = open(`${web.origin}/mcp`);
    await expect(client.connect(link.transport)).rejects.toThrow();
    const failure = await ended;
    expect(failure).toMatchObject({
      class: failureClass,
      code: status,
      message: expect.stringContaining(`${web.origin}/mcp/ (`),
    });
    expect(failure?.message).not.toContain('t0ken');
    expect(web.seen).toEqual(['POST /mcp']);
  });
});

describe('a redirect of a POST to another origin', () => {
  it.each([
    [301, 'misconfigured'],
    [302, 'unreachable'],
    [307, 'unreachable'],
    [308, 'misconfigured'],
  ])('is refused with HTTP %i (%s), and the headers stay', async (status, failureClass) => {
    const other = await elsewhere();
    const web = await redirecting(status, `${other.origin}/mcp?token=t0ken`);
    const { client, link, ended } = open(`${web.origin}/mcp`, { headers: secretHeaders });
    await expect(client.connect(link.transport)).rejects.toThrow();
    const failure = await ended;
    expect(failure).toMatchObject({
      class: failureClass,
      code: status,
      message: expect.stringContaining(`${other.origin}/mcp (`),
    });
    expect(failure?.message).not.toMatch(/t0ken|s3cret/);
    expect(other.seen).toEqual([]);
  });

  it('is refused after one within it', async () => {
    const other = await elsewhere();
    const web = await redirecting(307, '/next', (_, response) => redirect(response, 307, `${other.origin}/mcp`));
    const { client, link, ended } = open(`${web.origin}/mcp`, { headers: secretHeaders });
    await expect(client.connect(link.transport)).rejects.toThrow();
    expect(await ended).toMatchObject({ class: 'unreachable', code: 307 });
    expect([web.seen, other.seen]).toEqual([['POST /mcp', 'POST /next'], []]);
  });

  it('fails a call alone, of which it is known that nothing was done, and raises a doubt', async () => {
    const other = await elsewhere();
    const web = await serve(
      jsonOnly((rpc, response) => {
        if (rpc.method === 'tools/call') {
          redirect(response, 307, `${other.origin}/mcp`);
        }
        return rpc.method === 'tools/call';
      }),
    );
    const { client, told, ends } = await connect(`${web.origin}/mcp`, { headers: secretHeaders });
    await expect(client.callTool({ name: 'echo' })).rejects.toMatchObject({
      name: 'RemoteError',
      code: 307,
      refusal: { reached: false },
    });
    await told('doubted');
    await client.ping();
    expect([ends, other.seen]).toEqual([[], []]);
  });
});

describe('a redirect of a GET', () => {
  it.each([301, 302, 303, 307, 308])('is followed within the origin (HTTP %i)', async (status) => {
    const web = await redirecting(status, '/moved', legacy());
    const { client, link } = await connect(`${web.origin}/mcp`, { transport: 'sse', headers: secretHeaders });
    expect((await client.listTools()).tools).toHaveLength(1);
    expect(link.kind).toBe('sse');
  });

  it.each([
    [301, 'misconfigured'],
    [302, 'unreachable'],
    [307, 'unreachable'],
    [308, 'misconfigured'],
  ])('is refused to another origin with HTTP %i (%s), and the headers stay', async (status, failureClass) => {
    const other = await elsewhere();
    const web = await redirecting(status, `${other.origin}/moved`);
    const { link, ended } = open(`${web.origin}/mcp`, { transport: 'sse', headers: secretHeaders });
    await expect(link.transport.start()).rejects.toThrow();
    expect(await ended).toMatchObject({ class: failureClass, code: status, phase: 'spawning' });
    expect([web.seen, other.seen]).toEqual([['GET /mcp'], []]);
  });

  it('to another origin leaves a session without its event stream', async () => {
    const other = await elsewhere();
    const web = await serve((request, response) =>
      request.method === 'GET' ? redirect(response, 302, `${other.origin}/mcp`) : jsonOnly()(request, response),
    );
    const { client, told } = await connect(`${web.origin}/mcp`, { headers: secretHeaders });
    await told(`push: false ${web.origin}/mcp redirects to ${other.origin}/mcp (HTTP 302)`);
    await client.ping();
    expect(other.seen).toEqual([]);
  });
});

describe('redirects in a circle', () => {
  it.each(['streamable-http', 'sse'] as const)('are given up soon (%s)', async (transport) => {
    const web = await serve((_, response) => redirect(response, 307, '/again'));
    const { client, link, ended } = open(`${web.origin}/mcp`, { transport });
    await expect(client.connect(link.transport)).rejects.toThrow();
    expect(await ended).toMatchObject({
      class: 'unreachable',
      message: expect.stringContaining('redirects more than 5 times'),
    });
    expect(web.seen).toHaveLength(6);
  });
});

describe('a redirect that leads nowhere', () => {
  it.each([undefined, 'http://', 'ftp://127.0.0.1/mcp'])('is refused: %s', async (location) => {
    const web = await serve((_, response) => {
      response.writeHead(307, location === undefined ? {} : { location }).end();
    });
    const { client, link, ended } = open(`${web.origin}/mcp`, { transport: 'streamable-http' });
    await expect(client.connect(link.transport)).rejects.toThrow();
    expect(await ended).toMatchObject({ class: 'unreachable', code: 307 });
    expect(web.seen).toEqual(['POST /mcp']);
  });
});
