import { describe, expect, it } from 'vitest';
import { holderDied, reaped, reaperDied, serverDied } from '../../../machines/holding/deaths.ts';
import { added, configured, gone, type Holder, placeInGroup, removed } from '../../../machines/holding/holding.ts';
import { type Member, withInput, withoutStanding, withStanding } from '../../../machines/members.ts';
import type { Standing } from '../../../machines/server/events.ts';
import { policyOf } from '../../support/charts/chart.ts';

const moment = { at: 100_000, random: 0.5 };
const standing = { phase: 'connected', generation: 7 } as Standing;
const input = (name: string) => ({ name, policy: policyOf(), wanted: 'up' as const, generation: 3 });
const memberOf = (name: string, changes: Partial<Member> = {}): Member => ({
  input: input(name),
  group: 'web',
  holder: 'group:web',
  isDead: false,
  isLeaving: false,
  deaths: [],
  standing: null,
  ...changes,
});
const holding = (changes: Partial<Member> | null): Holder => ({
  id: 'group:web',
  members: changes === null ? {} : { a: memberOf('a', changes) },
  below: ['group:web/1'],
});
const part = { holder: 'group:web/1' };
const give = { group: 'web', moment, place: () => 'group:web' };
const doings = ({ effects }: ReturnType<typeof added>) => effects.map((effect) => effect.do);

describe('a server that is added', () => {
  it('is remembered with the highest generation known, and goes no longer', () => {
    for (const [known, given] of [
      [9, 3],
      [3, 9],
    ]) {
      const holder = holding({ isLeaving: true, input: { ...input('a'), generation: known ?? 0 } });
      const { members } = added(holder, { ...give, servers: [{ ...input('a'), generation: given ?? 0 }] });
      expect(members.a).toMatchObject({ isLeaving: false, input: { generation: 9 } });
    }
    const { name, policy, wanted } = input('a');
    expect(added(holding(null), { ...give, servers: [{ name, policy, wanted }] }).members.a).toEqual(
      memberOf('a', { input: { name, policy, wanted, generation: 0 } }),
    );
  });

  it('has a place: with the group itself up to 128, then with the first part that has room', () => {
    const place = placeInGroup('web');
    expect(place(new Map())).toBe('group:web');
    expect(place(new Map([['group:web', 127]]))).toBe('group:web');
    expect(place(new Map([['group:web', 128]]))).toBe('group:web/1');
    expect(
      place(
        new Map([
          ['group:web', 128],
          ['group:web/1', 127],
        ]),
      ),
    ).toBe('group:web/1');
    expect(
      place(
        new Map([
          ['group:web', 128],
          ['group:web/1', 128],
        ]),
      ),
    ).toBe('group:web/2');
  });
});

describe('what is told of a server that somebody else holds, or nobody', () => {
  it.each([
    ['of its death', (one: Holder) => serverDied(one, { server: 'a', message: 'm', isEnd: false }), ['stop', 'emit']],
    ['of its reaper’s death', (one: Holder) => reaperDied(one, { server: 'a', message: 'm' }), ['stop', 'emit']],
    ['of its end', (one: Holder) => gone(one, { server: 'a', isRemoval: true, isEnd: false }), []],
    [
      'of its processes',
      (one: Holder) => reaped(one, { server: 'a', ...moment, generation: 1, worked: false, place: give.place }),
      ['stop'],
    ],
  ] as const)('changes nothing: %s', (_, tell, effects) => {
    for (const holder of [holding({ ...part, isLeaving: true }), holding(null)]) {
      const outcome = tell(holder);
      expect(outcome.members).toEqual(holder.members);
      expect(doings(outcome)).toEqual(effects);
    }
  });

  it('changes nothing if it was never there', () => {
    const change = { server: 'a', ...moment, policy: policyOf(), changed: true, wanted: null };
    expect(configured(holding(null), change)).toEqual({ members: {}, effects: [] });
    expect(removed(holding(null), { server: 'a', group: 'web', ...moment })).toMatchObject({
      members: {},
      effects: [
        { do: 'emit', event: { type: 'server.removed', server: 'a' } },
        { do: 'report', report: { type: 'server.removed', server: 'a', wanted: null, group: 'web', isGivenUp: false } },
      ],
    });
  });
});

it('a server that is gone leaves the table, except at shutdown', () => {
  const holder = holding({});
  const told = (isEnd: boolean) => gone(holder, { server: 'a', isRemoval: false, isEnd });
  expect([told(false).members, told(true).members]).toEqual([{}, holder.members]);
  expect(doings(told(true))).toEqual(['stop', 'report']);
});

it.each([
  ['its actor is dead', { isDead: true, isLeaving: true }],
  ['a plan has added it again', { isLeaving: false }],
])('a server that says it is gone stays in the table if %s', (_, changes) => {
  const holder = holding(changes);
  const outcome = gone(holder, { server: 'a', isRemoval: true, isEnd: false });
  expect(outcome).toEqual({ members: holder.members, effects: [] });
});

describe('a server whose actor dies', () => {
  it('is kept with the generation that it reported, and reaped', () => {
    const { members, effects } = serverDied(holding({ standing }), { server: 'a', message: 'm', isEnd: false });
    expect(members.a).toMatchObject({ isDead: true, isLeaving: false, input: { generation: 7 } });
    expect(effects).toEqual([
      { do: 'stop', id: 'server:a' },
      { do: 'emit', event: { type: 'actor.died', server: 'a', message: 'm' } },
      { do: 'reap', server: 'a' },
      { do: 'report', report: { type: 'server.died', server: 'a' } },
    ]);
    const unknown = { ...input('a'), generation: undefined } as unknown as Member['input'];
    expect(serverDied(holding({ input: unknown }), { server: 'a', message: 'm', isEnd: true }).members.a).toMatchObject(
      {
        isLeaving: true,
        input: { generation: 0 },
      },
    );
  });

  it('is given up when it has been reaped, if it has died five times before within the minute', () => {
    const given = (deaths: readonly number[]) =>
      reaped(holding({ isDead: true, deaths }), {
        server: 'a',
        ...moment,
        generation: 1,
        worked: false,
        place: give.place,
      });
    const five = [40_001, 40_002, 40_003, 40_004, 40_005];
    expect(given(five)).toEqual({
      members: {},
      effects: [
        { do: 'stop', id: 'reaper:a' },
        { do: 'report', report: { type: 'server.removed', server: 'a', wanted: 'up', group: 'web', isGivenUp: true } },
      ],
    });
    for (const deaths of [five.slice(1), [40_000, ...five.slice(1)]]) expect(doings(given(deaths))).toContain('spawn');
  });

  it('is removed when its reaper dies, too', () => {
    expect(reaperDied(holding({ isDead: true }), { server: 'a', message: 'm' })).toEqual({
      members: {},
      effects: [
        { do: 'stop', id: 'reaper:a' },
        { do: 'emit', event: { type: 'actor.died', server: 'a', message: 'm' } },
        { do: 'report', report: { type: 'server.removed', server: 'a', wanted: 'up', group: 'web', isGivenUp: true } },
      ],
    });
  });

  it('has no successor while its actor lives', () => {
    const alive = holding({});
    expect(reaped(alive, { server: 'a', ...moment, generation: 1, worked: false, place: give.place })).toEqual({
      members: alive.members,
      effects: [{ do: 'stop', id: 'reaper:a' }],
    });
  });

  it.each([
    [3, 1, 3],
    [3, 9, 9],
    [undefined, 0, 0],
  ])('has a successor with the highest generation: %s and %s make %s', (known, seen, generation) => {
    const dead = { isDead: true, standing, input: { ...input('a'), generation: known } as Member['input'] };
    const { members, effects } = reaped(holding(dead), {
      server: 'a',
      ...moment,
      generation: seen,
      worked: false,
      place: give.place,
    });
    expect(members.a).toMatchObject({ isDead: false, standing: null, deaths: [moment.at], input: { generation } });
    expect(effects.at(-1)).toMatchObject({ do: 'spawn', input: { name: 'a', generation } });
  });

  it('is taken over, with all that its holder held, by who is above', () => {
    const { servers, members, effects } = holderDied(holding(part), { below: 'group:web/1', isEnd: false });
    expect([servers, members.a]).toMatchObject([['a'], { holder: 'group:web', isDead: true, isLeaving: false }]);
    expect(effects).toEqual([
      { do: 'dismiss', server: 'a' },
      { do: 'stop', id: 'group:web/1' },
      { do: 'reap', server: 'a' },
    ]);
    expect(holderDied(holding({}), { below: 'group:web/1', isEnd: false }).servers).toEqual([]);
  });
});

describe('what is known of a server', () => {
  const related = policyOf({ related: true });
  const members = { a: memberOf('a', { standing, input: { ...input('a'), policy: related } }) };

  it('is what it reported, as long as it is related to others and its actor is alive', () => {
    const other = { ...standing, generation: 8 };
    expect(withStanding(members, 'a', other).a?.standing).toBe(other);
    expect(withStanding({ a: memberOf('a') }, 'a', other).a?.standing).toBeNull();
    expect(withStanding({ a: { ...members.a, isDead: true } }, 'a', other).a?.standing).toBe(standing);
    expect(withoutStanding(members, 'a').a?.standing).toBeNull();
    expect(withoutStanding(members, 'x')).toBe(members);
  });

  it('is forgotten when a plan relates it to others again, and only then', () => {
    expect(withInput(members, 'a', { wanted: 'down' }).a).toMatchObject({ standing, input: { wanted: 'down' } });
    expect(withInput(members, 'a', { policy: policyOf() }).a?.standing).toBe(standing);
    const unrelated = { a: memberOf('a', { standing }) };
    expect(withInput(unrelated, 'a', { wanted: 'down' }).a?.standing).toBe(standing);
    expect(withInput(unrelated, 'a', { policy: related }).a?.standing).toBeNull();
    expect(withInput(members, 'x', { wanted: 'down' })).toBe(members);
  });
});
