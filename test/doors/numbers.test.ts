import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text as textOf } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { describe, expect, it, onTestFinished } from 'vitest';
import { commandLineOf } from '../support/doors/command-line.ts';
import { openScene, type RunningDaemon, type Scene } from '../support/doors/daemon.ts';

const counter = fileURLToPath(new URL('../servers/counts-in-64-bits.mjs', import.meta.url));
const structured = '"structuredContent":{"id":1915883588174806058,"price":1.10,"list":[{"big":18446744073709551615}]}';

async function openFleet(extra: object = {}): Promise<{ readonly scene: Scene; readonly daemon: RunningDaemon }> {
  const scene = openScene();
  scene.writeConfig({ n: { command: process.execPath, args: [counter, scene.mark], ...extra } });
  return { scene, daemon: await scene.up() };
}

/** Numbers in and out are text here. */
async function answerRemotely(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const body = await textOf(request);
  const id = /"id":(\d+)/.exec(body)?.[1];
  if (request.method !== 'POST' || id === undefined) {
    response.writeHead(request.method === 'POST' ? 202 : 405).end();
    return;
  }
  const results: Readonly<Record<string, string>> = {
    initialize:
      '{"protocolVersion":"2025-06-18","capabilities":{"tools":{}},"serverInfo":{"name":"remote","version":"1"}}',
    'tools/list': '{"tools":[{"name":"get","inputSchema":{"type":"object"}}]}',
    'tools/call': `{"content":[{"type":"text","text":${JSON.stringify(body)}}],"structuredContent":{"id":1915883588174806058}}`,
  };
  const method = /"method":"([^"]+)"/.exec(body)?.[1] ?? '';
  response.writeHead(200, { 'content-type': 'application/json' });
  response.end(`{"jsonrpc":"2.0","id":${id},"result":${results[method] ?? '{}'}}`);
}

/** The arguments as they stood in the line that the server read. */
function argumentsIn(text: string): string {
  return /"arguments":(\{.*?\})/.exec(text)?.[1] ?? text;
}

describe('numbers that no double holds', () => {
  it('pass through the API as they were written, both ways', async () => {
    const { daemon } = await openFleet();
    await daemon.client.post('/api/ensure', { servers: ['n'] });
    const path = '/api/servers/n/tools/get/call';
    const sent = '{"id":1915883588174806058,"deep":[{"x":1.0,"y":-0,"z":1e400}]}';
    const body = `{"arguments":${sent}}`;
    const one = await daemon.client.send('POST', path, { body });
    expect(one.text).toContain(structured);
    expect(one.text).toContain('"_meta":{"whole":1.0}');
    expect(one.text).toContain(JSON.stringify(`"arguments":${sent}`).slice(1, -1));
    const streamed = await daemon.client.send('POST', path, { body, headers: { accept: 'text/event-stream' } });
    expect(streamed.text).toContain(structured);
    const batch = `{"calls":[{"server":"n","tool":"get","arguments":${sent}}]}`;
    const many = await daemon.client.send('POST', '/api/calls', { body: batch });
    expect(many.text).toContain(structured);
    expect(many.text).toContain(JSON.stringify(`"arguments":${sent}`).slice(1, -1));
    const call = { id: '1', type: 'function', function: { name: 'n__get', arguments: sent } };
    const model = await daemon.client.post('/api/calls?format=openai', { toolCalls: [call] });
    expect(model.text).toContain('1915883588174806058');
    expect(model.text).not.toContain('1915883588174806000');
  });

  it('pass through the link to a remote server', async () => {
    const server = createServer((request, response) => void answerRemotely(request, response));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    onTestFinished(() => void server.close());
    const { port } = server.address() as AddressInfo;
    const scene = openScene();
    scene.writeConfig({ n: { type: 'http', url: `http://127.0.0.1:${port}/` } });
    const daemon = await scene.up();
    await daemon.client.post('/api/ensure', { servers: ['n'] });
    const body = '{"arguments":{"id":1915883588174806058}}';
    const { text } = await daemon.client.send('POST', '/api/servers/n/tools/get/call', { body });
    expect(text).toContain('"structuredContent":{"id":1915883588174806058}');
    expect(text).toContain(String.raw`\"arguments\":{\"id\":1915883588174806058}`);
  });

  it.each([['running'], ['not started yet']])(
    'are typed on the command line by the schema, the server %s',
    async (state) => {
      const { scene, daemon } = await openFleet(state === 'running' ? {} : { lazy: true });
      if (state === 'running') await daemon.client.post('/api/ensure', { servers: ['n'] });
      const { command } = commandLineOf(scene);
      const words = [
        'thread_ts=1718023423.123400',
        'user=912345678901234567',
        'id=912345678901234567',
        'ratio=1.50',
        'flag=true',
        'other=18446744073709551615',
      ];
      const { stdout } = await command('call', 'n', 'get', ...words);
      expect(argumentsIn(stdout)).toBe(
        '{"thread_ts":"1718023423.123400","user":"912345678901234567","id":912345678901234567,"ratio":1.50,"flag":true,"other":18446744073709551615}',
      );
      const asJson = await command('call', 'n', 'get', '{"id": 1915883588174806058}', '--json');
      expect(asJson.stdout).toContain(structured);
      expect(asJson.stdout).toContain(String.raw`\"arguments\":{\"id\":1915883588174806058}`);
    },
  );
});
