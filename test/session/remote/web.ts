/**
 * Real HTTP servers for the tests: plain ones that answer as they are told, and one that speaks MCP by the SDK's own
 * server side.
 */

import { randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage, type RequestListener, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js';
import { StreamableHTTPServerTransport } from '@modelcontextprotocol/sdk/server/streamableHttp.js';
import { onTestFinished } from '../../support/finishing.ts';

export interface Web {
  readonly origin: string;
  readonly server: Server;
  /** `METHOD path` of every request, in order. */
  readonly seen: string[];
  /** Destroys every connection and closes the port. */
  close(): Promise<void>;
}

/** Listens on a free port until the test is over. */
export async function serve(listener: RequestListener, { host = '127.0.0.1', port = 0 } = {}): Promise<Web> {
  const seen: string[] = [];
  const server = createServer((request, response) => {
    seen.push(`${request.method} ${request.url}`);
    listener(request, response);
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject).listen(port, host, resolve);
  });
  const close = () =>
    new Promise<void>((resolve) => {
      server.close(() => resolve());
      server.closeAllConnections();
    });
  onTestFinished(close);
  const { port: bound } = server.address() as AddressInfo;
  return { origin: `http://${host.includes(':') ? `[${host}]` : host}:${bound}`, server, seen, close };
}

export interface Rpc {
  readonly id?: number | string;
  readonly method?: string;
  readonly params?: Readonly<Record<string, unknown>>;
}

export async function bodyOf(request: IncomingMessage): Promise<Rpc> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) {
    chunks.push(chunk as Buffer);
  }
  return chunks.length === 0 ? {} : (JSON.parse(Buffer.concat(chunks).toString('utf8')) as Rpc);
}

/** What any well-behaved server answers. */
export function resultOf({ method }: Rpc): Readonly<Record<string, unknown>> {
  if (method === 'initialize') {
    return { protocolVersion: '2025-06-18', capabilities: { tools: {} }, serverInfo: { name: 'plain', version: '1' } };
  }
  return method === 'tools/list' ? { tools: [{ name: 'echo', inputSchema: { type: 'object' } }] } : {};
}

export function answer(response: ServerResponse, rpc: Rpc, headers: Readonly<Record<string, string>> = {}): void {
  if (rpc.id === undefined) {
    response.writeHead(202, headers).end();
    return;
  }
  response.writeHead(200, { 'content-type': 'application/json', ...headers });
  response.end(JSON.stringify({ jsonrpc: '2.0', id: rpc.id, result: resultOf(rpc) }));
}

/** Answers with something of its own. True, for `jsonOnly`. */
export function reply(
  response: ServerResponse,
  status: number,
  { headers = {}, body = '' }: { readonly headers?: Readonly<Record<string, string>>; readonly body?: string } = {},
): true {
  response.writeHead(status, headers).end(body);
  return true;
}

/** Answers with an event stream that ends after `events`. True, for `jsonOnly`. */
export function replyEvents(response: ServerResponse, events: string): true {
  return reply(response, 200, { headers: { 'content-type': 'text/event-stream' }, body: events });
}

/** A server that answers with JSON only, except where `override` says otherwise by returning true. */
export function jsonOnly(
  override: (rpc: Rpc, response: ServerResponse, request: IncomingMessage) => boolean = () => false,
): RequestListener {
  return (request, response) => {
    void bodyOf(request).then((rpc) => {
      if (override(rpc, response, request)) {
        return;
      }
      if (request.method === 'POST') {
        answer(response, rpc, rpc.method === 'initialize' ? { 'mcp-session-id': 'one' } : {});
      } else {
        response.writeHead(request.method === 'DELETE' ? 200 : 405).end();
      }
    });
  };
}

export interface McpWeb extends Web {
  /** Forgets every session, as a restart does. */
  forget(): void;
  readonly sessions: ReadonlyMap<string, StreamableHTTPServerTransport>;
  /** The open event streams. */
  readonly streams: Set<ServerResponse>;
}

/** A server with sessions and event streams, by the SDK's own server side. */
export async function serveMcp(
  options: {
    readonly port?: number;
    readonly intercept?: (request: IncomingMessage, response: ServerResponse) => boolean;
  } = {},
): Promise<McpWeb> {
  const sessions = new Map<string, StreamableHTTPServerTransport>();
  const streams = new Set<ServerResponse>();

  const handle = async (request: IncomingMessage, response: ServerResponse) => {
    if (request.method === 'GET') {
      streams.add(response);
      response.once('close', () => streams.delete(response));
    }
    const id = request.headers['mcp-session-id'];
    const known = typeof id === 'string' ? sessions.get(id) : undefined;
    if (known === undefined && id !== undefined) {
      response.writeHead(404, { 'content-type': 'application/json' });
      response.end(
        JSON.stringify({ jsonrpc: '2.0', id: null, error: { code: -32_001, message: 'Session not found' } }),
      );
      return;
    }
    await (known ?? (await begin())).handleRequest(request, response);
  };

  const begin = async () => {
    const transport = new StreamableHTTPServerTransport({
      sessionIdGenerator: () => randomUUID(),
      onsessioninitialized: (id) => {
        sessions.set(id, transport);
      },
      onsessionclosed: (id) => {
        sessions.delete(id);
      },
    });
    const mcp = new McpServer({ name: 'real', version: '1' });
    mcp.registerTool('echo', {}, () => ({ content: [{ type: 'text', text: 'hello' }] }));
    await mcp.connect(transport as Parameters<typeof mcp.connect>[0]);
    return transport;
  };

  const web = await serve(
    (request, response) => {
      if (!(options.intercept?.(request, response) ?? false)) {
        void handle(request, response);
      }
    },
    { port: options.port ?? 0 },
  );
  return { ...web, sessions, streams, forget: () => sessions.clear() };
}
