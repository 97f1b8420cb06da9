import { describe, expect, it } from 'vitest';
import type { GroupPolicy } from '../../machines/group/events.ts';
import { heldFor, leftOf, type Member, nextToStop, recentRounds, withTrigger } from '../../machines/group/rounds.ts';
import { type Dependencies, dependentsOf, inOrder, mayStop, reaches } from '../../machines/order.ts';
import { clearanceOf, type Dependency, isSameBlocker, isSameClearance } from '../../machines/server/clearance.ts';

/** d needs c, c needs b, b needs a; e stands alone. */
const chain: Dependencies = { d: ['c'], c: ['b'], b: ['a'] };

describe('the order of servers', () => {
  it('puts each after what it depends on, however indirectly, and keeps ties as they were written', () => {
    expect(inOrder(['d', 'e', 'c', 'b', 'a'], chain)).toEqual(['a', 'b', 'c', 'd', 'e']);
    expect(inOrder(['e', 'a', 'f'], {})).toEqual(['e', 'a', 'f']);
  });

  it('contains each name that was given once, and no other', () => {
    expect(inOrder(['d', 'a', 'd'], chain)).toEqual(['a', 'd']);
  });

  it('ends in a circle, too', () => {
    expect(inOrder(['a', 'b'], { a: ['b'], b: ['a'] })).toEqual(['b', 'a']);
    expect(reaches('a', 'a', { a: ['b'], b: ['a'] })).toBe(true);
  });

  it('stops first those that no other left depends on, in reverse', () => {
    expect(mayStop(['a', 'b', 'd', 'e'], chain)).toEqual(['e', 'd']);
    expect(mayStop(['a', 'd'], chain), 'the one between is gone, and still it depends').toEqual(['d']);
    expect(mayStop(['a', 'e'], chain)).toEqual(['e', 'a']);
  });

  it('knows dependencies in both directions', () => {
    expect([
      reaches('d', 'a', chain),
      reaches('a', 'd', chain),
      reaches('a', 'a', chain),
      reaches('e', 'a', chain),
    ]).toEqual([true, false, false, false]);
    expect(dependentsOf({ b: ['a'], c: ['a', 'b'] })).toEqual({ a: ['b', 'c'], b: ['c'] });
  });
});

describe('clearance', () => {
  const standing = (one: Dependency['standing'], blockedBy: Dependency['blockedBy'] = null) => ({
    standing: one,
    blockedBy,
  });

  it('is given when every dependency is connected', () => {
    expect(clearanceOf(['a', 'b'], () => standing('connected'))).toEqual({ waitingFor: [], blockedBy: null });
  });

  it.each(['stopped', 'finished', 'failed', 'needs-auth'] as const)('is blocked by one that is %s', (down) => {
    expect(clearanceOf(['a', 'b'], (name) => standing(name === 'a' ? 'coming' : down))).toEqual({
      waitingFor: ['a', 'b'],
      blockedBy: { server: 'b', standing: down },
    });
  });

  it('names the first that blocks, be it behind another', () => {
    const behind = { server: 'x', standing: 'failed' } as const;
    expect(
      clearanceOf(['a', 'b'], (name) => (name === 'a' ? standing('coming', behind) : standing('stopped'))).blockedBy,
    ).toEqual(behind);
  });

  it('is the same if it names the same servers and the same blocker', () => {
    const one = { waitingFor: ['a'], blockedBy: { server: 'a', standing: 'failed' } } as const;
    expect(isSameClearance(one, { waitingFor: ['a'], blockedBy: { server: 'a', standing: 'failed' } })).toBe(true);
    expect(isSameClearance(one, { ...one, waitingFor: ['a', 'b'] })).toBe(false);
    expect(isSameClearance(one, { ...one, blockedBy: null })).toBe(false);
    expect(isSameBlocker({ server: 'a', standing: 'failed' }, { server: 'a', standing: 'stopped' })).toBe(false);
    expect(isSameBlocker({ server: 'a', standing: 'failed' }, { server: 'b', standing: 'failed' })).toBe(false);
    expect(isSameBlocker(null, null)).toBe(true);
  });
});

describe('a round', () => {
  const members: Record<string, Member> = {
    a: { generation: 1, phase: 'up', settled: true },
    b: { generation: 2, phase: 'up', settled: false },
    c: { generation: 3, phase: 'ending', settled: false },
    d: { generation: 4, phase: 'gone', settled: false },
  };
  const look = (name: string): Member => members[name] ?? { generation: 0, phase: 'gone', settled: true };
  const policy = (strategy: GroupPolicy['strategy'], dependencies: Dependencies = {}): GroupPolicy => ({
    strategy,
    intensity: 1,
    periodMs: 100,
    order: ['a', 'b', 'c', 'd'],
    dependencies,
  });
  const none = { triggers: [], victims: {} };

  it('affects members that run: none, those after the trigger, or all others', () => {
    const struck = (strategy: GroupPolicy['strategy'], trigger: string) =>
      withTrigger(none, policy(strategy), { trigger, look }).victims;
    expect(struck('one-for-one', 'd')).toEqual({});
    expect(struck('rest-for-one', 'a')).toEqual({ b: 2 });
    expect(struck('rest-for-one', 'b')).toEqual({});
    expect(struck('one-for-all', 'd')).toEqual({ a: 1, b: 2 });
    expect(struck('one-for-all', 'a')).toEqual({ b: 2 });
  });

  it('that a victim joins as a trigger strikes it no longer, and none of the triggers', () => {
    const first = { triggers: ['d'], victims: { a: 1, b: 1 } };
    expect(withTrigger(first, policy('one-for-all'), { trigger: 'a', look })).toEqual({
      triggers: ['d', 'a'],
      victims: { b: 2 },
    });
    expect(withTrigger({ triggers: ['b'], victims: {} }, policy('one-for-all'), { trigger: 'a', look })).toEqual({
      triggers: ['b', 'a'],
      victims: {},
    });
    expect(
      withTrigger({ triggers: ['b', 'd'], victims: {} }, policy('one-for-one'), { trigger: 'b', look }).triggers,
    ).toEqual(['d', 'b']);
  });

  it('has left of its victims those whose life it ends and that still run', () => {
    expect(leftOf({ triggers: [], victims: { a: 1, b: 1, c: 3, d: 4 } }, look)).toEqual(['a', 'c']);
  });

  it('stops those that are not ending yet, dependents first', () => {
    expect(nextToStop(['b', 'a', 'c'], policy('one-for-all'), look)).toEqual(['b', 'a']);
    expect(nextToStop(['a', 'b'], policy('one-for-all', { b: ['a'] }), look)).toEqual(['b']);
    expect(nextToStop(['a', 'c'], policy('one-for-all', { c: ['a'] }), look), 'one that ends is waited for').toEqual(
      [],
    );
    expect(nextToStop(['a', 'x'], policy('one-for-all'), look), 'no member any more').toEqual(['a']);
  });

  it('holds a victim for the triggers on their way, but for those that need it', () => {
    const held = (victim: string, dependencies: Dependencies = {}) =>
      heldFor(victim, { triggers: ['a', 'c', 'd'], look, dependencies });
    expect(held('b')).toEqual(['c', 'd']);
    expect(held('b', { d: ['b'] })).toEqual(['c']);
  });

  it('is remembered for a period, to the millisecond', () => {
    expect(recentRounds([0, 1, 2], policy('one-for-all'), 100)).toEqual([1, 2]);
  });
});
