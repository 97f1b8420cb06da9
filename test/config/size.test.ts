import { describe, expect, it } from 'vitest';
import { parseEntries } from '../../src/config/parse.ts';

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
