import { describe, expect, it } from 'vitest';
import { keyOf, markOf, parseMark } from '../../../../src/session/process/strays/mark.ts';

describe('a mark', () => {
  for (const server of [
    'files',
    'a.b_c-d',
    'Größe: 100 %',
    '多い 名前',
    "it's (a) *test*!",
    'a/b?c#d',
    'constructor',
    '🙂',
  ])
    it(`carries the name ${server}`, () => {
      const mark = { instance: '0123456789abcdef', server, generation: 42 };
      const text = markOf(mark);
      expect(text).toMatch(/^[A-Za-z0-9._%:-]+$/);
      expect(text).toBe(`${mark.instance}:${keyOf(mark)}`);
      expect(parseMark(text)).toEqual(mark);
    });

  it('is not what somebody else wrote into the variable', () => {
    for (const text of ['', 'yes', 'a:b', 'a:b:c', 'xyz:b:1', 'a:%:1', 'a:b:1 ', 'a:b:-1', 'a:b:c:1', 'a:%ff:1'])
      expect(parseMark(text)).toBeNull();
  });
});
