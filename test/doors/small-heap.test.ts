/** A control plane with little memory, and servers that send little which becomes much. */

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { describe, expect, it, onTestFinished } from 'vitest';
import { openHttpServer } from '../support/http-server.ts';
import { createScratchFolder } from '../support/scratch-folder.ts';

const program = (path: string) => fileURLToPath(new URL(path, import.meta.url));

const mebibyte = 1024 * 1024;
const repeated = (item: string, bytes: number) => `${item},`.repeat(bytes / (item.length + 1)) + item;
const tool = JSON.stringify({ name: 'a', description: 'x'.repeat(1_000), inputSchema: { type: 'object' } });

/** What each server lists as its tools: a page of it, again and again. */
const pages: ReadonlyMap<string, string> = new Map([
  ['brackets', repeated('[]', 60 * mebibyte)],
  ['numbers', `[${repeated('-0', 60 * mebibyte)}]`],
  ['bad-items', repeated('1', 480_000)],
  ['tools', repeated(tool, 30 * mebibyte)],
]);

/** A remote server for each of them. The id of a listing stands apart, so that a page is compressed once. */
async function serveBombs(): Promise<string> {
  const bodies = new Map<string, Buffer>();
  let cursors = 0;
  const answer = async (request: IncomingMessage, response: ServerResponse) => {
    const name = (request.url ?? '').slice(1);
    const { id, method } = JSON.parse((await text(request)) || '{}') as { id?: number; method?: string };
    const send = (body: Buffer) =>
      response.writeHead(200, { 'content-type': 'application/json', 'content-encoding': 'gzip' }).end(body);
    if (id === undefined) response.writeHead(request.method === 'GET' ? 405 : 202).end();
    else if (method === 'tools/list') {
      cursors += 1;
      const head = gzipSync(`{"jsonrpc":"2.0","id":${id},"result":{"nextCursor":"${cursors}","tools":[`);
      const page = bodies.get(name) ?? gzipSync(pages.get(name) ?? '');
      bodies.set(name, page);
      send(Buffer.concat([head, page, gzipSync(']}}')]));
    } else {
      const result = {
        protocolVersion: '2025-06-18',
        capabilities: { tools: {} },
        serverInfo: { name, version: '1' },
      };
      send(gzipSync(JSON.stringify({ jsonrpc: '2.0', id, result: method === 'initialize' ? result : {} })));
    }
  };
  return (await openHttpServer((request, response) => void answer(request, response))).url;
}

describe('a control plane with 512 MiB', () => {
  it('lives, and others answer, while servers list what does not fit', async () => {
    const folder = createScratchFolder();
    const origin = await serveBombs();
    const bombs = [...pages.keys()].map((name) => [name, { url: `${origin}/${name}`, transport: 'http' }]);
    const sound = { command: process.execPath, args: [program('../servers/speak.mjs')] };
    writeFileSync(join(folder, 'mcp.json'), JSON.stringify({ mcpServers: { sound, ...Object.fromEntries(bombs) } }));
    const host = program('../support/small-heap-host.mjs');
    const child = spawn(process.execPath, ['--max-old-space-size=512', host, folder], {
      cwd: folder,
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    const ended = once(child, 'exit');
    onTestFinished(async () => {
      child.stdin.end();
      await ended;
    });
    const said = new Promise<string>((resolve) => child.stdout.setEncoding('utf8').once('data', resolve));
    const outcome = await Promise.race([said, ended.then(([code, signal]) => `"ended with ${code ?? signal}"`)]);
    expect(JSON.parse(outcome)).toEqual({
      answered: expect.any(Number),
      failed: [],
      worstMs: expect.any(Number),
      verdicts: {
        brackets: expect.stringContaining('bytes of memory'),
        numbers: expect.stringContaining('bytes of memory'),
        'bad-items': expect.stringContaining('connected'),
        tools: expect.stringContaining('gives more than'),
      },
    });
    const { worstMs, answered } = JSON.parse(outcome) as { worstMs: number; answered: number };
    process.stdout.write(`The loop was blocked for ${worstMs} ms at most.\n`);
    expect(worstMs).toBeLessThan(15_000);
    expect(answered).toBeGreaterThan(0);
  }, 240_000);
});
