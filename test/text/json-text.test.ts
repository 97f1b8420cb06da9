import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseJsonText, TooManyNumbersError, toJsonText } from '../../src/text/json-text.ts';

describe('JSON that is carried', () => {
  it.each([
    '{"id":1915883588174806058}',
    '{"price":1.10,"whole":1.0,"none":-0,"much":1e400,"little":0.0000001,"e":1E5}',
    '[18446744073709551615,-9223372036854775808]',
    '{"ts":1718023423.123400,"pi":3.14159265358979323846264338327950288}',
    '{"__proto__":{"id":1915883588174806058},"constructor":1.0}',
    '{"a":{"b":[{"c":[[1.0]]}]}}',
    '{"text":"1915883588174806058 1.0","quoted":"\\"id\\": 1.10","id":1.10}',
  ])('keeps how numbers were written: %s', (text) => {
    expect(toJsonText(parseJsonText(text))).toBe(text);
  });

  it('is made of usual values', () => {
    const value = parseJsonText('{"id":1915883588174806058,"list":[1.0,{"a":1.10}]}');
    expect(value).toEqual({ id: 1915883588174806000, list: [1, { a: 1.1 }] });
    expect(Object.getOwnPropertyDescriptor(value, 'id')).toMatchObject({ writable: true, enumerable: true });
  });

  it('keeps them within other values, as deep as an envelope is', () => {
    const result = parseJsonText('{"structuredContent":{"id":1915883588174806058}}');
    expect(toJsonText({ outcomes: [{ status: 'ok', result }] })).toContain('"id":1915883588174806058');
    const { structuredContent } = result as { readonly structuredContent: unknown };
    expect(toJsonText({ ...(result as object), more: structuredContent })).toBe(
      '{"structuredContent":{"id":1915883588174806058},"more":{"id":1915883588174806058}}',
    );
  });

  it('has the new number where one was changed', () => {
    const value = parseJsonText('{"a":1.0,"b":1.0}') as Record<string, unknown>;
    value.a = 2;
    expect(toJsonText(value)).toBe('{"a":2,"b":1.0}');
  });

  it.each(['{"id":01915883588174806058}', '{"id":1915883588174806058', '[1.10.0]', 'nothing', ''])(
    'is refused where JSON.parse refuses it: %s',
    (text) => {
      expect(() => parseJsonText(text)).toThrow(SyntaxError);
    },
  );

  it('can be as deep and as long as a message is', () => {
    const deep = `${'['.repeat(500)}1.0${']'.repeat(500)}`;
    expect(toJsonText(parseJsonText(deep))).toBe(deep);
    expect(Array.isArray(parseJsonText(`${'['.repeat(100_000)}1.0${']'.repeat(100_000)}`))).toBe(true);
    const long = `{"text":"${String.raw`\\\"\n`.repeat(1_000_000)}","id":1.0}`;
    expect(toJsonText(parseJsonText(long)) === long).toBe(true);
  });

  it('is what JSON.parse and JSON.stringify make of it, whatever it is', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        const text = JSON.stringify(value);
        expect(parseJsonText(text)).toEqual(JSON.parse(text));
        expect(toJsonText(parseJsonText(text))).toBe(text);
        expect(toJsonText(value, 2)).toBe(JSON.stringify(value, null, 2));
      }),
    );
  });

  it('is refused with more than 250 000 numbers that have to be remembered', () => {
    const textOf = (count: number) => `[${'1.0,'.repeat(count)}1]`;
    expect(toJsonText(parseJsonText(textOf(250_000)))).toBe(textOf(250_000));
    expect(() => parseJsonText(textOf(250_001))).toThrow(TooManyNumbersError);
  });

  it('is what was written, whatever numbers there are', () => {
    const digits = fc.stringMatching(/^-?(?:0|[1-9]\d{0,30})(?:\.\d{1,30})?(?:[eE][+-]?\d{1,3})?$/);
    const strings = fc.string({ unit: 'binary' }).map((text) => JSON.stringify(text));
    fc.assert(
      fc.property(fc.array(fc.tuple(strings, fc.oneof(digits, strings))), (pairs) => {
        const text = `[${pairs.map(([key, value]) => `{${key}:${value}}`).join(',')}]`;
        expect(toJsonText(parseJsonText(text))).toBe(text);
      }),
    );
  });
});
