import { InMemoryTransport } from '@modelcontextprotocol/sdk/inMemory.js';
import { afterEach, describe, expect, it } from 'vitest';
import { failure } from '../../../machines/failure.ts';
import { openHostedLink } from '../../../src/session/hosted/link.ts';
import { until } from '../../support/processes.ts';
import { type Answers, Peer, type RecordedSession, sessionsVia, stop, ways } from '../sessions.ts';

describe.each(ways)('a session %s', (_way, via) => {
  const { openPeer, openRecorded } = sessionsVia(via);
  const open: RecordedSession[] = [];

  function track<Opened extends RecordedSession>(opened: Opened): Opened {
    open.push(opened);
    return opened;
  }

  afterEach(async () => {
    await Promise.all(open.splice(0).map(({ close }) => close()));
  });

  function introducing(result: unknown): Answers {
    return { initialize: () => ({ result }) };
  }

  describe('a session that is opened', () => {
    it('tells nothing before its caller has it, then spawned, initialized and ready', async () => {
      const opened = track(openPeer({ capabilities: { roots: {} } }));
      expect(opened.types()).toEqual([]);
      await opened.heard('ready');
      expect(opened.types()).toEqual(['spawned', 'initialized', 'ready']);
      expect(opened.news[0]).toEqual({ type: 'spawned', pid: null, startTime: null });
      expect(opened.peer.received.map(({ method }) => method)).toEqual([
        'initialize',
        'notifications/initialized',
        'tools/list',
      ]);
      expect(opened.peer.received[0]?.params).toMatchObject({
        capabilities: { roots: {} },
        clientInfo: { name: 'test', version: '1.0.0' },
      });
    });

    it('ends without ever opening a link if its end is asked for at once', async () => {
      let links = 0;
      const opened = openRecorded(() => {
        links += 1;
        throw new Error('not reached');
      });
      opened.session.end('close');
      expect(await opened.heard('ended')).toEqual({ type: 'ended', failure: null });
      expect(links).toBe(0);
      expect(opened.types()).toEqual(['ended']);
    });

    it('ends as internal when opening the link throws', async () => {
      const opened = openRecorded(() => {
        throw new Error('a bug');
      });
      expect((await opened.heard('ended')).failure).toMatchObject({
        class: 'internal',
        message: 'A bug in mcpvisor: a bug',
      });
    });

    it('ends as it is told when the link ends while it is being opened', async () => {
      const opened = openRecorded((tell) => {
        const link = openHostedLink(
          { kind: 'none', create: () => Promise.reject(new Error('not reached')), stop },
          tell,
        );
        tell({ type: 'ended', failure: null });
        return link;
      });
      await opened.heard('ended');
      expect(opened.types()).toEqual(['ended']);
    });
  });

  describe('a server that introduces itself sloppily', () => {
    it('is taken as it is', async () => {
      const { heard } = track(
        openPeer({
          answers: introducing({
            protocolVersion: '2024-11-05',
            serverInfo: { name: 'sloppy', icons: 'not a list', extra: 1 },
            capabilities: {
              tools: { listChanged: null },
              prompts: null,
              resources: false,
              logging: true,
              completions: [],
            },
            instructions: 7,
          }),
        }),
      );
      expect((await heard('initialized')).peer).toEqual({
        protocolVersion: '2024-11-05',
        serverInfo: { name: 'sloppy', version: 'unknown', icons: 'not a list', extra: 1 },
        capabilities: { tools: { listChanged: null }, logging: {} },
        instructions: null,
        transport: 'in-memory',
      });
      expect((await heard('ready')).lists.tools.map(({ name }) => name)).toEqual(['work']);
    });

    it('is taken under the id as a string', async () => {
      const { heard, peer } = track(openPeer({ answers: { initialize: () => null } }));
      await until('initialize has come', () => peer.sent('initialize').length === 1);
      peer.send({ id: String(peer.sent('initialize')[0]?.id), result: { protocolVersion: '2025-06-18' } });
      expect((await heard('ready')).lists.tools).toHaveLength(1);
    });

    it('is taken without server info and capabilities, and asked for tools alone', async () => {
      const { heard, peer } = track(openPeer({ answers: introducing({ protocolVersion: '2025-06-18' }) }));
      expect((await heard('ready')).lists).toMatchObject({ tools: [{ name: 'work' }], resources: [], prompts: [] });
      expect(peer.received.map(({ method }) => method)).toEqual([
        'initialize',
        'notifications/initialized',
        'tools/list',
      ]);
    });
  });

  describe('a server that says more of itself than there is room for', () => {
    const long = 'x'.repeat(1_000_000);

    it('has its name and version cut, its instructions too, and the rest left out', async () => {
      const capabilities = Object.fromEntries(Array.from({ length: 5_000 }, (_, index) => [`k${index}`, {}]));
      const { heard } = track(
        openPeer({
          answers: introducing({
            protocolVersion: '2025-06-18',
            serverInfo: { name: long, version: long, icons: [long] },
            capabilities: { tools: { listChanged: true }, [long]: {}, experimental: { a: long }, ...capabilities },
            instructions: long,
          }),
        }),
      );
      const { peer } = await heard('initialized');
      expect(peer.serverInfo).toEqual({ name: long.slice(0, 256), version: long.slice(0, 256) });
      expect(peer.capabilities).toMatchObject({ tools: { listChanged: true }, experimental: {} });
      expect(Object.keys(peer.capabilities)).toHaveLength(64);
      expect(JSON.stringify(peer.capabilities).length).toBeLessThan(2_000);
      expect(peer.instructions).toHaveLength(262_144);
    });

    it('has a protocol version that is no version quoted with its beginning', async () => {
      const { heard } = track(openPeer({ answers: introducing({ protocolVersion: long }) }));
      const { failure: failed } = await heard('failed');
      expect(failed.code).toHaveLength(32);
      expect(failed.message.length).toBeLessThan(300);
    });
  });

  describe('a handshake that fails', () => {
    it('names both versions if the protocol is not ours', async () => {
      const { heard, types, peer } = track(
        openPeer({ answers: introducing({ protocolVersion: '2026-07-28', capabilities: {} }) }),
      );
      const { failure } = await heard('failed');
      expect(failure).toMatchObject({ class: 'protocolUnsupported', phase: 'initializing', code: '2026-07-28' });
      expect(failure.message).toContain('2026-07-28');
      expect(failure.message).toContain('2025-11-25');
      expect(types()).toEqual(['spawned', 'failed']);
      expect(peer.sent('notifications/initialized')).toEqual([]);
    });

    it.each([-32_022, -32_602])(
      'is for good if the server names the versions it speaks in its error (%i)',
      async (code) => {
        const error = {
          code,
          message: 'Unsupported protocol version',
          data: { supported: ['2026-07-28'], requested: '2025-11-25' },
        };
        const { heard } = track(openPeer({ answers: { initialize: () => ({ error }) } }));
        const { failure } = await heard('failed');
        expect(failure).toMatchObject({ class: 'protocolUnsupported', phase: 'initializing', code: '2026-07-28' });
        expect(failure.message).toContain('speaks protocol version 2026-07-28 only');
      },
    );

    it('says that no version was named', async () => {
      const { heard } = track(openPeer({ answers: introducing(null) }));
      expect((await heard('failed')).failure).toMatchObject({ class: 'handshakeFailed', phase: 'initializing' });
    });

    it('keeps the code of an error answer, and waits for the end it is told', async () => {
      const { heard, session, types, peer } = track(
        openPeer({ answers: { initialize: () => ({ error: { code: -32001, message: 'no licence' } }) } }),
      );
      expect((await heard('failed')).failure).toMatchObject({
        class: 'handshakeFailed',
        code: -32001,
        phase: 'initializing',
      });
      session.end('close');
      await heard('ended');
      expect(types()).toEqual(['spawned', 'failed', 'ended']);
      expect(peer.sent('notifications/cancelled')).toEqual([]);
    });

    it('is told once when the other side closes in the middle of it', async () => {
      const { heard, peer, types } = track(openPeer({ answers: { initialize: () => null } }));
      await until('initialize has come', () => peer.sent('initialize').length === 1);
      await peer.close();
      expect((await heard('ended')).failure).toMatchObject({ class: 'disconnected', phase: 'initializing' });
      expect(types()).toEqual(['spawned', 'ended']);
    });

    it('leaves no timer behind when it is ended in the middle of it', async () => {
      const { heard, peer, session, types } = track(openPeer({ answers: { initialize: () => null } }));
      await until('initialize has come', () => peer.sent('initialize').length === 1);
      const before = process.getActiveResourcesInfo().filter((kind) => kind === 'Timeout').length;
      session.end('kill');
      await heard('ended');
      expect(types()).toEqual(['spawned', 'ended']);
      expect(process.getActiveResourcesInfo().filter((kind) => kind === 'Timeout').length).toBeLessThanOrEqual(before);
      expect(peer.sent('notifications/cancelled')).toEqual([]);
    });
  });

  describe('the record of the process', () => {
    /** A link that says it has a process, and when it is on record. */
    function openOnRecord(toRecord: () => Promise<void>) {
      const [near, far] = InMemoryTransport.createLinkedPair();
      const peer = new Peer(far);
      const opened = openRecorded((tell) =>
        openHostedLink({ kind: 'in-memory', create: () => near, stop }, (news) => {
          if (news.type !== 'spawned') return tell(news);
          tell({ type: 'spawned', pid: 4_711, startTime: null });
          toRecord().then(
            () => tell({ type: 'recorded' }),
            (error: Error) => tell({ type: 'failed', failure: failure('internal', error.message) }),
          );
        }),
      );
      return { opened, peer };
    }

    it('is waited for before the session is ready', async () => {
      let record = () => {};
      const recorded = new Promise<void>((resolve) => {
        record = resolve;
      });
      const { opened, peer } = openOnRecord(() => recorded);
      const { types, heard } = track(opened);
      await until('the lists have been asked for', () => peer.sent('tools/list').length === 1);
      expect(types()).toEqual(['spawned', 'initialized']);
      record();
      await heard('ready');
    });

    it('that cannot be made fails the session', async () => {
      const { heard, types } = track(openOnRecord(() => Promise.reject(new Error('disk full'))).opened);
      expect((await heard('failed')).failure).toMatchObject({
        class: 'internal',
        message: 'disk full',
      });
      expect(types()).not.toContain('ready');
    });
  });

  describe('news that comes before the session is ready', () => {
    it('is told after it, in its order', async () => {
      const { peer, heard, types, news } = track(
        openPeer({ answers: { 'tools/list': () => null }, capabilities: { roots: {} } }),
      );
      await heard('initialized');
      await until('the lists have been asked for', () => peer.sent('tools/list').length === 1);
      peer.send({ method: 'notifications/message', params: { level: 'info', data: 'early' } });
      peer.send({ id: 'r', method: 'roots/list' });
      peer.answer(peer.sent('tools/list')[0], { tools: [] });
      await heard('asked');
      expect(types()).toEqual(['spawned', 'initialized', 'ready', 'notified', 'asked']);
      expect(news[3]).toEqual({
        type: 'notified',
        method: 'notifications/message',
        params: { level: 'info', data: 'early' },
      });
    });

    it('is not told if it is a request that the server has withdrawn', async () => {
      const { peer, heard, types, session } = track(
        openPeer({ answers: { 'tools/list': () => null }, capabilities: { roots: {} } }),
      );
      await heard('initialized');
      await until('the lists have been asked for', () => peer.sent('tools/list').length === 1);
      const ask = (id: number) => peer.send({ id, method: 'roots/list' });
      const withdraw = (id: number) => peer.send({ method: 'notifications/cancelled', params: { requestId: id } });
      const ids = Array.from({ length: 1_000 }, (_, index) => index + 1);
      for (const id of ids) ask(id);
      // By then they have been looked at.
      await new Promise(setImmediate);
      for (const id of ids) withdraw(id);
      for (const id of ids) {
        ask(-id);
        withdraw(-id);
      }
      peer.send({ id: 'last', method: 'roots/list' });
      peer.answer(peer.sent('tools/list')[0], { tools: [] });
      expect(await heard('asked')).toMatchObject({ id: 'last' });
      expect(types()).toEqual(['spawned', 'initialized', 'ready', 'asked']);
      session.answer('last', { result: { roots: [] } });
      await until('it is answered', () => peer.received.some(({ id }) => id === 'last'));
    });

    it('is kept up to a thousand notifications', async () => {
      const { peer, heard, news, types } = track(openPeer({ answers: { 'tools/list': () => null } }));
      await heard('initialized');
      await until('the lists have been asked for', () => peer.sent('tools/list').length === 1);
      for (let count = 1; count <= 3_000; count += 1) peer.send({ method: 'notifications/message', params: { count } });
      peer.answer(peer.sent('tools/list')[0], { tools: [] });
      await heard('ready');
      peer.send({ method: 'notifications/last' });
      const isLast = (told: (typeof news)[number]) => told.type === 'notified' && told.method === 'notifications/last';
      await until('the last one is told', () => news.some(isLast));
      expect(types()).toHaveLength(3 + 1_000 + 1);
    });
  });
});
