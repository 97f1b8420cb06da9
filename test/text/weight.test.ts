import { describe, expect, it } from 'vitest';
import { weightOf, weightOfText } from '../../src/text/weight.ts';

/** Long enough that a fixed cost does not matter. */
const letters = 200_000;
/** Low enough that each letter is looked at, and higher than what is asserted. */
const limitFor = (text: string) => 60 * text.length;
const repeated = (item: string) => `[${`${item},`.repeat(letters / (item.length + 1))}${item}]`;

describe('the weight of a text', () => {
  it.each(['[]', '{}', '{"a":[]}', '""', '"a"', '[[[[]]]]'])('is no less than that of its value: %s', (item) => {
    const text = repeated(item);
    expect(weightOfText(text, limitFor(text))).toBeGreaterThanOrEqual(weightOf(JSON.parse(text), limitFor(text)));
  });

  it.each(['1.0', '-0', '1e5', '1234567890123456789'])('counts what is remembered of a number: %s', (item) => {
    const text = repeated(item);
    expect(weightOfText(text, limitFor(text))).toBeGreaterThan((160 * letters) / (item.length + 1) - 160);
  });

  it('is about its length if it is one long string, whatever is in it', () => {
    const text = JSON.stringify('[]{},:"\\1.0'.repeat(letters / 10));
    expect(weightOfText(text, limitFor(text))).toBeLessThan(1.01 * text.length);
  });

  it('is found in text that is no JSON', () => {
    const text = `"${'\\'.repeat(letters + 1)}`;
    expect(weightOfText(text, limitFor(text))).toBeLessThan(limitFor(text));
  });
});
