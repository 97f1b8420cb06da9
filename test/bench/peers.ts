/**
 * The other side, the same for every variant: a server as a process, a server in this process, and the bare SDK client
 * to compare with.
 */

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { getDefaultEnvironment, StdioClientTransport } from '@modelcontextprotocol/sdk/client/stdio.js';
import { InMemoryTransport } from '@modelcontextprotocol/sdk/inMemory.js';
import type { Transport } from '@modelcontextprotocol/sdk/shared/transport.js';
import type { JSONRPCMessage } from '@modelcontextprotocol/sdk/types.js';

export interface Program {
  readonly command: string;
  readonly args: string[];
}

/** A server without dependencies: what a start or a call costs is hardly its own. */
export const lightProgram: Program = { command: process.execPath, args: [serverPath('speak.mjs')] };

/** The same, taking a while before it begins to read, as most servers do. */
export function slowProgram(delayMs: number): Program {
  return { command: process.execPath, args: [serverPath('slow-start.mjs'), String(delayMs)] };
}

/** What both sides give their programs: a variable more (`NODE_EXTRA_CA_CERTS`, say) can double the start of one. */
export const environment: Readonly<Record<string, string>> = getDefaultEnvironment();

/** One that is connected and has listed its tools, as a loop without us would do it. */
export async function startBareClient(transport: Transport): Promise<Client> {
  const client = new Client({ name: 'bare', version: '1.0.0' });
  await client.connect(transport);
  await client.listTools();
  return client;
}

export function toStdio(program: Program): Transport {
  return new StdioClientTransport(program);
}

export interface HttpServer extends AsyncDisposable {
  readonly url: string;
}

/** `kind`: what its answers are, `json` or `events`. */
export async function startHttpServer(kind: string): Promise<HttpServer> {
  const child = spawn(process.execPath, [serverPath('speaks-over-http.mjs'), kind], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const exited = once(child, 'exit');
  const [line] = (await once(child.stdout.setEncoding('utf8'), 'data')) as [string];
  return {
    url: line.trim(),
    async [Symbol.asyncDispose]() {
      child.kill('SIGKILL');
      await exited;
    },
  };
}

const fill = { name: 'fill', inputSchema: { type: 'object', properties: { bytes: { type: 'number' } } } };
const texts = new Map<number, string>();

/**
 * The least of servers, in this process: it answers within `send` and remembers nothing, so that what is measured is
 * our side.
 */
export interface LightServer {
  /** The client's end. */
  readonly transport: Transport;
  /** It is gone, and the client's end tells so. */
  crash(): void;
  /** It says nothing any more, and nobody is told. */
  hang(): void;
}

/** `onListed` is told that a client has listed the tools: as good as connected. */
export function createLightServer(onListed: () => void = () => {}): LightServer {
  const [near, far] = InMemoryTransport.createLinkedPair();
  far.onmessage = (message) => {
    if (!('id' in message && 'method' in message)) return;
    // It is linked to a client that lives as long as it does: a send cannot fail, but when the two are being closed.
    far.send({ jsonrpc: '2.0', id: message.id, result: answerTo(message) }).catch(() => {});
    if (message.method === 'tools/list') onListed();
  };
  return {
    transport: near,
    // It cannot fail: there is nothing to close but the two ends.
    crash: () => void far.close().catch(() => {}),
    hang() {
      far.onmessage = () => {};
    },
  };
}

export function toLightServer(): Transport {
  return createLightServer().transport;
}

function answerTo(message: Extract<JSONRPCMessage, { method: string }>): Record<string, unknown> {
  if (message.method === 'initialize') {
    return {
      protocolVersion: message.params?.protocolVersion,
      capabilities: { tools: {} },
      serverInfo: { name: 'light', version: '1.0.0' },
    };
  }
  if (message.method === 'tools/list') return { tools: [fill] };
  if (message.method === 'tools/call')
    return {
      content: [
        { type: 'text', text: textOf(Number((message.params?.arguments as { bytes?: unknown } | undefined)?.bytes)) },
      ],
    };
  return {};
}

function textOf(bytes: number): string {
  const text = texts.get(bytes) ?? 'x'.repeat(bytes);
  texts.set(bytes, text);
  return text;
}

function serverPath(name: string): string {
  return fileURLToPath(new URL(`../servers/${name}`, import.meta.url));
}
