import { describe, expect, it } from 'vitest';
import { createCookies } from '../../../src/session/remote/http/cookies.ts';

const url = new URL('http://a.test/mcp');

describe('the cookies of a server', () => {
  it('are the last fifty', () => {
    const cookies = createCookies();
    cookies.take(
      url,
      Array.from({ length: 1_000 }, (_, index) => `c${index}=x`),
    );
    expect(cookies.of(url)?.split('; ')).toEqual(Array.from({ length: 50 }, (_, index) => `c${950 + index}=x`));
  });

  it('have 4096 bytes at most', () => {
    const cookies = createCookies();
    cookies.take(url, [`a=${'x'.repeat(4_094)}`, `b=${'x'.repeat(4_095)}`]);
    expect(cookies.of(url)).toBe(`a=${'x'.repeat(4_094)}`);
  });
});
