import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Configuration } from '../../../src/config/configuration.ts';
import { parseConfig, parseEntries } from '../../../src/config/parse.ts';
import { describePlan } from '../../../src/config/plan/describe.ts';
import { decide, hashOf, type Plan, planOf } from '../../../src/config/plan/plan.ts';
import { toLine } from '../../../src/errors.ts';

const options = { folder: '/etc/mcp', hostedTransports: ['in-memory'] };

function configOf(servers: object, mcpvisor: object = {}): Configuration {
  const { config, problems } = parseEntries({ mcpServers: servers, mcpvisor }, options);
  if (config === null) throw new Error(problems.map(toLine).join('\n'));
  return config;
}

function stepsOf({ start, stop, restart, change, keep, disabled }: Plan) {
  const { add, change: edit, remove } = disabled;
  const all = {
    start,
    stop,
    restart,
    change,
    keep,
    'disabled.add': add,
    'disabled.change': edit,
    'disabled.remove': remove,
  };
  return Object.fromEntries(Object.entries(all).filter(([, names]) => names.length > 0));
}

const base = { command: 'x', args: ['1'], env: { A: '1', B: '2' } };

describe('the plan from one configuration to another', () => {
  it.each<[string, object, object]>([
    ['the command', { ...base, command: 'y' }, { restart: ['a'] }],
    ['an argument', { ...base, args: ['2'] }, { restart: ['a'] }],
    ['a variable', { ...base, env: { A: '1', B: '3' } }, { restart: ['a'] }],
    ['the order of variables', { ...base, env: { B: '2', A: '1' } }, { keep: ['a'] }],
    [
      'a default that is written out',
      { ...base, lazy: false, callTimeoutMs: 60_000, transport: 'stdio', cwd: '/etc/mcp' },
      { keep: ['a'] },
    ],
    ['an unknown key', { ...base, note: 'x' }, { keep: ['a'] }],
    ['the environment file', { ...base, envFile: '.env' }, { restart: ['a'] }],
    ['the folder', { ...base, cwd: 'sub' }, { restart: ['a'] }],
    ['what is inherited', { ...base, inheritEnv: 'all' }, { restart: ['a'] }],
    ['the longest message', { ...base, maxMessageBytes: 1_000 }, { restart: ['a'] }],
    ['the memory for stderr', { ...base, stderrTailBytes: 1_000 }, { restart: ['a'] }],
    ['the group', { ...base, group: 'web' }, { restart: ['a'] }],
    ['the transport', { url: 'http://h' }, { restart: ['a'] }],
    ['a timer', { ...base, callTimeoutMs: 5 }, { change: ['a'] }],
    ['the heartbeat', { ...base, heartbeat: false }, { change: ['a'] }],
    ['the restart policy', { ...base, restart: { kind: 'temporary' } }, { change: ['a'] }],
    ['the tools', { ...base, tools: { exclude: ['x'] } }, { change: ['a'] }],
    ['laziness', { ...base, lazy: true }, { change: ['a'] }],
    ['limits of calls', { ...base, maxConcurrentCalls: 1 }, { change: ['a'] }],
    ['whether it is enabled', { ...base, enabled: false }, { stop: ['a'] }],
    ['whether it is enabled, and more', { ...base, disabled: true, command: 'y' }, { stop: ['a'] }],
  ])('by what happens to %s', (_what, after, steps) => {
    expect(stepsOf(planOf(configOf({ a: base }), configOf({ a: after })))).toEqual(steps);
  });

  it('restarts a remote server that shall trust other certificates', () => {
    const trusting = (ca: string) => configOf({ a: { url: 'https://h', tls: { ca } } });
    expect(stepsOf(planOf(trusting('one.pem'), trusting('two.pem')))).toEqual({ restart: ['a'] });
    expect(stepsOf(planOf(trusting('one.pem'), trusting('/etc/mcp/one.pem')))).toEqual({ keep: ['a'] });
    expect(
      stepsOf(planOf(configOf({ a: { url: 'https://h' } }), configOf({ a: { url: 'https://h', tls: {} } }))),
    ).toEqual({ keep: ['a'] });
  });

  it('starts what is new or enabled again, stops what is gone, and starts nothing that is disabled', () => {
    const before = configOf({ a: base, b: base, off: { ...base, disabled: true } });
    const after = configOf({ b: base, c: base, off: base, new: { ...base, disabled: true } });
    expect(stepsOf(planOf(before, after))).toEqual({
      start: ['c', 'off'],
      stop: ['a'],
      keep: ['b'],
      'disabled.add': ['new'],
    });
    expect(stepsOf(planOf(null, before))).toEqual({ start: ['a', 'b'], 'disabled.add': ['off'] });
  });

  const off = { ...base, disabled: true };
  const soft = { callTimeoutMs: 5 };
  const hard = { command: 'y' };
  it.each<[string, object | null, object | null, object]>([
    ['absent, then absent', null, null, {}],
    ['absent, then disabled', null, off, { 'disabled.add': ['a'] }],
    ['absent, then enabled', null, base, { start: ['a'] }],
    ['disabled, then absent', off, null, { 'disabled.remove': ['a'] }],
    ['disabled, then the same', off, off, { keep: ['a'] }],
    ['disabled, then disabled with other numbers', off, { ...off, ...soft }, { 'disabled.change': ['a'] }],
    ['disabled, then disabled with another command', off, { ...off, ...hard }, { 'disabled.change': ['a'] }],
    ['disabled, then enabled', off, base, { start: ['a'] }],
    ['disabled, then enabled with other numbers', off, { ...base, ...soft }, { start: ['a'] }],
    ['disabled, then enabled with another command', off, { ...base, ...hard }, { start: ['a'] }],
    ['enabled, then absent', base, null, { stop: ['a'] }],
    ['enabled, then disabled', base, off, { stop: ['a'] }],
    ['enabled, then disabled with other numbers', base, { ...off, ...soft }, { stop: ['a'] }],
    ['enabled, then disabled with another command', base, { ...off, ...hard }, { stop: ['a'] }],
    ['enabled, then the same', base, base, { keep: ['a'] }],
    ['enabled, then enabled with other numbers', base, { ...base, ...soft }, { change: ['a'] }],
    ['enabled, then enabled with another command', base, { ...base, ...hard }, { restart: ['a'] }],
  ])('of a server that is %s', (_what, before, after, steps) => {
    const fleetOf = (entry: object | null) => configOf(entry === null ? {} : { a: entry });
    expect(stepsOf(planOf(fleetOf(before), fleetOf(after)))).toEqual(steps);
  });

  it('tells of a disabled server that a secret of it stands for something else now', () => {
    const servers = { a: { ...off, args: ['${secret:S}'] } };
    const having = (S: string) => configOf(servers, { secrets: { S } });
    expect(stepsOf(planOf(having('1'), having('2')))).toEqual({ 'disabled.change': ['a'] });
  });

  it('changes servers softly by a default for all', () => {
    expect(stepsOf(planOf(configOf({ a: base }), configOf({ a: base }, { callTimeoutMs: 7 })))).toEqual({
      change: ['a'],
    });
    expect(stepsOf(planOf(configOf({ a: base }), configOf({ a: base }, { inheritEnv: 'none' })))).toEqual({
      restart: ['a'],
    });
  });

  it('restarts those that use a secret which stands for something else now', () => {
    const servers = { a: { ...base, args: ['${secret:S}'] }, b: base };
    expect(
      stepsOf(planOf(configOf(servers, { secrets: { S: '${ONE}' } }), configOf(servers, { secrets: { S: '${TWO}' } }))),
    ).toEqual({
      restart: ['a'],
      keep: ['b'],
    });
  });

  it('knows of those that are disabled, or were, whether they are made of something else now', () => {
    const off = { ...base, disabled: true };
    const secret = { ...off, args: ['${secret:S}'] };
    const before = { kept: off, softer: off, other: off, enabled: off, disabled: base, secret };
    const after = {
      kept: off,
      softer: { ...off, lazy: true },
      other: { ...off, command: 'y' },
      enabled: { ...base, command: 'y' },
      disabled: { ...off, command: 'y' },
      secret,
      fresh: base,
    };
    const [S1, S2] = [{ secrets: { S: '1' } }, { secrets: { S: '2' } }];
    expect([...decide(configOf(before, S1), configOf(after, S2)).remade]).toEqual([
      'other',
      'enabled',
      'disabled',
      'secret',
    ]);
    expect([...decide(null, configOf(after, S2)).remade]).toEqual([]);
  });

  it("takes a host's own words for hard", () => {
    const hosted = { transport: 'in-memory', size: 1 };
    expect(stepsOf(planOf(configOf({ a: hosted }), configOf({ a: { ...hosted, size: 2 } })))).toEqual({
      restart: ['a'],
    });
    expect(stepsOf(planOf(configOf({ a: hosted }), configOf({ a: { ...hosted, callTimeoutMs: 2 } })))).toEqual({
      change: ['a'],
    });
  });

  it('carries the warnings of the new configuration', () => {
    expect(planOf(null, configOf({ a: { ...base, timeout: 1 } })).warnings.map(({ path }) => path)).toEqual([
      'mcpServers.a.timeout',
    ]);
  });
});

const entry = fc.record(
  {
    command: fc.constantFrom('x', 'y'),
    args: fc.array(fc.string(), { maxLength: 3 }),
    env: fc.dictionary(fc.stringMatching(/^[A-Z]{1,3}$/), fc.stringMatching(/^[^$]*$/)),
    lazy: fc.boolean(),
    disabled: fc.boolean(),
    callTimeoutMs: fc.nat(600_000),
    restart: fc.record({ factor: fc.integer({ min: 1, max: 9 }) }, { requiredKeys: [] }),
  },
  { requiredKeys: ['command'] },
);
const servers = fc.dictionary(
  fc.stringMatching(/^[a-z][a-z0-9-]{0,5}$/),
  entry.map(({ args = [], ...rest }) => ({ ...rest, args: args.map((text) => text.replaceAll('$', '')) })),
);

describe('any configuration', () => {
  it('keeps everything when nothing changed', () => {
    fc.assert(
      fc.property(servers, (written) => {
        expect(stepsOf(planOf(configOf(written), configOf(structuredClone(written)))).keep ?? []).toEqual(
          Object.keys(written),
        );
      }),
    );
  });

  it('keeps everything when only the way of writing changed', () => {
    const reversed = (value: unknown): unknown => {
      if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
      return Object.fromEntries(
        Object.entries(value)
          .toReversed()
          .map(([key, inner]) => [key, reversed(inner)]),
      );
    };
    fc.assert(
      fc.property(servers, fc.nat(4), (written, indent) => {
        const rewritten = parseConfig(
          `// again\n${JSON.stringify(reversed({ mcpServers: written }), null, indent)}\n/* end */`,
          options,
        ).config;
        if (rewritten === null) throw new Error('does not parse');
        expect(new Set(planOf(configOf(written), rewritten).keep)).toEqual(new Set(Object.keys(written)));
      }),
    );
  });

  it('names every server of both exactly once', () => {
    fc.assert(
      fc.property(servers, servers, (before, after) => {
        const steps = stepsOf(planOf(configOf(before), configOf(after)));
        expect(Object.values(steps).flat().sort()).toEqual(
          [...new Set([...Object.keys(before), ...Object.keys(after)])].sort(),
        );
      }),
    );
  });
});

describe('the hash of a specification', () => {
  const specificationOf = (written: object, mcpvisor: object = {}) => {
    const specification = configOf({ a: written }, mcpvisor).servers.get('a');
    if (specification === undefined) throw new Error('there is one');
    return specification;
  };

  it('is that of what it runs, however it is written', () => {
    const hash = (written: object) => hashOf(specificationOf(written), new Map(), 'key');
    expect(hash(base)).toMatch(/^hmac-sha256:[0-9a-f]{64}$/);
    expect(hash({ ...base, callTimeoutMs: 1, disabled: true })).toBe(hash(base));
    expect(hash({ ...base, args: ['2'] })).not.toBe(hash(base));
  });

  it('changes with what `mcpvisor.secrets` says of the secrets that it uses, and of no others', () => {
    const specification = specificationOf({ ...base, env: { KEY: '${secret:B}' } }, { secrets: { B: '1' } });
    const hash = (secrets: Readonly<Record<string, string>>) =>
      hashOf(specification, new Map(Object.entries(secrets)), 'key');
    expect(hash({ B: '1', C: '2' })).toBe(hash({ B: '1', C: '3' }));
    expect(hash({ B: '1' })).not.toBe(hash({ B: '2' }));
    expect(hash({ B: '1' })).toMatch(/^hmac-sha256:[0-9a-f]{64}$/);
  });

  it('is another one with another key', () => {
    const specification = specificationOf(base);
    expect(hashOf(specification, new Map(), 'one')).not.toBe(hashOf(specification, new Map(), 'other'));
  });
});

describe('what a plan says beside the servers', () => {
  const told = (before: object, after: object, started = before) => {
    const [one, other, first] = [before, after, started].map((mcpvisor) => configOf({ a: base }, mcpvisor));
    if (one === undefined || other === undefined || first === undefined) throw new Error('there are three');
    const { groups, settings } = planOf(one, other, first);
    return [...groups.map((name) => `group ${name}`), ...settings.map(({ path, effect }) => `${path} ${effect}`)];
  };

  it.each<[string, object, object, readonly string[]]>([
    ['nothing', { shutdownMs: 9 }, { shutdownMs: 9 }, []],
    ['a default that is written out', {}, { shutdownMs: 25_000, http: { allowedHosts: [] } }, []],
    ['the time for the end', {}, { shutdownMs: 9 }, ['shutdownMs applied']],
    ['a setting that is taken away', { shutdownMs: 9 }, {}, ['shutdownMs applied']],
    ['a limit of the API', {}, { http: { requestsPerSecond: 5 } }, ['http.requestsPerSecond at the next start']],
    [
      'tokens and certificates',
      { http: { tokens: [{ name: 'ci', scope: 'read', file: 'ci' }] } },
      { http: { tls: { certFile: 'a', keyFile: 'b' } } },
      ['http.tls at the next start', 'http.tokens at the next start'],
    ],
    [
      'secrets, by their names',
      { secrets: { OLD: 'hidden', SAME: 'x', OTHER: '1' } },
      { secrets: { SAME: 'x', OTHER: '2', 'new.one': 'hidden' } },
      ['secrets.OLD applied', 'secrets.OTHER applied', 'secrets["new.one"] applied'],
    ],
    ['the strategy of a group', {}, { groups: { default: { strategy: 'one-for-all' } } }, ['group default']],
    ['the rounds of a group', {}, { groups: { default: { intensity: 3 } } }, ['group default']],
    ['a group that nobody is in', {}, { groups: { web: { periodMs: 3 } } }, ['group web']],
    ['a group that is as groups are', {}, { groups: { web: { strategy: 'one-for-one' } } }, []],
    ['a group that is no more', { groups: { web: { strategy: 'rest-for-one' } } }, {}, ['group web']],
    ['the client process', {}, { clientProcess: { factor: 3 } }, ['clientProcess.factor applied']],
    ['what nothing acts on yet', {}, { compat: true }, []],
    ['a default for all servers, which shows as what it changes of them', {}, { callTimeoutMs: 7 }, []],
  ])('for %s', (_what, before, after, lines) => {
    expect(told(before, after)).toEqual(lines);
  });

  it('knows what has been in force since the start', () => {
    const limited = { http: { requestsPerSecond: 5 } };
    expect(told(limited, {}, {})).toEqual(['http.requestsPerSecond applied']);
    expect(told(limited, { http: { requestsPerSecond: 6 } }, {})).toEqual(['http.requestsPerSecond at the next start']);
  });

  it('is nothing at the start', () => {
    const { groups, settings } = planOf(
      null,
      configOf({ a: base }, { shutdownMs: 9, groups: { web: { intensity: 1 } } }),
    );
    expect([groups, settings]).toEqual([[], []]);
  });
});

describe('a plan in words', () => {
  it('is a line for each kind of step and each warning', () => {
    const plan = planOf(
      configOf({ a: base, b: base, c: base }),
      configOf({ a: { ...base, args: [] }, b: { ...base, lazy: true }, d: { ...base, timeout: 3 } }),
    );
    expect(describePlan(plan)).toEqual([
      'start    d',
      'stop     c',
      'restart  a',
      'change   b (without a restart)',
      expect.stringMatching(/^warning {2}mcpServers\.d\.timeout: /),
    ]);
    const off = { ...base, disabled: true };
    expect(describePlan(planOf(configOf({ a: off, b: off }), configOf({ a: { ...off, args: [] }, c: off })))).toEqual([
      'add      c (disabled)',
      'change   a (disabled)',
      'remove   b (disabled)',
    ]);
    const edited = { groups: { web: { intensity: 3 } }, shutdownMs: 9, http: { maxBodyBytes: 9, tokens: [] } };
    expect(describePlan(planOf(configOf({ a: base }), configOf({ a: base }, edited)))).toEqual([
      'keep     a',
      'groups   web (policy, without a restart)',
      'settings shutdownMs',
      'settings http.maxBodyBytes (at the next start)',
    ]);
    expect(describePlan(planOf(configOf({ a: base }), configOf({ a: base })))).toEqual([
      'nothing changes',
      'keep     a',
    ]);
  });
});
