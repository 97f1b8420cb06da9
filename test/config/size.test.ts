import { describe, expect, it } from 'vitest';
import { parseConfig, parseEntries } from '../../src/config/parse.ts';
import { closestTo } from '../../src/config/spelling.ts';
import { underAttack } from '../support/loop-delay.ts';

const many = <Value>(count: number, make: (index: number) => Value) =>
  Object.fromEntries(Array.from({ length: count }, (_, index) => [`s${index}`, make(index)]));

const messagesOf = (document: unknown) => {
  const { config, problems } = parseEntries(document, { folder: '/etc/mcp' });
  return { isValid: config !== null, messages: problems.map(({ path, message }) => `${path} ${message}`) };
};

// Each of these kept the event loop busy for more than ten seconds, or ended in a stack overflow.
describe('a configuration of a size nobody writes by hand', () => {
  it('is refused for its number of servers, keys or elements', () => {
    const server = { command: 'x' };
    expect(messagesOf({ mcpServers: many(10_001, () => server) })).toEqual({
      isValid: false,
      messages: ['mcpServers has 10001 elements'],
    });
    const big = { args: Array.from({ length: 10_001 }, () => 'x'), env: many(10_001, () => 'x') };
    expect(messagesOf({ mcpServers: { a: { ...server, ...big } } }).messages).toEqual([
      'mcpServers.a.args has 10001 elements',
      'mcpServers.a.env has 10001 elements',
    ]);
    expect(messagesOf({ mcpServers: { a: { ...server, ...many(10_001, () => 1) } } }).messages).toEqual([
      'mcpServers.a has 10002 elements',
    ]);
    expect(messagesOf({ mcpServers: {}, ...many(10_001, () => 1) }).messages).toEqual([' has 10001 elements']);
  });

  const parts = (count: number, part: string) => Array.from({ length: count }, (_, at) => `"k${at}":${part}`).join();
  it.each([
    ['keys', `{${parts(400_000, '1')}}`],
    ['servers', `{"mcpServers":{${parts(400_000, '{}')}}}`],
    ['variables', `{"mcpServers":{"a":{"command":"x","env":{${parts(400_000, '"x"')}}}}}`],
    ['arguments', `{"mcpServers":{"a":{"command":"x","args":[${'"a",'.repeat(400_000)}]}}}`],
    ['parts of what is passed over', `{"mcpServers":{"a":{"command":"x","_a":{"b":{"c":{${parts(400_000, '[]')}}}}}}}`],
    ['keys of one name', `{${'"a":1,'.repeat(400_000)}}`],
    ['mistakes', 'x '.repeat(2_000_000)],
  ])('is refused before it is read: 400 000 %s', async (what, text) => {
    const parsed = await underAttack(`400 000 ${what}`, () => parseConfig(text, { folder: '/etc/mcp' }));
    const message = 'the file has more than 400000 names, values and signs';
    expect(parsed.problems).toEqual([expect.objectContaining({ path: '', message })]);
  });

  it('is read with as many servers as there may be', async () => {
    const server = { command: 'npx', args: ['-y', 'some-server'], env: { TOKEN: '${TOKEN:-}', HOME: '/tmp' } };
    const text = JSON.stringify({ mcpServers: many(10_000, () => server) });
    const read = () => parseConfig(text, { folder: '/etc/mcp' });
    const { config } = await underAttack('10 000 servers', read, { mostMs: 15_000 });
    expect(config?.servers.size).toBe(10_000);
  });

  it('is told its first thousand problems, errors first, and how many more there are', () => {
    const { messages } = messagesOf({ mcpServers: many(2_000, () => ({ comand: 'x' })) });
    expect(messages).toHaveLength(1_001);
    expect(messages[0]).toBe('mcpServers.s0 says neither command nor url');
    expect(messages.at(-1)).toBe(' has 3000 more problems like these');
  });

  it('is told where its dependencies go round, however long the way', () => {
    const count = 9_000;
    const chain = many(count, (index) => ({ command: 'x', dependsOn: [`s${(index + 1) % count}`] }));
    const { messages } = messagesOf({ mcpServers: chain });
    expect(messages).toEqual([expect.stringMatching(/^mcpServers\.s0\.dependsOn goes round in a circle: s0 → s1 /)]);
  });

  it('is told about thousands of unknown names', () => {
    const servers = many(9_000, (index) => ({ command: 'x', dependsOn: [`t${index}`] }));
    const { messages } = messagesOf({ mcpServers: servers });
    expect(messages[0]).toBe('mcpServers.s0.dependsOn[0] names "t0", which is not a server of this configuration');
  });

  it('is told about a key as long as the file', () => {
    const { messages } = messagesOf({ mcpServers: { a: { command: 'x', ['k'.repeat(3_000_000)]: 1 } } });
    expect(messages).toHaveLength(1);
    expect(messages[0]?.length).toBeLessThan(500);
  });

  it('is told about thousands of headers', () => {
    const headers = many(9_000, () => 'x');
    expect(messagesOf({ mcpServers: { a: { url: 'https://a.test/', headers } } }).isValid).toBe(true);
  });
});

describe('a text that is made to be searched for ever', () => {
  const half = 1024 * 1024;
  const command = (text: string) => ({ mcpServers: { a: { command: 'x', args: [text] } } });
  const nest = (key: string, levels: number): object =>
    Array.from({ length: levels }).reduce<object>((inner) => ({ [key]: inner }), { a: { command: 'x' } });
  const tangle = (dependsOn: (index: number) => readonly string[]) => ({
    mcpServers: many(6_000, (index) => ({ command: 'x', dependsOn: dependsOn(index) })),
  });
  it.each<[string, unknown]>([
    ['{env: without end', command('{env:'.repeat(half))],
    ['{file: without end', command('{file:x'.repeat(half))],
    ['dollar signs', command('$'.repeat(2 * half))],
    ['dollar names', command('$A'.repeat(2 * half))],
    ['per cent signs', command('%A'.repeat(2 * half))],
    ['folders of an editor', command('${workspaceFolder:'.repeat(half / 8))],
    ['defaults within defaults', command('${A:-'.repeat(half))],
    ['defaults within defaults that end', command(`${'${A:-'.repeat(half / 8)}${'}'.repeat(half / 8)}`)],
    ['files within files', command('${file:'.repeat(half))],
    ['servers within servers', nest('servers', 20_000)],
    ['servers beside servers', { servers: many(20_000, () => ({ mcp: { a: { command: 'x' } } })) }],
    ['braces that close', command('}'.repeat(2 * half))],
    ['spaces', { mcpServers: { a: { command: ' '.repeat(2 * half) } } }],
    ['folders', { mcpServers: { a: { command: '~/'.repeat(half) } } }],
    ['a URL of dots', { mcpServers: { a: { url: `http://a/${'../'.repeat(half / 2)}` } } }],
    ['a URL of brackets', { mcpServers: { a: { url: `http://${'['.repeat(half)}` } } }],
    ['a proxy of at signs', { mcpServers: { a: { url: 'http://a/', proxy: `http://${'@'.repeat(half)}` } } }],
    ['a header of spaces', { mcpServers: { a: { url: 'http://a/', headers: { A: ' '.repeat(2 * half) } } } }],
    ['an environment of names', { mcpServers: { a: { command: 'x', env: { A: '${'.repeat(half) } } } }],
    ['a key of brackets', { mcpServers: { a: { command: 'x', ['["'.repeat(half)]: 1 } } }],
    ['a name of accents', { mcpServers: { ['e\u0301\u0323'.repeat(half / 2)]: { command: 'x' } } }],
    ['globs', { mcpServers: { a: { command: 'x', tools: { exclude: Array(5_000).fill('*a'.repeat(100)) } } } }],
  ])('is judged in time: %s', async (what, document) => {
    const { messages } = await underAttack(what, () => messagesOf(document));
    expect(messages.join('').length).toBeLessThan(10_000);
  });

  it.each([
    ['names that nobody has', (index: number) => `${'n'.repeat(100)}${index}`, 1_001],
    ['circles', (index: number) => `s${index % 2 === 0 ? index + 1 : index - 1}`, 20],
  ])('is judged in time for all its servers: %s', async (what, wanted, problems) => {
    const document = tangle((index) => [wanted(index)]);
    const { messages } = await underAttack(what, () => messagesOf(document));
    expect(messages).toHaveLength(problems);
  });

  it('has defaults within defaults up to sixteen levels', () => {
    const nested = (levels: number) => messagesOf(command(`${'${A:-'.repeat(levels)}x${'}'.repeat(levels)}`));
    expect(nested(16).messages).toEqual([]);
    expect(nested(17).messages).toEqual([expect.stringContaining('more than 16 levels')]);
  });

  it('is told twenty places of servers at most, and twenty members of a circle', () => {
    expect(messagesOf({ a: { servers: many(500, () => ({ mcp: { a: { command: 'x' } } })) } }).messages).toHaveLength(
      20,
    );
    const long = messagesOf(tangle((index) => [`s${(index + 1) % 6_000}`])).messages;
    expect(long.join('').length).toBeLessThan(300);
  });

  it('is given a guess for its first twenty names that nobody has, and for none that is longer than a name', () => {
    const hintsOf = (document: unknown) =>
      parseEntries(document, { folder: '/etc/mcp' }).problems.filter(({ hint }) => hint !== null);
    expect(hintsOf(tangle((index) => [`s${index}x`]))).toHaveLength(20);
    expect(closestTo(`${'a'.repeat(200)}b`, ['a'.repeat(200)])).toBeNull();
    expect(closestTo(`${'a'.repeat(100)}b`, ['a'.repeat(100)])).not.toBeNull();
  });
});

describe('a cycle of dependencies', () => {
  const cyclesOf = (arrows: Readonly<Record<string, readonly string[]>>) =>
    messagesOf({
      mcpServers: Object.fromEntries(
        Object.entries(arrows).map(([name, dependsOn]) => [name, { command: 'x', dependsOn }]),
      ),
    }).messages.flatMap((message) => /goes round in a circle: (.*)$/.exec(message)?.[1] ?? []);

  it('is told once, from the member that is reached first', () => {
    expect(cyclesOf({ a: ['b'], b: ['c', 'd'], c: [], d: ['b'] })).toEqual(['b → d → b']);
    expect(cyclesOf({ a: ['b', 'c'], b: ['d'], c: ['d'], d: [] })).toEqual([]);
    expect(cyclesOf({ a: ['b', 'c'], b: ['a'], c: ['a'] })).toEqual(['a → b → a', 'a → c → a']);
  });
});
