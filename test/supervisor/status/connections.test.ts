import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { describe, expect, it, onTestFinished } from 'vitest';
import { openStage, untilFact } from '../../support/supervised.ts';

/** Answers the session's own requests, but no calls, and nothing to notifications after the first call. */
async function serveSilence(): Promise<string> {
  let isSilent = false;
  const respond = async (request: IncomingMessage, response: ServerResponse) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    if (request.method !== 'POST') return response.writeHead(405).end();
    const { id, method } = JSON.parse(Buffer.concat(chunks).toString('utf8')) as { id?: number; method: string };
    if (method === 'tools/call' || method === 'initialize') isSilent = method === 'tools/call';
    if (isSilent && (id === undefined || method === 'tools/call')) return;
    if (id === undefined) return response.writeHead(202).end();
    const result =
      method === 'initialize'
        ? { protocolVersion: '2025-06-18', capabilities: { tools: {} }, serverInfo: { name: 'silent', version: '1' } }
        : { tools: [{ name: 'wait', inputSchema: { type: 'object' } }] };
    response.writeHead(200, { 'content-type': 'application/json' });
    return response.end(JSON.stringify({ jsonrpc: '2.0', id, result }));
  };
  const server = createServer((request, response) => void respond(request, response));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.close();
    server.closeAllConnections();
  });
  const address = server.address();
  return `http://127.0.0.1:${typeof address === 'object' ? address?.port : 0}/mcp`;
}

describe('a remote server that does not answer what cancels its calls', () => {
  it('has an alarm when one of those waits for a connection, until its session ends', async () => {
    const supervisor = await openStage().open({ far: { url: await serveSilence(), maxConcurrentCalls: 1 } });
    await supervisor.ready();
    const call = (timeoutMs: number) =>
      supervisor.callTool('far', 'wait', {}, { timeoutMs }).then(
        () => 'answered',
        (error: unknown) => (error as { code?: string }).code,
      );
    // Each leaves a notification behind that nobody takes; eight of them may be under way.
    for (let count = 0; count < 9; count += 1) expect(await call(30)).toBe('CALL_TIMED_OUT');
    const waiting = call(60_000);
    const isIt = ({ alarm }: { readonly alarm: string }) => alarm === 'connections-exhausted';
    const { reason } = await untilFact(supervisor, 'alarm.raised', isIt, { since: 0 });
    expect(reason).toBe('requests wait for a connection: the 8 that it may have are in use');
    const over = untilFact(supervisor, 'alarm.cleared', isIt);
    await supervisor.send('far', { type: 'server.restart' });
    await over;
    expect(await waiting).not.toBe('answered');
    expect(supervisor.status('far')).toMatchObject({ state: 'connected', alarms: [] });
  });
});
