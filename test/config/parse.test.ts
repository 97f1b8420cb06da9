import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import type { Configuration } from '../../src/config/configuration.ts';
import { loadConfig, parseConfig, parseEntries, withDocument } from '../../src/config/parse.ts';
import { isMcpvisorError, toLine } from '../../src/errors.ts';
import type { RemoteSpecification, StdioSpecification } from '../../src/specification.ts';

const options = { folder: '/etc/mcp', hostedTransports: ['in-memory'] };

function linesOf(document: unknown): readonly string[] {
  return parseEntries(document, options).problems.map((problem) => `${problem.severity} ${toLine(problem)}`);
}

function configOf(document: unknown): Configuration {
  const { config, problems } = parseEntries(document, options);
  if (config === null) throw new Error(problems.map(toLine).join('\n'));
  return config;
}

function serverOf<Kind = StdioSpecification>(entry: object, mcpvisor: object = {}): Kind {
  return configOf({ mcpServers: { a: entry }, mcpvisor }).servers.get('a') as Kind;
}

describe('an entry with nothing but a command', () => {
  it('has every default', () => {
    expect(serverOf({ command: 'node' })).toEqual({
      name: 'a',
      enabled: true,
      required: false,
      group: 'default',
      dependsOn: [],
      lazy: false,
      idleStopMs: 300_000,
      installTimeoutMs: 120_000,
      startTimeoutMs: 30_000,
      callTimeoutMs: 60_000,
      callMaxMs: 600_000,
      maxConcurrentCalls: 64,
      maxQueuedCalls: 1_024,
      maxMessageBytes: 64 * 1_048_576,
      stderrTailBytes: 65_536,
      heartbeat: { intervalMs: 15_000, timeoutMs: 5_000, misses: 3, busyMisses: 6 },
      restart: {
        kind: 'permanent',
        firstDelayMs: 0,
        baseMs: 500,
        factor: 2,
        capMs: 30_000,
        maxConsecutive: 8,
        intensity: 10,
        periodMs: 300_000,
        stableAfterMs: 60_000,
        flappingPerHour: 30,
        permanentExitCodes: [78, 126, 127],
      },
      stop: { closeMs: 2_000, terminateMs: 3_000, killMs: 2_000, strays: 'end' },
      tools: { include: ['*'], exclude: [] },
      autoApprove: [],
      transport: 'stdio',
      command: 'node',
      args: [],
      env: {},
      envFile: null,
      cwd: '/etc/mcp',
      inheritEnv: 'default',
    });
  });
});

describe('defaults in three layers', () => {
  it('lets the entry win over mcpvisor, and mcpvisor over the table', () => {
    const { restart, callTimeoutMs, stop } = serverOf(
      { command: 'x', restart: { baseMs: 7 } },
      { restart: { baseMs: 5, capMs: 50 }, callTimeoutMs: 9 },
    );
    expect({ restart, callTimeoutMs, stop }).toMatchObject({
      restart: { baseMs: 7, capMs: 50, factor: 2 },
      callTimeoutMs: 9,
      stop: { closeMs: 2_000 },
    });
  });

  it('probes remote servers less often, unless an interval is written anywhere', () => {
    expect(serverOf<RemoteSpecification>({ url: 'http://h/mcp' }).heartbeat.intervalMs).toBe(60_000);
    expect(
      serverOf<RemoteSpecification>({ url: 'http://h/mcp' }, { heartbeat: { intervalMs: 20_000 } }).heartbeat
        .intervalMs,
    ).toBe(20_000);
  });

  it('takes twice the misses for a busy server', () => {
    expect(serverOf({ command: 'x' }, { heartbeat: { misses: 5 } }).heartbeat.busyMisses).toBe(10);
  });

  it('turns probes off with false and with 0', () => {
    expect(serverOf({ command: 'x', heartbeat: false }).heartbeat.intervalMs).toBe(0);
    expect(serverOf({ command: 'x', heartbeat: { intervalMs: 0 } }).heartbeat.intervalMs).toBe(0);
    expect(serverOf({ command: 'x', heartbeat: { intervalMs: 9 } }, { heartbeat: false }).heartbeat.intervalMs).toBe(9);
  });
});

describe('the ways to say a transport', () => {
  it.each([
    [{ command: 'x' }, 'stdio'],
    [{ command: 'x', type: 'local' }, 'stdio'],
    [{ url: 'http://h' }, 'auto'],
    [{ url: 'http://h', type: 'http' }, 'streamable-http'],
    [{ url: 'http://h', transport: 'streamableHttp' }, 'streamable-http'],
    [{ url: 'http://h', transport: 'streamable_http' }, 'streamable-http'],
    [{ url: 'http://h', type: 'remote' }, 'streamable-http'],
    [{ url: 'http://h', transportType: 'sse' }, 'sse'],
    [{ url: 'http://h', type: 'http', transport: 'streamable-http' }, 'streamable-http'],
    [{ transport: 'in-memory', size: 3 }, { hosted: 'in-memory' }],
  ])('reads %j as %j', (entry, transport) => {
    expect(serverOf(entry).transport).toEqual(transport);
  });

  it('hands a hosted entry over as it was written, without a word about its own keys', () => {
    const { servers, warnings } = configOf({ mcpServers: { a: { transport: 'in-memory', size: 3 } } });
    expect(servers.get('a')).toMatchObject({ entry: { transport: 'in-memory', size: 3 } });
    expect(warnings).toEqual([]);
  });
});

describe('relative paths', () => {
  it('start from the folder of the file', () => {
    expect(serverOf({ command: './bin/x', cwd: 'data', envFile: '../.env' })).toMatchObject({
      command: '/etc/mcp/bin/x',
      cwd: '/etc/mcp/data',
      envFile: '/etc/.env',
    });
  });

  it('start there for the certificates of a remote server, which has none if it names none', () => {
    expect(serverOf<RemoteSpecification>({ url: 'https://h', tls: { ca: 'tls/ca.pem' } }).tls).toEqual({
      ca: '/etc/mcp/tls/ca.pem',
    });
    expect(serverOf<RemoteSpecification>({ url: 'https://h', tls: { ca: '${DIR}/ca.pem' } }).tls).toEqual({
      ca: '${DIR}/ca.pem',
    });
    expect(serverOf<RemoteSpecification>({ url: 'https://h' }).tls).toEqual({ ca: null });
  });

  it('are left alone while they hold expressions', () => {
    expect(serverOf({ command: '${HOME}/x', cwd: '${file:a/../b}' })).toMatchObject({
      command: '${HOME}/x',
      cwd: '${file:a/../b}',
    });
  });
});

describe('bad configurations', () => {
  const a = (entry: unknown) => ({ mcpServers: { a: entry } });
  const g = (mcpvisor: unknown) => ({ mcpServers: {}, mcpvisor });
  it.each<[unknown, readonly string[]]>([
    [5, ['error must be an object: {"mcpServers": {…}}']],
    [{ mcpServers: [] }, ['error mcpServers: must be an object: {"name": {…}}']],
    [a(5), ['error mcpServers.a: must be an object: {…}']],
    [a({}), ['error mcpServers.a: says neither command nor url (command names a program to run, url a remote server)']],
    [
      a({ command: 'x', url: 'http://h' }),
      [
        'error mcpServers.a: has both command and url (remove one, or say which counts with "transport": "stdio" or "http")',
      ],
    ],
    [
      a({ type: 'http', command: 'x' }),
      [
        'error mcpServers.a.type: says that the server is remote, but the entry has a command and no url (write "stdio", or leave it out)',
      ],
    ],
    [a({ type: 'stdio' }), ['error mcpServers.a.command: is missing (name the program to run)']],
    [
      a({ command: 'x', type: 'stdio', transport: 'sse' }),
      ['error mcpServers.a.type: contradicts transport (keep one of the two)'],
    ],
    [
      a({ command: 'x', type: 'studio' }),
      [
        'error mcpServers.a.type: is no transport that is known here; known are stdio, http, sse, in-memory (did you mean stdio?)',
      ],
    ],
    [
      a({ command: '' }),
      [
        'error mcpServers.a: says neither command nor url (command names a program to run, url a remote server)',
        'warning mcpServers.a.command: is taken for not given (leave it out)',
      ],
    ],
    [
      a({ command: { path: 'npx' } }),
      ['error mcpServers.a.command: must be text (write the program as text; args and env stand beside it)'],
    ],
    [
      a({ transport: { command: 'x' } }),
      ['error mcpServers.a.transport: must be text (write what is in it into the entry itself)'],
    ],
    [a({ command: 'x', args: ['ok', 1.5] }), ['error mcpServers.a.args[1]: must be text (put it in double quotes)']],
    [a({ command: 'x', args: 'ok' }), ['error mcpServers.a.args: must be a list (write a list: ["…"])']],
    [a({ command: 'x', env: ['A=1'] }), ['error mcpServers.a.env: must be an object: {…} (write {"NAME": "value"})']],
    [a({ command: 'x', env: { A: ['1'] } }), ['error mcpServers.a.env.A: must be text']],
    [a({ command: 'x', restart: 'always' }), [expect.stringContaining('(write {"kind": "permanent"}')]],
    [
      a({ command: 'x', disabled: 'false' }),
      ['error mcpServers.a.disabled: must be true or false (write it without quotes)'],
    ],
    [a('npx x'), [expect.stringContaining('(write {"command": "…"')]],
    [
      a({ b: { command: 'x' } }),
      ['error mcpServers.a: is a map of servers inside the map of servers (move its entries up one level)'],
    ],
    [
      a({ type: 'stdio', url: 'http://h' }),
      ['error mcpServers.a.type: says stdio, but the entry has a url and no command (write "http", or leave it out)'],
    ],
    [a({ type: 'WebSocket', url: 'ws://h' }), [expect.stringContaining('is WebSocket, which this version cannot use')]],
    [
      a({ url: 'localhost:3000/mcp' }),
      ['error mcpServers.a.url: is not a URL (write it with its scheme: https://example.org/mcp)'],
    ],
    [a({ url: 'http://::1:3000/mcp' }), [expect.stringContaining('an IPv6 address stands in brackets')]],
    [a({ url: 'http://h:99999/mcp' }), [expect.stringContaining('a port is at most 65535')]],
    [
      a({ command: 'x', callTimeoutMs: '60s' }),
      ['error mcpServers.a.callTimeoutMs: must be a number (write the number without quotes and without a unit)'],
    ],
    [a({ command: 'x', callTimeoutMs: 1.5 }), ['error mcpServers.a.callTimeoutMs: must be a whole number']],
    [a({ command: 'x', callTimeoutMs: -1 }), ['error mcpServers.a.callTimeoutMs: must be at least 0']],
    [
      a({ command: 'x', startTimeoutMs: 2_147_483_648 }),
      ['error mcpServers.a.startTimeoutMs: must be at most 2 147 483 647'],
    ],
    [
      a({ command: 'x', lazy: true, idleStopMs: 999 }),
      [
        'error mcpServers.a.idleStopMs: must be at least 1 000 (whether a lazy server is unused is looked at once a second; one that shall not sleep is not lazy)',
      ],
    ],
    [a({ command: 'x', restart: { factor: 0.5 } }), ['error mcpServers.a.restart.factor: must be at least 1']],
    [
      a({ command: 'x', restart: { kind: 'always' } }),
      ['error mcpServers.a.restart.kind: must be "permanent", "transient" or "temporary"'],
    ],
    [
      a({ command: 'x', restart: { baseMs: 900, capMs: 100 } }),
      ['error mcpServers.a.restart.capMs: is less than baseMs: 100 < 900 (raise capMs or lower baseMs)'],
    ],
    [a({ command: 'x', heartbeat: { misses: 0 } }), ['error mcpServers.a.heartbeat.misses: must be at least 1']],
    [
      a({ command: 'x', heartbeat: { misses: 4, busyMisses: 2 } }),
      [
        'error mcpServers.a.heartbeat.busyMisses: is less than misses: 2 < 4 (a busy server needs more patience, not less)',
      ],
    ],
    [a({ command: 'x', heartbeat: 'off' }), ['error mcpServers.a.heartbeat: must be false, or an object: {…}']],
    [
      a({ command: 'x', heartbeat: { timeoutMs: 0 } }),
      [
        'error mcpServers.a.heartbeat.timeoutMs: must be at least 1: no probe could be answered in time ("heartbeat": false turns probes off)',
      ],
    ],
    [
      a({ command: 'x', inheritEnv: 'some' }),
      ['error mcpServers.a.inheritEnv: must be "none", "default" or "all", or a list'],
    ],
    [
      a({ command: 'x', enabled: true, disabled: true }),
      ['error mcpServers.a.disabled: contradicts enabled: both are true (keep one of the two)'],
    ],
    [a({ command: 'x', enabled: 'yes' }), ['error mcpServers.a.enabled: must be true or false']],
    [
      a({ url: 'example.org' }),
      ['error mcpServers.a.url: is not a URL (write it with its scheme: https://example.org/mcp)'],
    ],
    [
      a({ url: 'ftp://h' }),
      ['error mcpServers.a.url: must begin with http:// or https:// (for a program of your own use command instead)'],
    ],
    [
      a({ url: 'http://me:secret@h' }),
      [
        'error mcpServers.a.url: holds a user name or password, which HTTP clients refuse (send them with headers: {"Authorization": "Basic …"})',
      ],
    ],
    [
      a({ url: 'http://h', headers: { 'X Y': '1' } }),
      [expect.stringMatching(/^error mcpServers\.a\.headers\["X Y"\]: is not a name that can be used here/)],
    ],
    [a({ url: 'https://h', tls: { ca: '' } }), [expect.stringMatching(/^error mcpServers\.a\.tls\.ca: /)]],
    [
      a({ url: 'https://h', tls: { ca: '${DIR' } }),
      ['error mcpServers.a.tls.ca: has a ${ without its } (write $${ for a literal ${)'],
    ],
    [
      a({ url: 'https://h', tls: { rejectUnauthorized: false } }),
      [expect.stringMatching(/^warning mcpServers\.a\.tls\.rejectUnauthorized: /)],
    ],
    [
      a({ url: 'https://h', tls: { ca: '~/ca.pem' } }),
      ['warning mcpServers.a.tls.ca: begins with ~, which means nothing without a shell (write ${HOME}/…)'],
    ],
    [
      a({ url: 'http://h', tls: { ca: 'ca.pem' } }),
      ['warning mcpServers.a.tls.ca: is not used: the address is not https'],
    ],
    [a({ command: 'x', tls: { ca: 'ca.pem' } }), ['warning mcpServers.a.tls: is not used: the server is a program']],
    [
      a({ command: 'x', args: ['${TOKEN'] }),
      ['error mcpServers.a.args[0]: has a ${ without its } (write $${ for a literal ${)'],
    ],
    [
      a({ command: 'x', env: { T: '${input:token}' } }),
      [expect.stringMatching(/^error mcpServers\.a\.env\.T: uses \$\{input:…\}/)],
    ],
    [
      a({ command: 'x', timeout: 30 }),
      [expect.stringMatching(/^warning mcpServers\.a\.timeout: .*seconds.*milliseconds.*callTimeoutMs/)],
    ],
    [
      a({ command: 'x', startTimeoutMS: 3 }),
      [expect.stringMatching(/^warning mcpServers\.a\.startTimeoutMS: .*did you mean startTimeoutMs\?\)$/)],
    ],
    [
      a({ command: 'x', restart: { base: 3 } }),
      [expect.stringMatching(/^warning mcpServers\.a\.restart\.base: .*did you mean baseMs\?\)$/)],
    ],
    [a({ command: 'npx -y foo' }), [expect.stringMatching(/^warning mcpServers\.a\.command: has spaces/)]],
    [
      { mcpServers: { '..': { command: 'x' } } },
      [expect.stringMatching(/^error mcpServers\["\.\."\]: is not a name a server can have/)],
    ],
    [
      { servers: { a: {} } },
      [
        expect.stringMatching(/^warning servers: .*write mcpServers/),
        expect.stringMatching(/^warning mcpServers: is missing/),
      ],
    ],
    [a({ command: 'x', dependsOn: ['a'] }), ['error mcpServers.a.dependsOn[0]: names the server itself (remove it)']],
    [
      { mcpServers: { files: { command: 'x' }, b: { command: 'x', dependsOn: ['file'] } } },
      [
        'error mcpServers.b.dependsOn[0]: names "file", which is not a server of this configuration (did you mean files?)',
      ],
    ],
    [
      { mcpServers: { a: { command: 'x', disabled: true }, b: { command: 'x', dependsOn: ['a'] } } },
      ['error mcpServers.b.dependsOn[0]: names "a", which is disabled (enable a, or disable b as well)'],
    ],
    [
      { mcpServers: { a: { command: 'x', dependsOn: ['b'] }, b: { command: 'x', dependsOn: ['a'] } } },
      [expect.stringMatching(/^error mcpServers\.a\.dependsOn: goes round in a circle: a → b → a/)],
    ],
    [g({ shutdownMs: -1 }), ['error mcpvisor.shutdownMs: must be at least 0']],
    [
      g({ groups: { web: { strategy: 'all' } } }),
      ['error mcpvisor.groups.web.strategy: must be "one-for-one", "rest-for-one" or "one-for-all"'],
    ],
    [g({ groups: { web: { strategy: 'one-for-all' } } }), []],
    [
      g({ restart: { capMs: 1 } }),
      ['error mcpvisor.restart.capMs: is less than baseMs: 1 < 500 (raise capMs or lower baseMs)'],
    ],
    [
      g({ clientProcess: { baseMs: 99_999 } }),
      expect.arrayContaining([expect.stringMatching(/^error mcpvisor\.clientProcess\.capMs: is less than baseMs/)]),
    ],
    [g({ compat: true }), ['warning mcpvisor.compat: is not acted on by this version']],
    [
      g({ secrets: { A: '${secret:B}' } }),
      [expect.stringMatching(/^error mcpvisor\.secrets\.A: refers to another secret/)],
    ],
    [
      g({ http: { tokens: [{ name: 'ci', scope: 'root', file: 'x' }] } }),
      ['error mcpvisor.http.tokens[0].scope: must be "mcp", "read", "operate" or "admin"'],
    ],
  ])('%j', (document, lines) => {
    expect(linesOf(document)).toEqual(lines);
  });

  it('tells everything at once, and gives no configuration', () => {
    const { config, problems } = parseEntries(
      {
        mcpServers: { a: { command: 1, args: [{}], callTimeoutMs: -1 }, b: {}, c: { command: 'x', dependsOn: ['d'] } },
        mcpvisor: { shutdownMs: 'x', http: { maxBodyBytes: 0 } },
      },
      options,
    );
    expect(config).toBeNull();
    expect(problems.filter(({ severity }) => severity === 'error').map(({ path }) => path)).toEqual([
      'mcpvisor.shutdownMs',
      'mcpvisor.http.maxBodyBytes',
      'mcpServers.a.command',
      'mcpServers.a.args[0]',
      'mcpServers.a.callTimeoutMs',
      'mcpServers.b',
      'mcpServers.c.dependsOn[0]',
    ]);
  });

  it('never repeats a value, which may be a secret', () => {
    const text = JSON.stringify(
      linesOf({
        mcpServers: {
          a: {
            url: 'hunter2',
            headers: { A: ['hunter2'] },
            type: 'http',
            env: { A: { b: 'hunter2' } },
            args: [{ c: 'hunter2' }],
          },
        },
      }),
    );
    expect(text).not.toContain('hunter2');
  });
});

describe('text that is no JSON', () => {
  const told = (text: string) => {
    const { config, problems } = parseConfig(text, options);
    expect(config).toBeNull();
    return problems.map(({ line, message, hint }) => `${line} ${message} (${hint})`);
  };
  const straight = '(in JSON, text stands between straight double quotes: "…")';
  const json = '(write JSON: {"mcpServers": {"name": {…}}})';

  it.each([
    ['mcpServers:\n  a:\n    command: npx\n', `1 this is YAML, not JSON ${json}`],
    ['# mine\n---\nextensions: {}\n', `2 this is YAML, not JSON ${json}`],
    ['[mcp_servers.a]\ncommand = "npx"\n', `1 this is TOML, not JSON ${json}`],
    ['export TOKEN=1\n', `1 this is TOML or a list of variables, not JSON ${json}`],
    ['<!DOCTYPE html><html></html>', `1 this is a web page or XML, not JSON ${json}`],
    ['```json\n{"mcpServers": {}}\n```\n', '1 this is Markdown around the JSON (leave out the lines with ```)'],
    [
      '{\n<<<<<<< HEAD\n"a": 1\n=======\n',
      '2 this is the mark of a merge that is not finished (keep one of the two sides, and leave the marks out)',
    ],
    ['\0'.repeat(300), '1 the file holds NUL bytes: it was damaged (write it again, or bring back a copy)'],
    ['{“mcpServers”: {}}', `1 this is a typographic quotation mark ${straight}`],
    ["{'mcpServers': {}}", `1 this quotation mark is not one of JSON ${straight}`],
    ['{\nmcpServers: {}}', `2 this name stands without quotes ${straight}`],
    ['{\n# mine\n"mcpServers": {}}', '2 this is no comment of JSON (comments begin with //)'],
    ['{\n\u00a0"mcpServers": {}}', '2 here is a character that cannot be seen (U+00A0) (remove it)'],
    ['{"mcpServers": {}}\u001a', '1 here is a character that cannot be seen (U+001A) (remove it)'],
    ['{"a": True}', '1 this is not how JSON writes true (use small letters)'],
    ['{"a": None}', '1 this is not how JSON writes nothing (write null)'],
    ['{"a": "C:\\Users"}', '1 the escape after \\ is not valid (a backslash itself is written twice: "C:\\\\Users")'],
  ])('is told as what it is, once: %j', (text, line) => {
    expect(told(text)).toEqual([line]);
  });

  it('is told where half of a character stands, which a program would get replaced', () => {
    const { config, problems } = parseConfig('{"mcpServers": {"a": {"command": "x",\n"args": ["\\ud800"]}}}', options);
    expect(config).toBeNull();
    expect(problems).toEqual([
      expect.objectContaining({
        path: 'mcpServers.a.args[0]',
        line: 2,
        message: expect.stringContaining('half of a character'),
      }),
    ]);
  });
});

describe('text that is not quite JSON', () => {
  it('may have comments, trailing commas and a byte order mark', () => {
    const { config, problems } = parseConfig(
      '\uFEFF// servers\n{"mcpServers": {"a": {"command": "x", /* none */ "args": [],},},}',
      options,
    );
    expect(problems).toEqual([]);
    expect([...(config?.servers.keys() ?? [])]).toEqual(['a']);
  });

  it.each([
    ['', ['the file is empty (write at least {"mcpServers": {}})']],
    ['  \n// nothing\n', [expect.stringContaining('value is expected')]],
    [
      '{"mcpServers": {\n  "a": {"command" "x"}\n  "b": {"command": "y"}\n}}',
      ['line 2, column 19: a colon is expected', 'line 3, column 3: a comma is missing before this'],
    ],
    ['{"mcpServers": {"a": {"command": "x"}}', ['line 1, column 39: a closing brace } is missing']],
    [
      '{"mcpServers": {"a": {"command": \'x\'}}}',
      expect.arrayContaining([expect.stringMatching(/^line 1, column 34: /)]),
    ],
    ['{} x', [expect.stringMatching(/^line 1, column 4/)]],
    [
      '{"mcpServers": {\n"a": {"command": "x"},\n"a": {"command": "y"}}}',
      ['line 3, column 1: mcpServers.a: stands twice, the first time in line 2, column 1 (remove one of the two)'],
    ],
  ])('tells where %j is wrong', (text, lines) => {
    const { config, problems } = parseConfig(text, options);
    expect(config).toBeNull();
    expect(problems.map(toLine)).toEqual(lines);
  });

  it('refuses what is nested thousands deep instead of falling over it', () => {
    expect(parseConfig('['.repeat(200_000), options).problems.map(toLine)).toEqual(['the file is nested too deeply']);
  });

  it('keeps a key __proto__ from doing anything', () => {
    const { config } = parseConfig('{"mcpServers": {"a": {"command": "x", "__proto__": {"lazy": true}}}}', options);
    expect(config?.servers.get('a')?.lazy).toBe(false);
  });
});

describe('unknown keys', () => {
  it('are warned about and kept', () => {
    const document = { mcpServers: { a: { command: 'x', dev: { watch: 'src' } } }, inputs: [] };
    const config = configOf(document);
    expect(config.warnings.map(({ path, severity }) => [path, severity])).toEqual([
      ['inputs', 'warning'],
      ['mcpServers.a.dev', 'warning'],
    ]);
    expect(config.source).toEqual(document);
  });
});

describe('groups', () => {
  it('are there once they are declared or named', () => {
    const { settings } = configOf({
      mcpServers: { a: { command: 'x', group: 'web' } },
      mcpvisor: { groups: { db: { intensity: 3 } } },
    });
    expect([...settings.groups]).toEqual([
      ['db', { strategy: 'one-for-one', intensity: 3, periodMs: 300_000 }],
      ['web', { strategy: 'one-for-one', intensity: 10, periodMs: 300_000 }],
    ]);
  });
});

describe('another document in place of the current one', () => {
  const current = configOf({
    mcpServers: { a: { command: 'x' }, b: { command: 'y', dependsOn: ['a'] } },
    mcpvisor: { callTimeoutMs: 5 },
  });

  const { a, b } = current.source.mcpServers as Record<string, object>;
  const withServers = (mcpServers: object) => withDocument(current, { ...current.source, mcpServers });

  it('keeps the rest and its defaults', () => {
    const { config } = withServers({ a, b, c: { transport: 'in-memory' } });
    expect([...(config?.servers.keys() ?? [])]).toEqual(['a', 'b', 'c']);
    expect(config?.servers.get('c')?.callTimeoutMs).toBe(5);
  });

  it('refuses a bad entry, and the removal of a server that others need', () => {
    expect(withServers({ a, b, c: {} }).config).toBeNull();
    const { config, problems } = withServers({ b });
    expect(config).toBeNull();
    expect(problems.map(toLine)).toEqual([
      'mcpServers.b.dependsOn[0]: names "a", which would be removed (b needs it: keep a, or take it out of dependsOn)',
    ]);
    expect(withServers({ a }).config?.servers.size).toBe(1);
  });
});

describe('a file', () => {
  const folder = mkdtempSync(join(tmpdir(), 'mcpvisor-config-'));
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  it('is read with its folder as the start of relative paths; one that is not there is an error of its own', async () => {
    writeFileSync(join(folder, 'mcp.json'), '{"mcpServers": {"a": {"command": "./x"}}}');
    const { config, text } = await loadConfig(join(folder, 'mcp.json'));
    expect(config?.servers.get('a')).toMatchObject({ command: join(folder, 'x'), cwd: folder });
    expect(text).toContain('./x');
    const error: unknown = await loadConfig(join(folder, 'none.json')).catch((reason: unknown) => reason);
    expect(isMcpvisorError(error, 'CONFIG_UNREADABLE')).toBe(true);
  });
});

describe('mistakes of several kinds in one entry', () => {
  it('are all told at once', () => {
    const entry = {
      command: 'x',
      lazy: 1,
      args: ['${'],
      env: { A: {}, B: '${' },
      enabled: true,
      disabled: true,
      restart: { baseMs: 10, capMs: 5 },
    };
    expect(
      linesOf({ mcpServers: { a: entry, b: { url: 'nowhere', lazy: 1 } } }).map((line) => line.split(': ')[0]),
    ).toEqual([
      'error mcpServers.a.env.A',
      'error mcpServers.a.lazy',
      'error mcpServers.a.restart.capMs',
      'error mcpServers.a.disabled',
      'error mcpServers.a.args[0]',
      'error mcpServers.a.env.B',
      'error mcpServers.b.lazy',
      'error mcpServers.b.url',
    ]);
  });

  it('are told of the settings for all, too', () => {
    const mcpvisor = { shutdownMs: -1, secrets: { A: '${secret:B}', B: 2 }, http: { tls: { certFile: 'x' } } };
    expect(linesOf({ mcpServers: {}, mcpvisor }).map((line) => line.split(': ')[0])).toEqual([
      'error mcpvisor.shutdownMs',
      'error mcpvisor.secrets.B',
      'error mcpvisor.secrets.A',
      'error mcpvisor.http.tls',
    ]);
  });

  it('make no others: what is wrong is not missing, and is not compared', () => {
    const entry = { command: [1], restart: { baseMs: '1 s', capMs: 5 }, callMaxMs: 5_000 };
    expect(
      linesOf({ mcpServers: { a: entry }, mcpvisor: { callTimeoutMs: 1_000, shutdownMs: -1 } }).map(
        (line) => line.split(': ')[0],
      ),
    ).toEqual(['error mcpvisor.shutdownMs', 'error mcpServers.a.command', 'error mcpServers.a.restart.baseMs']);
  });
});

describe('names and values that go to others', () => {
  it('are judged by their rules, not by those for servers', () => {
    expect(
      linesOf({
        mcpServers: { a: { command: 'x', env: { 'A=B': '1' } }, b: { url: 'http://h', headers: { 'X Y': '1' } } },
      }),
    ).toEqual([
      'error mcpServers.a.env["A=B"]: is not a name that can be used here (the name of a variable is not empty and has no "=" in it)',
      'error mcpServers.b.headers["X Y"]: is not a name that can be used here (the name of a header is not empty and has no spaces, colons or letters with accents in it)',
    ]);
  });

  it.each(['two\nlines', 'żółw'])('are refused where HTTP does not carry them: %j', (value) => {
    expect(linesOf({ mcpServers: { a: { url: 'http://h', headers: { A: value } } } })).toEqual([
      'error mcpServers.a.headers.A: holds a character that HTTP does not carry (a header is one line of Latin letters, digits and signs)',
    ]);
  });

  it('are one header, however they are written', () => {
    expect(
      linesOf({ mcpServers: { a: { url: 'http://h', headers: { Authorization: '1', authorization: '2' } } } }),
    ).toEqual([
      'warning mcpServers.a.headers.authorization: is the same header as Authorization; the last one counts (remove one of the two)',
    ]);
  });
});

describe('a key __proto__', () => {
  const table = (value: unknown) => Object.fromEntries([['__proto__', value]]);

  it('is the name of a variable, a header or a group like any other', () => {
    expect(Object.entries(serverOf({ command: 'node', env: table('x') }).env)).toEqual([['__proto__', 'x']]);
    const remote = serverOf<RemoteSpecification>({ url: 'http://a.example', headers: table('x') });
    expect(Object.entries(remote.headers)).toEqual([['__proto__', 'x']]);
  });

  it('is checked like any other', () => {
    expect(linesOf({ mcpServers: { a: { command: 'node', env: table(1.5) } } })).toEqual([
      'error mcpServers.a.env.__proto__: must be text (put it in double quotes)',
    ]);
  });

  it('is no setting', () => {
    expect(linesOf({ mcpServers: { a: { command: 'node', ...table(1) } } })).toEqual([
      'warning mcpServers.a.__proto__: is not a setting of this version; it is kept and not acted on',
    ]);
  });
});
