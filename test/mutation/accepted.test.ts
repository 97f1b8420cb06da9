import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { everyMutant } from './every-mutant.ts';
import { mutateSource } from './sources.ts';

describe('the mutants', () => {
  const ids = everyMutant();

  it('have a name each', () => {
    expect(new Set(ids).size).toBe(ids.length);
    expect(ids.length).toBeGreaterThan(2_000);
  });

  it('that may survive are there, each with a reason', () => {
    const accepted = JSON.parse(readFileSync(new URL('./accepted.json', import.meta.url), 'utf8')) as Record<
      string,
      string
    >;
    expect(Object.keys(accepted).filter((id) => !ids.includes(id))).toEqual([]);
    expect(Object.values(accepted).filter((reason) => reason.length < 20)).toEqual([]);
    expect(Object.keys(accepted).length).toBeLessThan(0.05 * ids.length);
  });
});

describe('a source', () => {
  it('is mutated where it compares, counts, decides, does and remembers', () => {
    const { ids } = mutateSource(
      'a.ts',
      'function f(a: 1 | 2) { if (a < 5 && !g()) h(); return { n: a + 1, ...x, t: true }; }',
    );
    expect(ids.map((id) => id.slice('a.ts: f | '.length)).sort()).toEqual([
      '!g() → g()',
      '5 → 4',
      '5 → 6',
      'a + 1 → a - 1',
      'a < 5 && !g() → !(a < 5 && !g())',
      'a < 5 && !g() → a < 5 || !g()',
      'a < 5 → a <= 5',
      'true → false',
      'without h();',
      '{…} without ...x',
      '{…} without n: a + 1',
      '{…} without t: true',
    ]);
  });
});
