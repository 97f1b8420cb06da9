import { describe, expect, it } from 'vitest';
import { parseEntries } from '../../src/config/parse.ts';
import { toLine } from '../../src/errors.ts';
import type { ServerSpecification } from '../../src/specification.ts';

const options = { folder: '/etc/mcp', hostedTransports: ['in-memory'] };

function parsed(entry: object): {
  readonly server: ServerSpecification | undefined;
  readonly lines: readonly string[];
} {
  const { config, problems } = parseEntries({ mcpServers: { a: entry } }, options);
  return { server: config?.servers.get('a'), lines: problems.map((one) => `${one.severity} ${toLine(one)}`) };
}

describe('an entry in the words and shapes of another program', () => {
  it.each([
    [
      { command: 'x', tools: ['*'] },
      { transport: 'stdio', tools: { include: ['*'], exclude: [] } },
    ],
    [{ command: 'x', tools: ['a'] }, { tools: { include: ['a'], exclude: [] } }],
    [{ command: 'x', tools: [] }, { tools: { include: [], exclude: [] } }],
    [
      { command: 'x', env: [], args: [] },
      { env: {}, args: [] },
    ],
    [
      { command: 'x', args: null, env: null, url: '' },
      { transport: 'stdio', args: [], env: {} },
    ],
    [{ command: '', args: [], env: {}, url: 'http://a.example' }, { transport: 'auto' }],
    [
      { type: 'streamableHttp', isActive: false, baseUrl: 'http://a.example' },
      { transport: 'streamable-http', url: 'http://a.example', enabled: false },
    ],
    [{ serverUrl: 'http://a.example' }, { transport: 'auto', url: 'http://a.example' }],
    [{ httpUrl: 'http://a.example' }, { url: 'http://a.example' }],
    [{ transport: 'http-stream', url: 'http://a.example' }, { transport: 'streamable-http' }],
    [{ transport: 'streaming-http', url: 'http://a.example' }, { transport: 'streamable-http' }],
    [{ command: 'x', disabledTools: ['rm'] }, { tools: { include: ['*'], exclude: ['rm'] } }],
    [
      { command: 'x', disabledTools: ['rm'], tools: { include: ['a'], exclude: ['b'] } },
      { tools: { include: ['a'], exclude: ['b', 'rm'] } },
    ],
    [{ command: 'x', tools: ['*'], excludeTools: ['rm'] }, { tools: { include: ['*'], exclude: ['rm'] } }],
    [{ command: 'x', alwaysAllow: ['a'] }, { autoApprove: ['a'] }],
    [{ command: 'x', environment: { A: '1' } }, { env: { A: '1' } }],
  ])('is taken for what it says: %j', (entry, expected) => {
    const { server, lines } = parsed(entry);
    expect(lines.filter((line) => line.startsWith('error'))).toEqual([]);
    expect(server).toMatchObject(expected);
  });

  it('says what it was taken for, and what counts where both are written', () => {
    expect(parsed({ baseUrl: 'http://a.example' }).lines).toEqual([
      "warning mcpServers.a.baseUrl: is another program's word, taken for url (write url)",
    ]);
    expect(parsed({ url: 'http://a.example', uri: 'http://b.example' }).lines).toEqual([
      'warning mcpServers.a.uri: is not used: url counts (remove one of the two)',
    ]);
    expect(parsed({ command: 'x', disabled: false, isActive: false }).server?.enabled).toBe(true);
  });

  it('is still wrong where it is wrong', () => {
    expect(parsed({ command: 'x', disabledTools: 'rm' }).lines.join('\n')).toContain('tools.exclude: must be a list');
    expect(parsed({ command: 'x', env: ['A=1'] }).lines.join('\n')).toContain('must be an object');
  });

  it("leaves the keys of a host's own transport alone", () => {
    const entry = { transport: 'in-memory', tools: { include: ['a'] }, uri: 'x', nothing: null };
    expect(parsed(entry).server).toMatchObject({ entry });
  });
});

describe('a variable or path in the manner of another program', () => {
  it.each([
    ['$HOME/x', 'write ${HOME}/…', false],
    ['--root=$HOME', 'write ${NAME}', true],
    ['%APPDATA%\\x', 'write ${NAME}', true],
    ['{env:TOKEN}', 'write ${env:NAME}', true],
    ['{file:./key}', '${file:PATH}', true],
    ['~/x', 'write ${HOME}/…', true],
    ['${workspaceFolder}/x', 'write the folder itself', true],
    ['${userHome}/x', 'write ${HOME}', true],
    ['a$b', '', false],
    ['100%25%20', '', false],
    ['${env:TOKEN}', '', false],
    ['x~/y', '', false],
    ['$5', '', false],
  ])('%s is warned about with what to write', (text, hint, isWarned) => {
    for (const entry of [
      { command: 'x', args: [text] },
      { command: 'x', env: { A: text } },
    ]) {
      const { lines } = parsed(entry);
      if (isWarned) expect(lines.join('\n')).toContain(hint);
      else if (text !== '$HOME/x') expect(lines).toEqual([]);
      expect(lines.every((line) => line.startsWith('warning'))).toBe(true);
    }
  });
});
