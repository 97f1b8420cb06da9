import { InMemoryTransport } from '@modelcontextprotocol/sdk/inMemory.js';
import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js';
import type { Transport } from '@modelcontextprotocol/sdk/shared/transport.js';
import { describe, expect, it } from 'vitest';
import { openHostedLink } from '../../../src/session/hosted/link.ts';
import { Peer, sessionsVia, ways } from '../sessions.ts';

describe.each(ways)('a session %s', (_way, via) => {
  const { openRecorded } = sessionsVia(via);
  function openHosted(create: (signal: AbortSignal) => Transport | Promise<Transport>, closeMs = 2_000) {
    return openRecorded((tell) => openHostedLink({ kind: 'pigeon', create, stop: { closeMs } }, tell));
  }

  function linkedToPeer(): InMemoryTransport {
    const [near, far] = InMemoryTransport.createLinkedPair();
    new Peer(far);
    return near;
  }

  describe("a host's own transport", () => {
    it("carries a session with an SDK's server in this process", async () => {
      const server = new McpServer({ name: 'inside', version: '2.0.0' });
      server.registerTool('greet', {}, () => ({ content: [{ type: 'text', text: 'hello' }] }));
      const { session, heard, close } = openHosted(async () => {
        const [near, far] = InMemoryTransport.createLinkedPair();
        await server.connect(far);
        return near;
      });
      expect((await heard('initialized')).peer).toMatchObject({
        transport: 'pigeon',
        serverInfo: { name: 'inside', version: '2.0.0' },
      });
      expect((await heard('ready')).lists.tools.map(({ name }) => name)).toEqual(['greet']);
      expect(await session.request('tools/call', { name: 'greet' })).toEqual({
        content: [{ type: 'text', text: 'hello' }],
      });
      await close();
    });

    it.each([
      [
        'throws',
        () => {
          throw new Error('no pigeons');
        },
      ],
      ['rejects', () => Promise.reject(new Error('no pigeons'))],
    ] as const)('ends the session when its factory %s', async (_how, create) => {
      const { heard, types } = openHosted(create);
      expect((await heard('ended')).failure).toMatchObject({
        class: 'disconnected',
        phase: 'spawning',
        message: 'no pigeons',
      });
      expect(types()).toEqual(['ended']);
    });

    it('ends the session as unauthorized when its code says so', async () => {
      const { heard } = openHosted(() => Promise.reject(Object.assign(new Error('sign in'), { code: 401 })));
      expect((await heard('ended')).failure).toMatchObject({ class: 'unauthorized', code: 401 });
    });

    it('may close without a word: the session has ended at most closeMs after it was told to', async () => {
      const transport = linkedToPeer();
      transport.close = () => new Promise(() => {});
      const { heard, session } = openHosted(() => transport, 50);
      await heard('ready');
      const startedAt = performance.now();
      session.end('close');
      expect(await heard('ended')).toEqual({ type: 'ended', failure: null });
      expect(performance.now() - startedAt).toBeLessThan(1_000);
    });

    it('is not waited for when it is killed', async () => {
      const transport = linkedToPeer();
      transport.close = () => new Promise(() => {});
      const { heard, session } = openHosted(() => transport, 1_000_000);
      await heard('ready');
      session.end('close');
      session.end('kill');
      expect(await heard('ended')).toEqual({ type: 'ended', failure: null });
    });

    it('may fail to close', async () => {
      const transport = linkedToPeer();
      transport.close = () => Promise.reject(new Error('stuck'));
      const { heard, close, types } = openHosted(() => transport);
      await heard('ready');
      await close();
      expect(types().filter((type) => type === 'ended')).toHaveLength(1);
    });

    it('is closed if it comes after its session has ended', async () => {
      let bring = (_transport: Transport) => {};
      let aborted = false;
      let isAsked = () => {};
      const asked = new Promise<void>((resolve) => {
        isAsked = resolve;
      });
      const { session, heard } = openHosted(
        (signal) =>
          new Promise((resolve) => {
            bring = resolve;
            isAsked();
            signal.addEventListener('abort', () => {
              aborted = true;
            });
          }),
        50,
      );
      await asked;
      session.end('close');
      expect(await heard('ended')).toEqual({ type: 'ended', failure: null });
      expect(aborted).toBe(true);
      const late = linkedToPeer();
      const closed = new Promise<void>((resolve) => {
        late.close = async () => resolve();
      });
      bring(late);
      await closed;
    });

    it('that closes twice ends its session once', async () => {
      const transport = linkedToPeer();
      const { heard, types } = openHosted(() => transport);
      await heard('ready');
      await transport.close();
      await transport.close();
      expect((await heard('ended')).failure).toMatchObject({ class: 'disconnected', phase: 'connected' });
      expect(types().filter((type) => type === 'ended')).toHaveLength(1);
    });
  });
});
