import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { toVisible } from '../../src/text/visible-text.ts';

describe('text that is made visible', () => {
  it.each([
    ['an escape sequence', 'a\u001b[2Jb', String.raw`a\u001b[2Jb`],
    ['a title with its bell', '\u001b]0;x\u0007', String.raw`\u001b]0;x\u0007`],
    ['a control character of eight bits', 'a\u009b2J', String.raw`a\u009b2J`],
    ['delete', 'a\u007f', String.raw`a\u007f`],
    ['a carriage return that overwrites', 'good\rbad', String.raw`good\u000dbad`],
    ['an override of the direction', 'a\u202eb', String.raw`a\u202eb`],
    ['an isolate', 'a\u2066b\u2069', String.raw`a\u2066b\u2069`],
    ['an Arabic letter mark', '\u061c', String.raw`\u061c`],
    ['a line separator', 'a\u2028b\u2029', String.raw`a\u2028b\u2029`],
    ['a space without width', 'a\u200bb\ufeff', String.raw`a\u200bb\ufeff`],
    ['a joiner between letters', 'a\u200db', String.raw`a\u200db`],
    ['tags', 'a\u{e0041}', String.raw`a\udb40\udc41`],
    ['half a character', 'a\ud800b', String.raw`a\ud800b`],
    ['a filler', 'a\u3164b', String.raw`a\u3164b`],
  ])('shows %s as an escape', (_, text, visible) => {
    expect(toVisible(text)).toBe(visible);
  });

  it.each([
    ['line breaks and tabs', 'a\n\tb'],
    ['emoji', '👩‍👩‍👧 ❤️ 👍🏽'],
    ['all scripts', 'größe 数据库 שלום café'],
  ])('leaves %s', (_, text) => {
    expect(toVisible(text)).toBe(text);
  });

  it('has no colours but ours, and line breaks of one kind', () => {
    expect(toVisible('\u001b[1;31mred\u001b[0m\r\n')).toBe('red\n');
  });

  it('remains the same JSON', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        const visible = toVisible(JSON.stringify({ [text]: [text] }));
        expect(JSON.parse(visible)).toEqual({ [text]: [text] });
        expect(toVisible(visible)).toBe(visible);
      }),
    );
  });
});
