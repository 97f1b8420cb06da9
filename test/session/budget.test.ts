import { describe, expect, it } from 'vitest';
import { createBudget } from '../../src/session/budget.ts';

describe('what sessions may hold', () => {
  it('is limited for each', () => {
    const hold = createBudget({ each: 10, all: 100 }).open('a').hold();
    expect([hold.take(8), hold.take(3), hold.take(2)]).toEqual([null, 'server', null]);
  });

  it('is limited over all, until another holds less', () => {
    const budget = createBudget({ each: 10, all: 15 });
    const [one, other] = [budget.open('a'), budget.open('b')];
    const kept = one.hold();
    expect([kept.take(10), other.hold().take(6)]).toEqual([null, 'process']);
    kept.release();
    expect([other.hold().take(6), one.hold().take(9)]).toEqual([null, null]);
  });

  it('is nothing once a session has ended, and what it held is free', () => {
    const budget = createBudget({ each: 10, all: 10 });
    const ended = budget.open('a');
    const kept = ended.hold();
    kept.take(10);
    ended.close();
    kept.release();
    ended.close();
    expect([ended.hold().take(1), budget.open('b').hold().take(10), budget.open('c').hold().take(1)]).toEqual([
      'server',
      null,
      'process',
    ]);
  });

  it('is shown by server, and each refusal is told with its bound', () => {
    const refused: string[] = [];
    const budget = createBudget({ each: 10, all: 12 }, (server, bound) => refused.push(`${server} ${bound}`));
    const [a, b] = [budget.open('a').hold(), budget.open('b').hold()];
    a.take(8);
    b.take(3);
    expect(budget.uses).toEqual([
      { server: 'a', bytes: 8 },
      { server: 'b', bytes: 3 },
    ]);
    a.take(3);
    b.take(2);
    a.release();
    expect(refused).toEqual(['a server', 'b process']);
    expect(budget.uses).toEqual([{ server: 'b', bytes: 3 }]);
  });
});

describe('what may give way', () => {
  it('does so for who holds less: the largest thing of the one that holds most', () => {
    const gone: string[] = [];
    const budget = createBudget({ each: 10, all: 20 });
    const [large, middling, small] = [budget.open('large'), budget.open('middling'), budget.open('small')];
    for (const [account, bytes] of [
      [large, 3],
      [large, 6],
      [middling, 8],
    ] as const)
      account.hold(() => gone.push(`${bytes}`)).take(bytes);
    expect(small.hold().take(4)).toBe(null);
    expect(gone).toEqual(['6']);
    expect(budget.uses.map(({ bytes }) => bytes)).toEqual([3, 8, 4]);
  });

  it('does not for who would hold more than the others', () => {
    const budget = createBudget({ each: 10, all: 10 });
    budget
      .open('a')
      .hold(() => expect.unreachable())
      .take(5);
    expect(
      budget
        .open('b')
        .hold(() => {})
        .take(6),
    ).toBe('process');
  });

  it('never is what has to stay', () => {
    const budget = createBudget({ each: 10, all: 10 });
    budget.open('a').hold().take(9);
    expect(budget.open('b').hold().take(2)).toBe('process');
  });

  it('may be taken again after it gave way', () => {
    const budget = createBudget({ each: 10, all: 10 });
    const hold = budget.open('a').hold(() => hold.release());
    hold.take(8);
    const other = budget.open('b').hold();
    expect([other.take(4), hold.take(6), other.take(1)]).toEqual([null, null, null]);
    expect(budget.uses).toEqual([{ server: 'b', bytes: 5 }]);
  });
});
