import { describe, expect, it } from 'vitest';
import { mayShow } from '../../../src/supervisor/tool-filter.ts';
import { underAttack } from '../../support/loop-delay.ts';
import { errorOf, openStage, textOf } from '../../support/supervised.ts';

describe.concurrent('a tool that the entry excludes', () => {
  it('is not to be had by any way', async () => {
    const stage = openStage();
    const supervisor = await stage.open({ a: stage.program('speak', { tools: { exclude: ['add'] } }) });
    await supervisor.ready();
    const params = { name: 'add', arguments: { a: 1, b: 2 } };
    const notFound = { code: 'TOOL_NOT_FOUND', details: { server: 'a', tool: 'add' } };
    await underAttack('calls of an excluded tool', async () => {
      expect(await errorOf(supervisor.callTool('a', 'add', params.arguments))).toMatchObject(notFound);
      expect(await errorOf(supervisor.request('a', 'tools/call', params))).toMatchObject(notFound);
    });
    const listed = (await supervisor.request('a', 'tools/list')) as { readonly tools: readonly { name: string }[] };
    expect(listed.tools.map(({ name }) => name)).not.toContain('add');
    expect(listed.tools.map(({ name }) => name)).toContain('echo');
  });

  it('is not to be had of a server that was never started', async () => {
    const stage = openStage();
    const entry = { lazy: true, tools: { include: ['echo'] } };
    const supervisor = await stage.open({ a: stage.program('speak', entry) });
    const params = { name: 'add', arguments: { a: 1, b: 2 } };
    expect(await errorOf(supervisor.request('a', 'tools/call', params))).toMatchObject({ code: 'TOOL_NOT_FOUND' });
  });
});

describe.concurrent('an excluded tool that is asked for in another way', () => {
  const openOne = async () => {
    const stage = openStage();
    const supervisor = await stage.open({ a: stage.program('speak', { tools: { exclude: ['add'] } }) });
    await supervisor.ready();
    return supervisor;
  };
  const asArguments = { a: 1, b: 2 };

  it.each([
    ['its exposed name', 'a__add'],
    ['upper case', 'ADD'],
    ['letters that look alike', '\u0430dd'],
    ['wide letters', '\uff41\uff44\uff44'],
    ['a mark that joins a letter', 'a\u0301dd'],
    ['a space without width', 'add\u200b'],
    ['a zero byte', 'add\0'],
    ['a space', ' add'],
    ['a path', './add'],
    ['an escape of URLs', '%61dd'],
    ['a star', 'ad*'],
  ])('is found by no door: %s', async (what, tool) => {
    const supervisor = await openOne();
    const notFound = { code: 'TOOL_NOT_FOUND' };
    await underAttack(`an excluded tool by ${what}`, async () => {
      expect(await errorOf(supervisor.callTool('a', tool, asArguments))).toMatchObject(notFound);
      const params = { name: tool, arguments: asArguments };
      expect(await errorOf(supervisor.request('a', 'tools/call', params))).toMatchObject(notFound);
      expect(await errorOf(supervisor.checkCall('a', tool, asArguments))).toMatchObject(notFound);
      const [outcome] = await supervisor.callTools([{ tool, arguments: asArguments }]);
      expect(outcome).toMatchObject({ status: 'failed', error: notFound });
      const call = { id: '1', type: 'function', function: { name: tool, arguments: JSON.stringify(asArguments) } };
      const answers = await supervisor.answerToolCalls([call], { format: 'openai' });
      expect(answers[0]).toMatchObject({ content: expect.stringContaining('no tool') });
    });
    expect(supervisor.status('a').counts.calls).toBe(0);
  });

  it.each([
    ['a list', '{"name": ["add"]}'],
    ['an object', '{"name": {"toString": "add", "0": "add", "length": 1}}'],
    ['nothing', '{"name": null}'],
    ['what it inherits', '{"__proto__": {"name": "add"}}'],
    ['another key', '{"Name": "add", "tool": "add"}'],
    ['params that are a list', '[{"name": "add"}]'],
    ['params that are a text', '"add"'],
  ])('is no name: %s', async (what, json) => {
    const supervisor = await openOne();
    await underAttack(`an excluded tool in ${what}`, async () => {
      expect(await errorOf(supervisor.request('a', 'tools/call', JSON.parse(json)))).toMatchObject({
        code: 'INVALID_REQUEST',
        details: { problems: [{ path: 'params.name' }] },
      });
    });
    expect(supervisor.status('a').counts.calls).toBe(0);
  });

  it('is not behind a name that is offered', async () => {
    const supervisor = await openOne();
    const params = JSON.parse(
      '{"name": "add", "arguments": {"text": "x", "name": "add"}, "name": "echo", "tool": "add"}',
    );
    expect(textOf((await supervisor.request('a', 'tools/call', params)) as object)).toBe('x');
  });
});

describe.concurrent('a request to a server', () => {
  it('reaches an offered tool with all its params', async () => {
    const stage = openStage();
    const supervisor = await stage.open({ a: stage.program('speak') });
    await supervisor.ready();
    const params = { name: 'echo', arguments: { text: 'hello' }, _meta: { trace: 1 } };
    expect(textOf((await supervisor.request('a', 'tools/call', params)) as object)).toBe('hello');
  });

  it.each([
    'initialize',
    'notifications/cancelled',
    'notifications/initialized',
    'server/discover',
    'roots/list',
    'tools/Call',
    'TOOLS/CALL',
    'tools\u2215call',
    'tools//call',
    'tools%2Fcall',
    'tools/call ',
    'constructor',
    'rpc.discover',
    '',
  ])('is refused if it is the own affair of the session, or unknown (%j)', async (method) => {
    const stage = openStage();
    const supervisor = await stage.open({ a: stage.program('speak') });
    await supervisor.ready();
    expect(await errorOf(supervisor.request('a', method, {}))).toMatchObject({
      code: 'INVALID_REQUEST',
      details: { problems: [{ path: 'method', hint: expect.stringContaining('resources/read') }] },
    });
    expect(supervisor.status('a').counts.calls).toBe(0);
  });
});

describe.concurrent('a glob', () => {
  it.each([
    ['read_*', 'read_file', true],
    ['*_file', 'read_file', true],
    ['*', '', true],
    ['a*a', 'a', false],
    ['a*b*c', 'aXbXc', true],
    ['a*b*c', 'aXcXb', false],
    ['a.c', 'abc', false],
    ['a**b', 'ab', true],
    ['*ab*ab', 'xabab', true],
    ['*ab*ab', 'xab', false],
  ])('%s matches %s: %s', (glob, tool, expected) => {
    expect(mayShow(tool, { include: [glob], exclude: [] })).toBe(expected);
  });

  it('with many stars takes no longer for a long name', () => {
    const startedAt = performance.now();
    expect(mayShow('a'.repeat(50_000), { include: [`${'*a'.repeat(100)}*b`], exclude: [] })).toBe(false);
    expect(performance.now() - startedAt).toBeLessThan(500);
  });

  it('with many stars holds up no check of a call, however many long names the server offers', async () => {
    const stage = openStage();
    const tools = { exclude: [`${'*n'.repeat(100)}*b`] };
    const supervisor = await stage.open({ a: stage.program('offers-many-tools', { tools }, ['10000', '900']) });
    await underAttack('a glob of many stars against 10 000 long names', async () => {
      await supervisor.ready();
      expect(await supervisor.checkCall('a', `tool-0-${'n'.repeat(900)}`, {})).toMatchObject({ valid: true });
    });
  });
});
