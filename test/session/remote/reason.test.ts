import { describe, expect, it } from 'vitest';
import { reasonIn } from '../../../src/session/remote/http/reason.ts';

const long = 'x'.repeat(1_000_000);

describe('the reason of a refusal', () => {
  it.each<[string, unknown, string, string | null]>([
    ['JSON', { error: long }, '', 'application/json'],
    ['a page', undefined, `<html><title>${long}</title>`, 'text/html'],
    ['text', undefined, long, 'text/plain'],
  ])('has 300 characters at most: of %s', (_, body, text, mediaType) => {
    expect(reasonIn(body, text, mediaType)).toBe(`${'x'.repeat(299)}…`);
  });

  it.each<[string, string]>([
    ['the beginnings of elements', '<'],
    ['spaces', ' '],
    ['beginnings of titles', '<title'],
    ['control characters', '\u0001 '],
  ])('is found in time in a page of %s', (_, part) => {
    const page = `<html><title>${part.repeat(1_000_000)}</title>`;
    const beganAt = performance.now();
    reasonIn(undefined, page, 'text/html');
    expect(performance.now() - beganAt).toBeLessThan(5_000);
  });
});
