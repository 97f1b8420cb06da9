/** What a caller is told of a call that a remote server, or the way to it, refused. */

import { writeFileSync } from 'node:fs';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { createScratchFolder } from '../../support/scratch-folder.ts';
import { errorOf, openStage, quickRestart, untilFact, untilState } from '../../support/supervised.ts';
import { createSelfSigned, hasOpenssl } from './certificates.ts';
import { jsonOnly, type Rpc, reply, serve } from './web.ts';

const slowRestart = { baseMs: 60_000, capMs: 60_000 };

/** A server that answers every call by `refuse`, and everything else well. */
function refusingCalls(refuse: Parameters<typeof jsonOnly>[0] & {}) {
  return serve(jsonOnly((rpc, response, request) => rpc.method === 'tools/call' && refuse(rpc, response, request)));
}

async function connectedTo(origin: string, entry: Readonly<Record<string, unknown>> = {}) {
  const supervisor = await openStage().open({ a: { url: `${origin}/mcp`, restart: slowRestart, ...entry } });
  await supervisor.ready();
  expect(supervisor.status('a').state).toBe('connected');
  return supervisor;
}

/** A server that keeps no connection: the next request needs a new one. */
const closing = jsonOnly((_rpc, response) => {
  response.setHeader('connection', 'close');
  return false;
});

describe('a call that never reached its server', () => {
  it('was not made, where nobody listens any more', async () => {
    const web = await serve(closing);
    const supervisor = await connectedTo(web.origin);
    await web.close();
    const error = await errorOf(supervisor.callTool('a', 'echo'));
    expect(error).toMatchObject({ code: 'SERVER_NOT_CONNECTED', message: expect.stringContaining('ECONNREFUSED') });
  });

  it.skipIf(!hasOpenssl)('was not made, where the certificate is not trusted any more', async () => {
    const ca = join(createScratchFolder(), 'ca.pem');
    const trusted = createSelfSigned();
    writeFileSync(ca, trusted.cert);
    const server = createServer(trusted, closing);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    onTestFinished(() => {
      server.closeAllConnections();
      server.close();
    });
    const supervisor = await connectedTo(`https://127.0.0.1:${(server.address() as AddressInfo).port}`, {
      tls: { ca },
    });
    server.setSecureContext(createSelfSigned());
    const refused = expect.stringContaining('its certificate is not trusted');
    expect(await errorOf(supervisor.callTool('a', 'echo'))).toMatchObject({
      code: 'SERVER_NOT_CONNECTED',
      details: { reason: refused },
    });
  });

  it('was refused, and keeps nothing of the reason that is too deep to be written', async () => {
    const deep = `${'['.repeat(10_000)}${']'.repeat(10_000)}`;
    const body = `{"jsonrpc":"2.0","id":null,"error":{"code":-32602,"message":"no","data":${deep}}}`;
    const web = await refusingCalls((_rpc, response) =>
      reply(response, 403, { headers: { 'content-type': 'application/json' }, body }),
    );
    const error = await errorOf((await connectedTo(web.origin)).callTool('a', 'echo'));
    expect(error).toMatchObject({ code: 'UPSTREAM_ERROR', details: { rpcMessage: 'no', data: undefined } });
    expect(JSON.stringify(error)).not.toContain('[[');
  });

  it.each([301, 302, 307, 308])('was refused, where it is redirected elsewhere (HTTP %i)', async (status) => {
    const web = await refusingCalls((_rpc, response) =>
      reply(response, status, { headers: { location: 'https://elsewhere.invalid/login' } }),
    );
    const supervisor = await connectedTo(web.origin);
    expect(await errorOf(supervisor.callTool('a', 'echo'))).toMatchObject({
      code: 'UPSTREAM_ERROR',
      details: { rpcCode: null, httpStatus: status, refusal: expect.stringContaining('elsewhere.invalid/login') },
    });
  });

  it('may have been made, where its server says where to see what came of it', async () => {
    const web = await refusingCalls((_rpc, response) => reply(response, 303, { headers: { location: '/done' } }));
    const supervisor = await connectedTo(web.origin);
    expect(await errorOf(supervisor.callTool('a', 'echo'))).toMatchObject({ code: 'OUTCOME_UNKNOWN' });
  });
});

describe('a call that its server works on when the session ends', () => {
  it('is told why: somebody wished it', async () => {
    const web = await serve(jsonOnly(({ method }) => method === 'tools/call'));
    const supervisor = await connectedTo(web.origin);
    const outcome = errorOf(supervisor.callTool('a', 'echo'));
    await expect.poll(() => web.seen.length).toBe(5);
    await supervisor.send('a', { type: 'server.stop' });
    expect(await outcome).toMatchObject({ code: 'OUTCOME_UNKNOWN', details: { reason: 'stopping' } });
  });

  it('is told why: another call was told that the session is lost', async () => {
    const web = await serve(
      jsonOnly(({ method }, response) => (method === 'prompts/get' ? reply(response, 404) : method === 'tools/call')),
    );
    const supervisor = await connectedTo(web.origin);
    const outcome = errorOf(supervisor.callTool('a', 'echo'));
    await expect.poll(() => web.seen.length).toBe(5);
    await errorOf(supervisor.request('a', 'prompts/get', { name: 'x' }));
    expect(await outcome).toMatchObject({ code: 'OUTCOME_UNKNOWN', details: { reason: 'sessionLost' } });
  });
});

describe('a JSON-RPC error that comes with an HTTP status of its own', () => {
  const errorWith = (id: Rpc['id'] | null) => ({
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({
      jsonrpc: '2.0',
      id,
      error: { code: -32_602, message: 'no such place', data: { place: 'x' } },
    }),
  });

  it.each([400, 404, 422, 500, 502])('is the answer to its call (HTTP %i)', async (status) => {
    const web = await serve(
      jsonOnly((rpc, response) => rpc.method === 'tools/call' && reply(response, status, errorWith(rpc.id))),
    );
    const supervisor = await connectedTo(web.origin);
    const details = { rpcCode: -32_602, rpcMessage: 'no such place', data: { place: 'x' } };
    // A session that is named and not found is gone, whatever else is said.
    const expected = status === 404 ? { ...details, httpStatus: 404 } : details;
    expect(await errorOf(supervisor.callTool('a', 'echo'))).toMatchObject({
      code: 'UPSTREAM_ERROR',
      details: expected,
    });
  });

  it('is none if it answers nobody', async () => {
    const web = await serve(
      jsonOnly((rpc, response) => rpc.method === 'tools/call' && reply(response, 500, errorWith(null))),
    );
    const supervisor = await connectedTo(web.origin);
    expect(await errorOf(supervisor.callTool('a', 'echo'))).toMatchObject({ code: 'OUTCOME_UNKNOWN' });
  });

  it('is life, if it answers a probe', async () => {
    const web = await serve(
      jsonOnly(
        (rpc, response) =>
          (rpc.method === 'ping' && reply(response, 400, errorWith(rpc.id))) ||
          (rpc.method === 'tools/call' && reply(response, 502)),
      ),
    );
    const supervisor = await connectedTo(web.origin, { heartbeat: { timeoutMs: 10_000 } });
    const answered = untilFact(supervisor, 'probe.answered');
    await errorOf(supervisor.callTool('a', 'echo'));
    expect(await answered).toMatchObject({ kind: 'ping', latencyMs: expect.any(Number) });
    expect(web.seen.filter((line) => line.startsWith('POST'))).toHaveLength(5);
  });
});

describe('a server that has forgotten its sessions and does not say so with 404', () => {
  /** As the examples of the SDK do it: 400, and the answer to nobody. */
  const forgotten = {
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({
      jsonrpc: '2.0',
      id: null,
      error: { code: -32_000, message: 'Bad Request: No valid session ID provided' },
    }),
  };

  it('is connected again as soon as two kinds of request were refused, not when probes time out', async () => {
    let session = 'one';
    const web = await serve(
      jsonOnly((rpc, response, request) => {
        const isKnown = rpc.method === 'initialize' || request.headers['mcp-session-id'] === session;
        if (!isKnown) return reply(response, 400, forgotten);
        if (rpc.method !== 'initialize') return false;
        const result = {
          protocolVersion: '2025-06-18',
          capabilities: { tools: {} },
          serverInfo: { name: 'forgetful', version: '1' },
        };
        const headers = { 'content-type': 'application/json', 'mcp-session-id': session };
        return reply(response, 200, { headers, body: JSON.stringify({ jsonrpc: '2.0', id: rpc.id, result }) });
      }),
    );
    const heartbeat = { timeoutMs: 600_000 };
    const supervisor = await connectedTo(web.origin, { heartbeat, restart: { ...quickRestart, stableAfterMs: 50 } });
    await expect.poll(() => supervisor.snapshot('a').context.stable).toBe(true);
    const back = untilFact(supervisor, 'session.opened', ({ generation }) => generation === 2);
    session = 'two';
    expect(await errorOf(supervisor.callTool('a', 'echo'))).toMatchObject({
      code: 'UPSTREAM_ERROR',
      details: { rpcCode: -32_000, httpStatus: 400 },
    });
    await back;
    expect(supervisor.status('a')).toMatchObject({
      state: 'connected',
      attempt: 0,
      lastFailure: { class: 'sessionLost', code: 400, phase: 'connected' },
    });
    expect(await supervisor.callTool('a', 'echo')).toEqual({});
  });

  it('goes on if it only knows no ping', async () => {
    const web = await serve(
      jsonOnly(
        ({ method }, response) =>
          (method === 'ping' && reply(response, 400, forgotten)) ||
          (method === 'tools/call' && reply(response, 400, forgotten)),
      ),
    );
    const supervisor = await connectedTo(web.origin, { heartbeat: { timeoutMs: 600_000 } });
    const answered = untilFact(supervisor, 'probe.answered');
    await errorOf(supervisor.callTool('a', 'echo'));
    await answered;
    expect(supervisor.status('a')).toMatchObject({ state: 'connected', generation: 1 });
  });
});

describe('a proxy whose server is away while it is probed', () => {
  it('is believed when it refuses the confirmation, and named as the reason', async () => {
    let isAway = false;
    const web = await serve(jsonOnly((_rpc, response) => isAway && reply(response, 502)));
    const supervisor = await connectedTo(web.origin, { heartbeat: { timeoutMs: 100, misses: 2 } });
    const down = untilState(supervisor, 'a', 'backoff');
    const failed = untilFact(supervisor, 'server.failed');
    isAway = true;
    await errorOf(supervisor.callTool('a', 'echo'));
    const [{ failure }] = await Promise.all([failed, down]);
    expect(failure).toMatchObject({ class: 'unreachable', code: 502, phase: 'connected' });
  });
});
