/**
 * The two doors that are compared: the control API, and the least that Hono answers the same requests with, on the same
 * kind of listener.
 */

import { getRequestListener } from '@hono/node-server';
import { Hono } from 'hono';
import { type SSEStreamingApi, streamSSE } from 'hono/streaming';
import { createHttpApp } from '../../../src/http/app.ts';
import { createRequestHandler } from '../../../src/http/handler.ts';
import { type Listener, openListener } from '../../../src/http/listener.ts';
import { createSupervisor, type Supervisor } from '../../../src/index.ts';
import { createLightServer, type LightServer, startBareClient, toLightServer } from '../peers.ts';

export const token = 'a-token-that-only-benches-know';
/** Text that stands once in each event that readers wait for. */
export const marker = '"type":"command.accepted"';

export interface Door {
  readonly url: string;
  /** Makes one event that readers wait for. */
  publish(): void;
  close(): Promise<void>;
}

export interface ApiDoor extends Door {
  readonly supervisor: Supervisor;
  /** By number. */
  readonly servers: readonly LightServer[];
}

export async function openApiDoor(size: number): Promise<ApiDoor> {
  const servers: LightServer[] = [];
  const create = () => {
    const server = createLightServer();
    servers.push(server);
    return server.transport;
  };
  const mcpServers = Object.fromEntries(
    Array.from({ length: size }, (_, index) => [`server-${index}`, { transport: 'light' }]),
  );
  const supervisor = await createSupervisor({ config: { mcpServers }, transports: { light: create } });
  await supervisor.ready();
  const onError = (error: unknown) => console.error(error);
  const listener = await openListener({ host: '127.0.0.1', port: 0, onError });
  const admission = {
    tokens: [{ name: 'bench', value: token, scope: 'admin' as const }],
    hosts: { boundHost: '127.0.0.1' },
  };
  const app = createHttpApp({ supervisor, admission, onError, now: Date.now });
  listener.serve(createRequestHandler(app, { onError, now: Date.now }));
  return {
    url: listener.url,
    supervisor,
    servers,
    publish: () => void supervisor.post('server-0', { type: 'server.start' }).settled.catch(onError),
    async close() {
      await supervisor.close();
      await listener.close();
    },
  };
}

/** Answers with the same bytes, which it has at hand as objects: no token, no checks, nothing to ask. */
export async function openBareDoor(size: number): Promise<Door> {
  const { servers, event } = await answersOf(size);
  const client = await startBareClient(toLightServer());
  const streams = new Set<SSEStreamingApi>();
  const app = new Hono();
  app.get('/api/servers', (c) => c.json({ servers }));
  app.get('/api/servers/:name', (c) => c.json(servers[0]));
  app.post('/api/servers/:name/tools/:tool/call', async (c) => {
    const { arguments: args } = await c.req.json<{ arguments: Record<string, unknown> }>();
    const result = await client.callTool({ name: c.req.param('tool'), arguments: args });
    return c.json({ result, durationMs: 0, generation: 1 });
  });
  app.get('/api/events', (c) =>
    streamSSE(c, async (stream) => {
      streams.add(stream);
      await stream.write(': \n\n');
      await new Promise<void>((resolve) => stream.onAbort(resolve));
      streams.delete(stream);
    }),
  );
  const listener: Listener = await openListener({
    host: '127.0.0.1',
    port: 0,
    onError: (error) => console.error(error),
  });
  const handle = getRequestListener(app.fetch);
  listener.serve((request, response) => void handle(request, response));
  return {
    url: listener.url,
    publish() {
      for (const stream of streams) void stream.writeSSE(event);
    },
    async close() {
      await client.close();
      await listener.close();
    },
  };
}

/** What the API would say; nothing of it stays but the objects. */
async function answersOf(size: number) {
  const door = await openApiDoor(size);
  const { servers } = door.supervisor.status();
  const facts = door.supervisor.facts({ since: 0 });
  door.publish();
  for await (const fact of facts) {
    if (fact.type !== 'command.accepted') continue;
    await door.close();
    return { servers, event: { event: fact.type, id: String(fact.seq), data: JSON.stringify(fact) } };
  }
  throw new Error('there was no fact');
}
