import { afterEach, describe, expect, it } from 'vitest';
import { until } from '../../support/processes.ts';
import { type Answers, type RecordedSession, sessionsVia, ways } from '../sessions.ts';

const everything = { tools: {}, resources: {}, prompts: {} };
const tool = (name: string) => ({ name, inputSchema: { type: 'object' } });
const error = (code: number) => ({ error: { code, message: 'the index is being rebuilt' } });

describe.each(ways)('the lists of a session %s', (_way, via) => {
  const { openPeer } = sessionsVia(via);
  const open: RecordedSession[] = [];

  function opened(lists: Answers, capabilities: object = everything) {
    const session = openPeer({
      answers: {
        initialize: () => ({ result: { protocolVersion: '2025-11-25', capabilities } }),
        'tools/list': () => ({ result: { tools: [tool('work')] } }),
        'resources/list': () => ({ result: { resources: [{ uri: 'file:///a' }] } }),
        'resources/templates/list': () => ({ result: { resourceTemplates: [] } }),
        'prompts/list': () => ({ result: { prompts: [{ name: 'ask' }] } }),
        ...lists,
      },
    });
    open.push(session);
    const listed = (): readonly string[] =>
      session.news.flatMap((news) =>
        news.type === 'ready' || news.type === 'listed'
          ? [[...news.lists.tools, ...news.lists.resources, ...news.lists.prompts].map(({ name }) => name).join(' ')]
          : [],
      );
    const unread = (): readonly string[] =>
      session.news.flatMap((news) =>
        news.type === 'unread' ? [news.lists.map(({ reason }) => reason).join('; ') || 'none'] : [],
      );
    return { ...session, listed, unread };
  }

  afterEach(async () => {
    await Promise.all(open.splice(0).map(({ close }) => close()));
  });

  it('are asked again when the tools are answered with an error, before the session is ready', async () => {
    const answers = [error(-32_603), error(-32_000), { result: { tools: 'none' } }];
    const session = opened({ 'tools/list': () => answers.shift() ?? { result: { tools: [tool('work')] } } });
    await session.heard('ready');
    expect(session.listed()).toEqual(['work file:///a ask']);
    expect(session.unread()).toEqual([
      'tools/list was answered with error -32603: the index is being rebuilt',
      'tools/list was answered with error -32000: the index is being rebuilt',
      'tools/list was answered without an array "tools"',
      'none',
    ]);
  });

  it('are asked of a server that declares none, which some forget', async () => {
    const session = opened({}, {});
    await session.heard('ready');
    expect(session.listed()).toEqual(['work']);
    expect(session.unread()).toEqual([]);
  });

  it.each([
    ['knows no such method', () => error(-32_601)],
    ['answers with another error', () => error(-32_603)],
    ['does not answer', () => null],
  ])('are no trouble where a server that declares none %s', async (_what, answer) => {
    const session = opened({ 'tools/list': answer }, {});
    await session.heard('ready');
    expect(session.listed()).toEqual(['']);
    expect(session.unread()).toEqual([]);
  });

  it('are read to the end where pages are counted', async () => {
    const session = opened({
      'tools/list': (params) => ({
        result: params?.cursor === 2 ? { tools: [tool('more')] } : { tools: [tool('work')], nextCursor: 2 },
      }),
    });
    await session.heard('ready');
    expect(session.listed()[0]).toContain('work more');
  });

  it('are empty when the server does not know the method, and that is no trouble', async () => {
    const session = opened({
      'tools/list': () => error(-32_601),
      'resources/list': () => error(-32_601),
      'resources/templates/list': () => error(-32_601),
      'prompts/list': () => error(-32_601),
    });
    await session.heard('ready');
    expect(session.listed()).toEqual(['']);
    expect(session.unread()).toEqual([]);
  });

  it.each<[string, Answers[string]]>([
    ['an error', () => error(-32_603)],
    ['something else than a list', () => ({ result: { prompts: { ask: {} } } })],
    ['nothing', () => null],
  ])('do not hold it up when a side list is answered with %s', async (_how, answer) => {
    const session = opened({ 'prompts/list': answer });
    await session.heard('ready');
    expect(session.listed()).toEqual(['work file:///a']);
    expect(session.unread()).toEqual([expect.stringContaining('prompts/list')]);
    const told = session.types();
    expect(told.indexOf('unread')).toBeLessThan(told.indexOf('ready'));
  });

  it('are told when a side list comes late', async () => {
    const session = opened({ 'prompts/list': () => null });
    await session.heard('ready');
    session.peer.answer(session.peer.sent('prompts/list')[0], { prompts: [{ name: 'late' }] });
    await session.heard('listed');
    expect(session.listed()).toEqual(['work file:///a', 'work file:///a late']);
    expect(session.unread().at(-1)).toBe('none');
  });

  it('are asked again when a side list was not answered in time', async () => {
    let asked = 0;
    const session = openPeer({
      settings: { startTimeoutMs: 700 },
      answers: {
        initialize: () => ({ result: { protocolVersion: '2025-11-25', capabilities: everything } }),
        'resources/list': () => ({ result: { resources: [] } }),
        'resources/templates/list': () => ({ result: { resourceTemplates: [] } }),
        'prompts/list': () => {
          asked += 1;
          return asked === 1 ? null : { result: { prompts: [{ name: 'ask' }] } };
        },
      },
    });
    open.push(session);
    const { lists } = await session.heard('listed');
    expect(lists.prompts).toEqual([{ name: 'ask' }]);
    const reasons = session.news.flatMap((news) =>
      news.type === 'unread' ? news.lists.map(({ reason }) => reason) : [],
    );
    expect(reasons).toEqual(['prompts/list has not been answered yet', 'prompts/list was not answered within 700 ms']);
  });

  it('make it ready with the first answer when there are no tools', async () => {
    const session = opened(
      { 'resources/list': () => null, 'resources/templates/list': () => error(-32_603) },
      { resources: {}, prompts: {} },
    );
    await session.heard('ready');
    expect(session.listed()).toEqual(['ask']);
    expect(session.unread().at(-1)).toContain('resources/list');
  });

  it('stay as they were when a changed one cannot be read, until it can', async () => {
    const answers = [{ result: { tools: [tool('a'), tool('b')] } }, error(-32_603)];
    const session = opened({ 'tools/list': () => answers.shift() ?? { result: { tools: [tool('c')] } } });
    await session.heard('ready');
    session.peer.send({ method: 'notifications/tools/list_changed' });
    await session.heard('listed');
    expect(session.listed()).toEqual(['a b file:///a ask', 'c file:///a ask']);
    expect(session.unread()).toEqual(['tools/list was answered with error -32603: the index is being rebuilt', 'none']);
  });

  it('keep the pages that were read of a list whose later pages are refused', async () => {
    const session = opened({
      'tools/list': (params) =>
        params?.cursor === undefined ? { result: { tools: [tool('a')], nextCursor: '2' } } : error(-32_603),
    });
    await session.heard('ready');
    expect(session.listed()).toEqual(['a file:///a ask']);
    expect(session.unread()).toEqual([expect.stringContaining('tools/list was answered with error -32603')]);
  });

  it('are asked only for what the server says has changed', async () => {
    const session = opened({});
    await session.heard('ready');
    session.peer.send({ method: 'notifications/prompts/list_changed' });
    await until('prompts are asked again', () => session.peer.sent('prompts/list').length === 2);
    expect(session.peer.sent('tools/list')).toHaveLength(1);
  });
});
