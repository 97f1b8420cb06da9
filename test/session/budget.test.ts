import { describe, expect, it } from 'vitest';
import { createBudget } from '../../src/session/budget.ts';
import { weightOf, weightOfText } from '../../src/text/weight.ts';

describe('what sessions may keep', () => {
  it('is limited for each', () => {
    const hold = createBudget({ each: 10, all: 100 }).open().hold();
    expect([hold.take(8), hold.take(3), hold.take(2)]).toEqual([true, false, true]);
  });

  it('is limited over all, until another keeps less', () => {
    const budget = createBudget({ each: 10, all: 15 });
    const [one, other] = [budget.open(), budget.open()];
    const kept = one.hold();
    expect([kept.take(10), other.hold().take(6)]).toEqual([true, false]);
    kept.release();
    expect([other.hold().take(6), one.hold().take(9)]).toEqual([true, true]);
  });

  it('is nothing once a session has ended, and what it kept is free', () => {
    const budget = createBudget({ each: 10, all: 10 });
    const ended = budget.open();
    const kept = ended.hold();
    kept.take(10);
    ended.close();
    kept.release();
    ended.close();
    expect([ended.hold().take(1), budget.open().hold().take(10), budget.open().hold().take(1)]).toEqual([
      false,
      true,
      false,
    ]);
  });
});

describe('the weight of a text', () => {
  const limit = 1.2e9;
  const repeated = (item: string) => `[${`${item},`.repeat(20_000_000 / (item.length + 1))}${item}]`;

  it.each(['[]', '{}', '{"a":[]}', '""', '"a"', '[[[[]]]]'])('is no less than that of its value: %s', (item) => {
    const text = repeated(item);
    expect(weightOfText(text, limit)).toBeGreaterThanOrEqual(weightOf(JSON.parse(text), limit));
  });

  it.each(['1.0', '-0', '1e5', '1234567890123456789'])('counts what is remembered of a number: %s', (item) => {
    expect(weightOfText(repeated(item), limit)).toBeGreaterThan((160 * 20_000_000) / (item.length + 1) - 160);
  });

  it('is about its length if it is one long string, whatever is in it', () => {
    const text = JSON.stringify('[]{},:"\\1.0'.repeat(2_000_000));
    expect(weightOfText(text, limit)).toBeLessThan(1.01 * text.length);
  });

  it('is found in text that is no JSON', () => {
    expect(weightOfText(`"${'\\'.repeat(20_000_001)}`, limit)).toBeLessThan(limit);
  });
});
