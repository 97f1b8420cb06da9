/** Servers in this process, with the tools and answers a test gives them. */

import { InMemoryTransport } from '@modelcontextprotocol/sdk/inMemory.js';
import { Server } from '@modelcontextprotocol/sdk/server/index.js';
import {
  CallToolRequestSchema,
  type CallToolResult,
  ListToolsRequestSchema,
  type Tool,
} from '@modelcontextprotocol/sdk/types.js';
import type { HostedTransports } from '../../src/index.ts';

export type ToolAnswerer = (
  tool: string,
  args: Readonly<Record<string, unknown>>,
  signal: AbortSignal,
) => CallToolResult | Promise<CallToolResult>;

export interface InMemoryServer {
  readonly tools: readonly Tool[];
  readonly answer: ToolAnswerer;
}

/**
 * An entry `{ transport: 'inside', who: NAME }` is served by the server of that name; `closeOf` ends its connection.
 */
export function hostInMemory(servers: Readonly<Record<string, InMemoryServer>>): {
  readonly transports: HostedTransports;
  readonly closeOf: (name: string) => Promise<void>;
} {
  const far = new Map<string, InMemoryTransport>();
  const inside = async (entry: Readonly<Record<string, unknown>>) => {
    const name = String(entry.who);
    const { tools, answer } = servers[name] ?? { tools: [], answer: () => ({ content: [] }) };
    const server = new Server({ name, version: '1' }, { capabilities: { tools: {} } });
    server.setRequestHandler(ListToolsRequestSchema, () => ({ tools: [...tools] }));
    server.setRequestHandler(CallToolRequestSchema, ({ params }, { signal }) =>
      answer(params.name, params.arguments ?? {}, signal),
    );
    const [near, other] = InMemoryTransport.createLinkedPair();
    await server.connect(other);
    far.set(name, other);
    return near;
  };
  return { transports: { inside }, closeOf: async (name) => await far.get(name)?.close() };
}

/** The entries of servers that `hostInMemory` serves. */
export function insideEntries(names: readonly string[], extra: Readonly<Record<string, unknown>> = {}) {
  return Object.fromEntries(names.map((name) => [name, { transport: 'inside', who: name, ...extra }]));
}
