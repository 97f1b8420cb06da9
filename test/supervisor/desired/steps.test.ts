import { describe, expect, it } from 'vitest';
import type { Wanted } from '../../../machines/server/events.ts';
import type { Steps } from '../../../machines/supervisor/events.ts';
import type { Configuration } from '../../../src/config/configuration.ts';
import { parseEntries } from '../../../src/config/parse.ts';
import { decide } from '../../../src/config/plan/plan.ts';
import { toLine } from '../../../src/errors.ts';
import { relationsOf } from '../../../src/supervisor/desired/relations.ts';
import { type Lookups, type Situation, stepsOf } from '../../../src/supervisor/desired/steps.ts';

interface Written {
  readonly servers: Readonly<Record<string, object>>;
  readonly mcpvisor?: object;
}

function configOf({ servers, mcpvisor = {} }: Written): Configuration {
  const { config, problems } = parseEntries({ mcpServers: servers, mcpvisor }, { folder: '/etc/mcp' });
  if (config === null) throw new Error(problems.map(toLine).join('\n'));
  return config;
}

function situationOf(written: Written, waiting: Situation['waiting'] = new Map()): Situation {
  const configuration = configOf(written);
  return { configuration, relations: relationsOf(configuration), waiting };
}

const everyoneLives: Lookups = {
  hasActor: () => true,
  wishOf: () => null,
  generationOf: () => 3,
  hasWorked: () => false,
  earlierWishOf: () => null,
  earlierCountersOf: () => null,
};

function stepsBetween(before: Written | null, after: Written, lookups: Partial<Lookups> = {}): Steps {
  const from = before === null ? null : situationOf(before);
  const to = situationOf(after);
  const decision = decide(from?.configuration ?? null, to.configuration);
  return stepsOf(decision, { before: from, after: to }, { ...everyoneLives, ...lookups });
}

/** Steps in a line each, without the numbers of policies. */
function linesOf({ add, configure, remove, groups = {}, shutdownMs }: Steps): readonly string[] {
  return [
    ...remove.map(({ group, server }) => `remove ${server} from ${group}`),
    ...add.map(
      ({ group, server, keepsWish }) =>
        `add ${server.name} to ${group}, ${server.wanted}, after ${server.generation}${keepsWish === true ? ', keeps its wish' : ''}`,
    ),
    ...configure.map(
      ({ server, wanted, changed, policy }) =>
        `configure ${server}${changed ? ', made again' : ''}${wanted === null ? '' : `, ${wanted}`}${policy.related ? ', related' : ''}`,
    ),
    ...Object.entries(groups)
      .filter(([, { strategy }]) => strategy !== 'one-for-one')
      .map(([name, { strategy, order }]) => `group ${name} ${strategy}: ${order.join(' ')}`),
    ...(shutdownMs === undefined ? [] : [`end within ${shutdownMs}`]),
  ];
}

const base = { command: 'x' };
const off = { ...base, enabled: false };
const one: Written = { servers: { a: base } };
const coupled = { groups: { default: { strategy: 'one-for-all' } } };

describe('the steps of a plan', () => {
  it.each<[string, Written, Written, readonly string[]]>([
    ['nothing', one, one, []],
    ['a server that comes', one, { servers: { a: base, b: base } }, ['add b to default, up, after 3']],
    ['a disabled one that comes', one, { servers: { a: base, b: off } }, ['add b to default, down, after 3']],
    ['a server that goes', { servers: { a: base, b: base } }, one, ['remove b from default']],
    [
      'a server that moves to another group',
      one,
      { servers: { a: { ...base, group: 'web' } } },
      ['remove a from default', 'add a to web, up, after 3, keeps its wish'],
    ],
    [
      'a server that moves and is disabled',
      one,
      { servers: { a: { ...off, group: 'web' } } },
      ['remove a from default', 'add a to web, down, after 3'],
    ],
    ['a server that is enabled', { servers: { a: off } }, one, ['configure a, up']],
    [
      'a server that is enabled with another command',
      { servers: { a: off } },
      { servers: { a: { command: 'y' } } },
      ['configure a, made again, up'],
    ],
    ['a server that is disabled', one, { servers: { a: off } }, ['configure a, down']],
    [
      'a disabled server with another command',
      { servers: { a: off } },
      { servers: { a: { ...off, command: 'y' } } },
      ['configure a, made again'],
    ],
    ['a number', one, { servers: { a: { ...base, callTimeoutMs: 7 } } }, ['configure a']],
    ['another command', one, { servers: { a: { command: 'y' } } }, ['configure a, made again']],
    [
      'a dependency: who others depend on has to tell of its steps from now on',
      { servers: { a: base, b: base, c: base } },
      { servers: { a: base, b: { ...base, dependsOn: ['a'] }, c: base } },
      ['configure a, related', 'configure b, related'],
    ],
    [
      'a strategy: members have to tell of their steps, and none is made again',
      { servers: { a: base, b: { ...base, group: 'web' } } },
      { servers: { a: base, b: { ...base, group: 'web' } }, mcpvisor: coupled },
      ['configure a, related', 'group default one-for-all: a'],
    ],
    [
      'a strategy that is taken back, as everybody leaves',
      { servers: { a: { ...base, group: 'web' } }, mcpvisor: { groups: { web: { strategy: 'one-for-all' } } } },
      one,
      ['remove a from web', 'add a to default, up, after 3, keeps its wish'],
    ],
    [
      'a member more of a group that acts as one',
      { ...one, mcpvisor: coupled },
      { servers: { a: base, b: base }, mcpvisor: coupled },
      ['add b to default, up, after 3', 'group default one-for-all: a b'],
    ],
    ['the time for the end', one, { ...one, mcpvisor: { shutdownMs: 9 } }, ['end within 9']],
    ['a setting of the next start', one, { ...one, mcpvisor: { http: { maxConnections: 9 } } }, []],
  ])('for %s', (_what, before, after, lines) => {
    expect(linesOf(stepsBetween(before, after))).toEqual(lines);
  });

  it('at the start add everything, with the policies of the groups', () => {
    const steps = stepsBetween(null, { servers: { a: base, b: off }, mcpvisor: { ...coupled, shutdownMs: 9 } });
    expect(linesOf(steps)).toEqual([
      'add a to default, up, after 3',
      'add b to default, down, after 3',
      'group default one-for-all: a b',
    ]);
  });

  it('make a group that nothing names any more act for itself', () => {
    const web = { groups: { web: { strategy: 'rest-for-one' } } };
    expect(stepsBetween({ ...one, mcpvisor: web }, one).groups).toMatchObject({ web: { strategy: 'one-for-one' } });
  });

  it.each<[Wanted | null, object, Wanted]>([
    ['down', base, 'down'],
    ['up', base, 'up'],
    [null, base, 'up'],
    ['up', off, 'down'],
  ])('add again whose actor is missing, wished %s', (wish, entry, wanted) => {
    const after = { servers: { a: { ...entry, callTimeoutMs: 7 } } };
    const { add, configure } = stepsBetween(one, after, { hasActor: () => false, wishOf: () => wish });
    expect([add.map(({ server }) => server.wanted), configure]).toEqual([[wanted], []]);
  });
});
