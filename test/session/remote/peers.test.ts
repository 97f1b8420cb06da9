import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { fileURLToPath } from 'node:url';
import type { OAuthClientProvider } from '@modelcontextprotocol/sdk/client/auth.js';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { connect, deadlineMs, open } from './heard.ts';
import { jsonOnly, reply, replyEvents, serve } from './web.ts';

async function freePort(): Promise<number> {
  const probe = createServer().listen(0, '127.0.0.1');
  await once(probe, 'listening');
  const address = probe.address();
  probe.close();
  await once(probe, 'close');
  return typeof address === 'object' && address !== null ? address.port : 0;
}

/** The reference server with everything, over `transport`. Resolves with its origin when it listens. */
async function startEverything(transport: 'streamableHttp' | 'sse'): Promise<string> {
  const port = await freePort();
  const program = fileURLToPath(import.meta.resolve('@modelcontextprotocol/server-everything/dist/index.js'));
  const child = spawn(process.execPath, [program, transport], {
    env: { ...process.env, PORT: String(port) },
    stdio: 'ignore',
  });
  const exited = once(child, 'exit');
  onTestFinished(async () => {
    child.kill('SIGKILL');
    await exited;
  });
  const origin = `http://localhost:${port}`;
  await vi.waitFor(() => fetch(origin).then((response) => response.arrayBuffer()), { timeout: 30_000, interval: 50 });
  return origin;
}

describe('the reference server with everything', () => {
  it('is spoken to over Streamable HTTP', async () => {
    const origin = await startEverything('streamableHttp');
    const { client, link, ended, told } = await connect(`${origin}/mcp`);
    await told('push: true');
    expect(await client.callTool({ name: 'get-sum', arguments: { a: 2, b: 3 } })).toMatchObject({
      content: [{ type: 'text' }],
    });
    const all = await Promise.all(
      Array.from({ length: 64 }, () => client.callTool({ name: 'echo', arguments: { message: 'x' } })),
    );
    expect(all).toHaveLength(64);
    link.end('close');
    expect(await ended).toBeNull();
  });

  it('is spoken to over SSE', async () => {
    const origin = await startEverything('sse');
    const { client, link, ended } = await connect(`${origin}/sse`);
    expect(link.kind).toBe('sse');
    expect((await client.listTools()).tools.length).toBeGreaterThan(5);
    link.end('close');
    expect(await ended).toBeNull();
  });
});

describe('a program whose link has ended', () => {
  it('exits by itself although two streams were waiting to be opened again', async () => {
    const web = await serve(
      jsonOnly((rpc, response, request) => {
        if (rpc.method !== 'tools/call' && request.method !== 'GET') {
          return false;
        }
        return replyEvents(response, 'retry: 600000\nid: e1\ndata:\n\n');
      }),
    );
    const program = fileURLToPath(new URL('program.ts', import.meta.url));
    const child = spawn(process.execPath, ['--import', 'tsx', program, `${web.origin}/mcp`], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    onTestFinished(() => {
      child.kill('SIGKILL');
    });
    const said: string[] = [];
    child.stdout.setEncoding('utf8').on('data', (text: string) => said.push(text));
    const [code] = await once(child, 'close', { signal: AbortSignal.timeout(30_000) });
    expect(code).toBe(0);
    expect(said.join('')).toBe('ended\n');
  });
});

describe('a server that challenges, and a provider that may answer', () => {
  const provider = (token: string | null): OAuthClientProvider => ({
    redirectUrl: 'http://127.0.0.1/callback',
    clientMetadata: { redirect_uris: ['http://127.0.0.1/callback'] },
    clientInformation: () => ({ client_id: 'me' }),
    tokens: () => (token === null ? undefined : { access_token: token, token_type: 'Bearer' }),
    saveTokens: () => {},
    redirectToAuthorization: () => {},
    saveCodeVerifier: () => {},
    codeVerifier: () => 'verifier',
  });
  const guarded = () =>
    serve(
      jsonOnly((_, response, request) => {
        if (request.url !== '/mcp') {
          return reply(response, 404);
        }
        return (
          request.headers.authorization !== 'Bearer good' &&
          reply(response, 401, { headers: { 'www-authenticate': 'Bearer' } })
        );
      }),
    );

  it('is spoken to with the token of the provider', async () => {
    const web = await guarded();
    const { client } = await connect(`${web.origin}/mcp`, { authProvider: provider('good') });
    expect(await client.ping()).toEqual({});
  });

  it('wants a person when the provider has none', async () => {
    const web = await guarded();
    const { client, link, ended } = open(`${web.origin}/mcp`, { authProvider: provider(null) });
    await expect(client.connect(link.transport)).rejects.toThrow();
    expect(await ended).toMatchObject({ class: 'unauthorized' });
  });
});

describe('many calls at a time', () => {
  it('warn of no leak', async () => {
    const warnings: string[] = [];
    const onWarning = (warning: Error) => warnings.push(warning.message);
    process.on('warning', onWarning);
    onTestFinished(() => {
      process.off('warning', onWarning);
    });
    const web = await serve(jsonOnly());
    const { client } = await connect(`${web.origin}/mcp`);
    for (let round = 0; round < 5; round += 1) {
      await Promise.all(Array.from({ length: 40 }, () => client.ping()));
    }
    await vi.waitFor(() => expect(web.seen.length).toBeGreaterThan(200), { timeout: deadlineMs });
    expect(warnings).toEqual([]);
  });
});
