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
    [
      { command: ['npx', '-y', 'x'], args: ['z'] },
      { command: 'npx', args: ['-y', 'x', 'z'] },
    ],
    [{ command: 'x', args: ['--port', 3_000, true, null] }, { args: ['--port', '3000', 'true'] }],
    [{ command: 'x', env: { PORT: 3_000, DEBUG: true, NONE: null } }, { env: { PORT: '3000', DEBUG: 'true' } }],
    [{ url: 'http://a.example', headers: { 'X-Tenant': 5, 'X-None': null } }, { headers: { 'X-Tenant': '5' } }],
    [{ command: 'x', active: false }, { enabled: false }],
    [{ command: 'x', isEnabled: false }, { enabled: false }],
    [{ command: 'x', workingDirectory: '/srv' }, { cwd: '/srv' }],
    [{ command: 'x', env_file: '.env' }, { envFile: '/etc/mcp/.env' }],
    [{ command: 'x', blockedTools: ['rm'], allowedTools: ['a'] }, { tools: { include: ['a'], exclude: ['rm'] } }],
    [{ command: 'x', disallowed_tools: ['rm'] }, { tools: { exclude: ['rm'] } }],
    [
      { command: 'x', tools: { rm: { enabled: false }, ls: { enabled: true } } },
      { tools: { include: ['*'], exclude: ['rm'] } },
    ],
    [{ command: 'x', tools: { rm: false } }, { tools: { exclude: ['rm'] } }],
    [{ command: 'x', options: { toolFilter: { mode: 'block', list: ['rm'] } } }, { tools: { exclude: ['rm'] } }],
    [
      { command: 'x', options: { toolFilter: { mode: 'allow', list: ['ls'] }, disabled: true } },
      { enabled: false, tools: { include: ['ls'] } },
    ],
    [{ type: 'Streamable HTTP', url: 'http://a.example' }, { transport: 'streamable-http' }],
    [{ type: 'streamable', url: 'http://a.example' }, { transport: 'streamable-http' }],
    [{ type: 'SSE', url: 'http://a.example' }, { transport: 'sse' }],
    [{ type: 'STDIO', command: 'x' }, { transport: 'stdio' }],
    [{ type: 'url', url: 'http://a.example' }, { transport: 'auto' }],
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

  it('is told once where a proxy keeps its filter of tools', () => {
    expect(parsed({ command: 'x', options: { toolFilter: { mode: 'block', list: ['rm'] } } }).lines).toEqual([
      'warning mcpServers.a.options.toolFilter: is taken for tools (write tools.include or tools.exclude)',
    ]);
  });

  it('may say things for people, and have comments, without a word of ours', () => {
    expect(
      parsed({ command: 'x', name: 'X', description: '…', tags: [], iconPath: 'i', _note: 'mine', '//': '' }).lines,
    ).toEqual([]);
  });

  it.each([
    [{ bearerToken: 'x' }, '(write "headers": {"Authorization": "Bearer …"})'],
    [{ requestInit: { headers: {} } }, '(write headers)'],
    [{ oauth: {} }, 'this version does not log in'],
  ])('is told what to write where it cannot be taken over: %j', (more, hint) => {
    expect(parsed({ url: 'http://a.example', ...more }).lines.join()).toContain(hint);
  });

  it.each(['cmd', 'npx.cmd', 'C:\\Program Files\\nodejs\\node.exe'])(
    'is warned about where it is for Windows: %s',
    (command) => {
      expect(parsed({ command, args: ['/c', 'npx'] }).lines).toEqual([
        'warning mcpServers.a.command: is a program of Windows (name the program itself: npx instead of "cmd /c npx" or npx.cmd)',
      ]);
    },
  );

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
    ['--root=~/x', 'write ${HOME}/…', true],
    ['$env:HOME', 'write ${NAME}', true],
    ['$(whoami)', 'no shell is used', true],
    ['`whoami`', 'no shell is used', true],
    ['C:\new\test', 'write \\\\ for each backslash', true],
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

describe('servers in another place', () => {
  const server = { command: 'x' };
  const told = (document: object) => {
    const { config, problems } = parseEntries(document, options);
    return { isRead: config !== null, lines: problems.map((one) => `${one.severity} ${toLine(one)}`) };
  };
  const place = (path: string) =>
    `error ${path}: is where another program has its servers; here they are not read (call it mcpServers, at the top)`;

  it.each([
    [{ projects: { '/home/me': { mcpServers: { a: server } } } }, place('projects["/home/me"].mcpServers')],
    [{ mcpServers: {}, projects: { p: { mcpServers: { a: server } } } }, place('projects.p.mcpServers')],
    [{ context_servers: { a: { command: { path: 'x' } } } }, place('context_servers')],
    [{ mcp: { a: { type: 'local', command: ['npx', 'x'] } } }, place('mcp')],
    [
      { experimental: { modelContextProtocolServers: [{ transport: { type: 'stdio', command: 'x' } }] } },
      place('experimental.modelContextProtocolServers'),
    ],
    [{ a: { b: { mcp: { servers: { c: server } } } } }, place('a.b.mcp.servers')],
  ])('are an error that says where, and what to write: %j', (document, line) => {
    const { isRead, lines } = told(document);
    expect(isRead).toBe(false);
    expect(lines.filter((one) => one.startsWith('error'))).toEqual([line]);
  });

  it('are a warning beside servers that are read', () => {
    const { isRead, lines } = told({ mcpServers: { a: server }, servers: { b: server } });
    expect(isRead).toBe(true);
    expect(lines).toEqual([place('servers').replace('error', 'warning')]);
  });

  it('are told alone where they are one entry, without a word on its fields', () => {
    expect(told({ command: 'x', args: [] }).lines).toEqual([
      'error is one entry without a name (write {"mcpServers": {"name": {…}}})',
    ]);
  });

  it('are a list without names', () => {
    expect(told({ mcpServers: [{ name: 'a', ...server }] }).lines).toEqual([
      'error mcpServers: must be an object: {"name": {…}} (write the name of each server before its entry)',
    ]);
  });

  it.each([
    { hooks: { Stop: [{ command: 'x' }] } },
    { repository: { type: 'git' } },
    { editor: { tasks: { a: server } } },
  ])('are not suspected where no key says so: %j', (document) => {
    expect(told({ mcpServers: {}, ...document }).isRead).toBe(true);
  });
});
