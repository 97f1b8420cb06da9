import { InMemoryTransport } from '@modelcontextprotocol/sdk/inMemory.js';
import type { JSONRPCMessage } from '@modelcontextprotocol/sdk/types.js';
import { afterEach, describe, expect, it } from 'vitest';
import { McpvisorError } from '../../../src/errors.ts';
import { openHostedLink } from '../../../src/session/hosted/link.ts';
import { AnswerLost, type Link, UnreachedError } from '../../../src/session/link.ts';
import { toUnanswered } from '../../../src/session/remote/http/error.ts';
import { type Answers, outcomeOf, Peer, type RecordedSession, sessionsVia, stop, ways } from '../sessions.ts';

describe.each(ways)('a session %s', (_way, via) => {
  const { openProgram, openRecorded } = sessionsVia(via);
  const open: RecordedSession[] = [];

  afterEach(async () => {
    await Promise.all(open.splice(0).map(({ close }) => close()));
  });

  /** A session over a transport on which some messages cannot be sent. */
  function openOver(refusalOf: (message: JSONRPCMessage) => unknown, answers: Answers = {}) {
    const [near, far] = InMemoryTransport.createLinkedPair();
    const peer = new Peer(far, answers);
    const send = near.send.bind(near);
    near.send = async (message) => {
      const refusal = refusalOf(message);
      if (refusal !== undefined) throw refusal;
      await send(message);
    };
    let link: Link | undefined;
    const opened = openRecorded((tell) => {
      link = openHostedLink({ kind: 'lossy', create: () => near, stop }, tell);
      return link;
    });
    open.push(opened);
    const lose = (id: string | number | undefined, reason: string) => {
      if (id !== undefined) link?.transport.onrequestlost?.(id, new AnswerLost(reason));
    };
    return { ...opened, peer, lose };
  }

  function whenCalled(what: string, error: unknown) {
    return (message: JSONRPCMessage) => ('params' in message && message.params?.name === what ? error : undefined);
  }

  /** As fetch gives it. */
  function connecting(code: string, syscall: string): Error {
    return new TypeError('fetch failed', { cause: Object.assign(new Error(code), { code, syscall }) });
  }

  describe('a call that cannot be sent', () => {
    it.each([
      [
        'goes in a circle',
        () => {
          const circle: Record<string, unknown> = {};
          circle.itself = circle;
          return circle;
        },
      ],
      ['holds a BigInt', () => ({ large: 1n })],
    ])('is the mistake of its caller if it %s', async (_what, argumentsOf) => {
      const opened = openProgram('speak');
      open.push(opened);
      await opened.heard('ready');
      const call = opened.session.request('tools/call', { name: 'echo', arguments: argumentsOf() });
      await expect(call).rejects.toMatchObject({
        code: 'INVALID_REQUEST',
        details: { problems: [{ path: 'params', message: expect.stringContaining('JSON') }] },
      });
      expect(await outcomeOf(opened.session.request('tools/call', { name: 'echo', arguments: { text: 'on' } }))).toBe(
        'done',
      );
    });

    it.each([
      ['an error of ours as it is', new McpvisorError('FORBIDDEN_HOST', { host: 'x' }), 'FORBIDDEN_HOST'],
      [
        'a refusal of the server as its error',
        Object.assign(new Error('Bad Request'), { code: 400 }),
        'UPSTREAM_ERROR',
      ],
      [
        'a server that failed as an unknown outcome',
        Object.assign(new Error('Bad Gateway'), { code: 502 }),
        'OUTCOME_UNKNOWN',
      ],
      [
        'a broken connection as an unknown outcome',
        Object.assign(new Error('broken'), { code: 'ECONNRESET' }),
        'OUTCOME_UNKNOWN',
      ],
      [
        'a redirect that was not followed as a refusal',
        Object.assign(new Error('Found'), { code: 302, reached: false }),
        'UPSTREAM_ERROR',
      ],
      ['what was not sent as not connected', new UnreachedError('closed'), 'SERVER_NOT_CONNECTED'],
      [
        'a host that nobody could reach as not connected',
        toUnanswered(connecting('EHOSTUNREACH', 'connect'), 'http://h/'),
        'SERVER_NOT_CONNECTED',
      ],
      [
        'a host that went away while it was read from as an unknown outcome',
        toUnanswered(connecting('EHOSTUNREACH', 'read'), 'http://h/'),
        'OUTCOME_UNKNOWN',
      ],
      ['what is not even an error as an unknown outcome', 'a word', 'OUTCOME_UNKNOWN'],
    ])('tells %s, and fails alone', async (_what, error, code) => {
      const { session, heard, peer, report } = openOver(whenCalled('unsendable', error));
      await heard('ready');
      const good = session.request('tools/call', { name: 'work' });
      expect(await outcomeOf(session.request('tools/call', { name: 'unsendable' }))).toBe(code);
      peer.answer(peer.calls[0], { content: [] });
      expect(await good).toEqual({ content: [] });
      expect((await report()).inFlight).toBe(0);
    });
  });

  describe('an answer whose stream broke', () => {
    it('leaves that call with an unknown outcome, and no other', async () => {
      const { session, heard, peer, lose } = openOver(() => undefined);
      await heard('ready');
      const lost = session.request('tools/call', { name: 'work' });
      const good = session.request('tools/call', { name: 'work' });
      await peer.called(2);
      lose(peer.calls[0]?.id, 'the stream ended');
      peer.answer(peer.calls[0], {});
      peer.answer(peer.calls[1], { content: [] });
      await expect(lost).rejects.toMatchObject({ code: 'OUTCOME_UNKNOWN', details: { reason: 'the stream ended' } });
      expect(await good).toEqual({ content: [] });
      lose(4_711, 'of nobody');
    });

    it('fails the handshake if it was that of initialize', async () => {
      const { heard, peer, lose } = openOver(() => undefined, { initialize: () => null });
      await heard('spawned');
      await expect.poll(() => peer.sent('initialize').length).toBe(1);
      lose(peer.sent('initialize')[0]?.id, 'the stream ended');
      expect((await heard('failed')).failure).toMatchObject({ class: 'handshakeFailed', phase: 'initializing' });
    });

    it('fails the session if it was that of its first lists', async () => {
      const { heard, peer, lose, types } = openOver(() => undefined, { 'tools/list': () => null });
      await heard('initialized');
      await expect.poll(() => peer.sent('tools/list').length).toBe(1);
      lose(peer.sent('tools/list')[0]?.id, 'the stream ended');
      expect((await heard('failed')).failure).toMatchObject({
        class: 'disconnected',
        phase: 'listing',
        message: 'the stream ended',
      });
      expect(types()).not.toContain('ready');
    });

    it('is only doubted if it was that of later lists', async () => {
      let listings = 0;
      const { heard, peer, lose, session } = openOver(() => undefined, {
        'tools/list': () => {
          listings += 1;
          return listings === 1 ? { result: { tools: [] } } : null;
        },
      });
      await heard('ready');
      peer.send({ method: 'notifications/tools/list_changed' });
      await expect.poll(() => peer.sent('tools/list').length, { timeout: 5_000 }).toBe(2);
      lose(peer.sent('tools/list')[1]?.id, 'the stream ended');
      expect(await heard('doubted')).toEqual({
        type: 'doubted',
        reason: 'tools/list was not answered: the stream ended',
      });
      void outcomeOf(session.request('tools/call', {}));
      await peer.called(1);
    });
  });

  describe('a change of the lists that could not be seen', () => {
    it('is looked for again: it is not told a second time', async () => {
      const tool = (name: string) => ({ name, inputSchema: { type: 'object' } });
      let listings = 0;
      const { heard, peer, lose } = openOver(() => undefined, {
        'tools/list': () => {
          listings += 1;
          return listings === 2 ? null : { result: { tools: [tool(listings === 1 ? 'old' : 'young')] } };
        },
      });
      await heard('ready');
      peer.send({ method: 'notifications/tools/list_changed' });
      await expect.poll(() => peer.sent('tools/list').length, { timeout: 5_000 }).toBe(2);
      lose(peer.sent('tools/list')[1]?.id, 'the stream ended');
      await heard('doubted');
      expect((await heard('listed')).lists.tools.map(({ name }) => name)).toEqual(['young']);
    });
  });

  describe('a list whose pages are empty and never end', () => {
    it('is left at a bound, and said to be incomplete', async () => {
      let pages = 0;
      const { heard, peer } = openOver(() => undefined, {
        'tools/list': () => {
          pages += 1;
          return pages > 20_000
            ? { error: { code: -32_000, message: 'asked for ever' } }
            : { result: { tools: [], nextCursor: `page ${pages}` } };
        },
      });
      const { problems } = (await heard('ready')).lists;
      expect(problems).toEqual([
        expect.objectContaining({ list: 'tools', message: expect.stringContaining('goes on after 10000 pages') }),
      ]);
      expect(peer.sent('tools/list')).toHaveLength(10_000);
    });
  });

  describe('a tool whose schema is nested thousands deep', () => {
    const nested = (levels: number) =>
      Array.from({ length: levels }).reduce<object>((inner) => ({ type: 'object', properties: { a: inner } }), {
        type: 'object',
      });

    it('is left out, and harms nothing when the lists change', async () => {
      const tool = (name: string, levels: number) => ({ name, inputSchema: nested(levels) });
      let listings = 0;
      const { heard, peer } = openOver(() => undefined, {
        'tools/list': () => {
          listings += 1;
          return { result: { tools: [tool('deep', 20_000), tool(`good-${listings}`, 100)] } };
        },
      });
      const { lists } = await heard('ready');
      expect(lists.tools.map(({ name }) => name)).toEqual(['good-1']);
      expect(lists.problems).toEqual([{ list: 'tools', index: 0, name: 'deep', message: 'It is nested too deeply.' }]);
      peer.send({ method: 'notifications/tools/list_changed' });
      expect((await heard('listed')).lists.tools.map(({ name }) => name)).toEqual(['good-2']);
    });
  });

  describe('a transport that breaks in the handshake', () => {
    it('fails the session if the link has nothing to say about it', async () => {
      const { heard } = openOver((message) =>
        'method' in message && message.method === 'initialize' ? new Error('broken') : undefined,
      );
      expect((await heard('failed')).failure).toMatchObject({
        class: 'disconnected',
        phase: 'initializing',
        message: 'broken',
      });
    });
  });

  describe('a probe that cannot be sent', () => {
    it('stays open, and its session ends without it', async () => {
      const { heard, session, close } = openOver((message) =>
        'method' in message && message.method === 'ping' ? new Error('broken') : undefined,
      );
      await heard('ready');
      let answered = false;
      void session.probe('ping').then(() => {
        answered = true;
      });
      expect(await session.probe('list')).toBeGreaterThan(0);
      await close();
      expect(answered).toBe(false);
    });
  });
});
